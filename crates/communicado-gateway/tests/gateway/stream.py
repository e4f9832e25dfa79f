"""Prints the kind of each event as it arrives: stream.py urllib3|requests|httpx URL TOKEN."""

import sys

library, url, token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}"}


def blocks():
    """The stream in blocks of 64 KiB, as most programs read a response."""
    if library == "urllib3":
        import urllib3

        response = urllib3.PoolManager().request("GET", url, headers=headers, preload_content=False)
        yield from response.stream(65536)
    elif library == "requests":
        import requests

        yield from requests.get(url, headers=headers, stream=True).iter_content(65536)
    else:
        import httpx

        with httpx.stream("GET", url, headers=headers, timeout=None) as response:
            yield from response.iter_bytes()


text = b""
for block in blocks():
    text += block
    while b"\n\n" in text:
        event, text = text.split(b"\n\n", 1)
        for line in event.splitlines():
            if line.startswith(b"event: "):
                print(line.decode(), flush=True)
