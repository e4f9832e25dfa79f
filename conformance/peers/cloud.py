"""A mock of cloud services, for the helpers in examples/lines. It proves nothing about the services.

It follows the documented forms of the requests and responses. The file FOLDER/PATH has the response
to PATH: the HTTP status in its first line, then the body. A line for each request is in
FOLDER/requests. The port is in FOLDER/port.
"""

import http.server
import os
import sys

FOLDER = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        authorization = self.headers.get("Authorization", "-")
        with open(os.path.join(FOLDER, "requests"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {authorization} {body}\n")
        try:
            with open(FOLDER + self.path, encoding="utf-8") as file:
                status, _, text = file.read().partition("\n")
        except OSError:
            status, text = "404", "{}"
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = os.path.join(FOLDER, "port")
with open(port + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.replace(port + ".new", port)
server.serve_forever()
