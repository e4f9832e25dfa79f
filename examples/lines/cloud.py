"""The parts that the helpers for cloud services share: lines, requests and secrets.

A helper ends after an error. Communicado then reports its client as unknown, and starts the helper
again after a backoff.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# The longest response of a service, in bytes.
RESPONSE_MAX = 1024 * 1024
# The time for a response, in seconds.
TIMEOUT = 20


def write_line(client, status, **facts):
    """Writes the state of a client as one line."""
    line = {"client": client, "status": status}
    line.update((key, value) for key, value in facts.items() if value is not None)
    print(json.dumps(line), flush=True)


def fail(cause):
    """Ends the helper with a message."""
    sys.exit(f"{os.path.basename(sys.argv[0])}: {cause}")


def read_secret(file):
    """The secret in a file, which other users must not read."""
    try:
        if os.name == "posix" and os.stat(file).st_mode & 0o077:
            fail(f"other users may read {file}; run: chmod 600 {file}")
        with open(file, encoding="utf-8") as opened:
            return opened.read().strip()
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")


def request(url, form=None, token=None, headers=None):
    """The status and the JSON object of a response. Ends the helper if there is none."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    sent = urllib.request.Request(url, data=data, headers=headers or {})
    if token:
        sent.add_header("Authorization", f"Bearer {token}")
    host = urllib.parse.urlsplit(url).netloc
    try:
        response = urllib.request.urlopen(sent, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        response = error
    except OSError as error:
        fail(f"{host} cannot be reached: {error}")
    with response:
        if response.status == 429:
            wait(float(response.headers.get("Retry-After") or 30))
            fail(f"{host} refused a request, because there were too many")
        try:
            answer = json.loads(response.read(RESPONSE_MAX))
        except (ValueError, OSError):
            answer = None
    if not isinstance(answer, dict):
        fail(f"{host} sent no JSON object (HTTP {response.status})")
    return response.status, answer


def wait(seconds):
    """Waits, with a limit of one hour."""
    time.sleep(min(max(seconds, 0), 3600))
