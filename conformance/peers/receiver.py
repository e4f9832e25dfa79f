"""A receiver of webhooks, with the libraries standardwebhooks and cloudevents.

Arguments: a port, a secret or an empty text, and a file with the manner of answering, which is read
for each request. Each request is a line of JSON on the output, written before the answer.

The manners: "take", "hang", "close", "cut", "endless", "garbage", "redirect", or a status with a
value of Retry-After, such as "503 1". "503 date" sends the date of the next second.
"""

import email.utils
import http.server
import json
import sys
import threading
import time

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook

PORT, SECRET, MANNER = int(sys.argv[1]), sys.argv[2], sys.argv[3]
OUTPUT = threading.Lock()


def attempt(work):
    """The result of a library, or its error."""
    try:
        return work(), None
    except Exception as error:  # The libraries have no common class of errors.
        return None, repr(error)


def event_of(headers, body):
    event = from_http_event(HTTPMessage(headers=headers, body=body))
    return {"id": event.get_id(), "type": event.get_type(), "source": event.get_source(),
            "subject": event.get_subject(), "time": event.get_time().isoformat(),
            "sequence": event.get_extension("sequence"), "data": event.get_data()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with open(MANNER, encoding="utf-8") as file:
            manner = file.read()
        refusal = None
        if SECRET:
            _, refusal = attempt(lambda: Webhook(SECRET).verify(body, headers, json_parse=False))
        event, event_error = attempt(lambda: event_of(headers, body))
        line = {"method": self.command, "path": self.path, "headers": headers,
                "text": body.decode(), "manner": manner, "refusal": refusal, "event": event,
                "event_error": event_error}
        with OUTPUT:
            print(json.dumps(line), flush=True)
        if manner == "take":
            self.answer(401 if refusal else 204)
        elif manner[0].isdigit():
            self.answer_status(manner)
        else:
            getattr(self, "answer_" + manner)()

    do_POST = do_PUT = do_PATCH = do_GET = handle_one

    def answer_status(self, manner):
        status, _, retry_after = manner.partition(" ")
        if retry_after == "date":
            retry_after = email.utils.formatdate(time.time() + 1, usegmt=True)
        self.answer(int(status), {"Retry-After": retry_after} if retry_after else {})

    def answer_hang(self):
        while open(MANNER, encoding="utf-8").read() == "hang":
            time.sleep(0.05)
        self.close_connection = True

    def answer_close(self):
        self.close_connection = True

    def answer_cut(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")
        self.close_connection = True

    def answer_endless(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                self.wfile.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        except OSError:
            self.close_connection = True

    def answer_garbage(self):
        self.wfile.write(b"\x00\xff this is not HTTP\r\n\r\n")
        self.close_connection = True

    def answer_redirect(self):
        self.answer(307, {"Location": f"http://127.0.0.1:{PORT}/elsewhere"})

    def answer(self, status, headers=None):
        try:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
