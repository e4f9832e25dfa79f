"""A gateway that prints its requests and follows commands, line by line.

It uses Python's http.server, so the agent meets another HTTP library than its own. It stores and
checks nothing: the tests check what the agent sends, when, and how it handles the responses.

Each line of its input is a JSON object, answered with {"done": true}:
  {"behave": MANNER}   how it answers requests from now on
  {"release": true}    answers the delayed requests
Each request is a line of its output: {"request": {"method": .., "path": .., "headers": {..},
"body": ..}}, written before the answer. The gateway exits when its input closes, and so with its test.
"""

import http.server
import json
import ssl
import sys
import threading
import time

OUTPUT = threading.Lock()


def say(thing):
    with OUTPUT:
        sys.stdout.write(json.dumps(thing) + "\n")
        sys.stdout.flush()


class Manner:
    """The current manner of answering."""

    def __init__(self):
        self.name = "take"
        self.released = threading.Event()


MANNER = Manner()

PROBLEMS = {
    "unauthorized": (401, "The token was revoked", {}),
    "forbidden": (403, "The token may not publish", {}),
    "unknown": (404, "There is no such person", {}),
    "large": (413, "The list is too large", {}),
    "often": (429, "Too many requests", {"Retry-After": "1"}),
    "broken": (500, "Something broke", {}),
    "away": (503, "Not now", {"Retry-After": "1"}),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length).decode()
        # The manner at the arrival of the request.
        manner = MANNER.name
        say({"request": {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": json.loads(text) if text else None,
            "manner": manner,
        }})
        getattr(self, "answer_" + manner, self.answer_problem)(manner)

    do_PUT = do_DELETE = do_GET = handle_one

    def answer_take(self, _manner):
        self.answer(200, {"revision": 1, "lease_until": "2026-11-25T00:00:00.000000Z"})

    def answer_problem(self, manner):
        status, title, headers = PROBLEMS[manner]
        problem = {"type": "about:blank", "title": title, "status": status,
                   "detail": "so it is \u001b[31mhere", "help": "do as the gateway says"}
        self.answer(status, problem, headers, "application/problem+json")

    def answer_hang(self, _manner):
        MANNER.released.wait()
        self.close_connection = True

    def answer_hold(self, manner):
        MANNER.released.wait()
        self.answer_take(manner)

    def answer_cut(self, _manner):
        """Ends in the middle of the answer."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 100\r\n\r\n{\"revi")
        self.close_connection = True

    def answer_slow(self, _manner):
        """A byte now and then, without end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            for _ in range(100000):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.2)
        except OSError:
            self.close_connection = True

    def answer_endless(self, _manner):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(100000):
                self.wfile.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        except OSError:
            pass
        self.close_connection = True

    def answer_garbage(self, _manner):
        self.wfile.write(b"\x00\xff this is not HTTP\r\n\r\n")
        self.close_connection = True

    def answer_portal(self, _manner):
        page = b"<html>Welcome to our network. Please sign in.</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def answer_elsewhere(self, _manner):
        self.answer(307, {}, {"Location": "http://127.0.0.1:1/evil"})

    def answer_once(self, manner):
        """Accepts the request and closes the connection, like an old proxy."""
        self.close_connection = True
        self.answer(200, {"revision": 1}, {"Connection": "close"})

    def answer(self, status, thing, headers=None, kind="application/json"):
        body = json.dumps(thing).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            # The client has disconnected.
            self.close_connection = True

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        # Some tests break the connection.
        pass


def main():
    port = int(sys.argv[1])
    server = Server(("127.0.0.1", port), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say({"port": server.server_address[1]})
    for line in sys.stdin:
        order = json.loads(line)
        if "behave" in order:
            MANNER.name = order["behave"]
        if order.get("release"):
            MANNER.released.set()
        say({"done": True})


main()
