#!/usr/bin/env python3
"""Reports the presence of a Zoom account, as Zoom's API has it.

    [sources.zoom]
    kind = "lines"
    run = ["python3", "/opt/communicado/zoom_presence.py", "--account-id", "ID", "--client-id", "ID", "--secret-file", "/etc/zoom.secret", "--user", "ada@example.com"]

The ids belong to a server-to-server OAuth app of your organisation that may read the presence
status of users. The answer is about the account, not about a Zoom on this computer.
"""

import argparse
import base64
import urllib.parse

from cloud import fail, read_secret, request, wait, write_line

# Zoom's words, with the availability and the activity.
PRESENCE = {
    "Available": ("available", None),
    "Away": ("away", None),
    "Busy": ("busy", None),
    "Do_Not_Disturb": ("do-not-disturb", None),
    "In_A_Zoom_Meeting": ("busy", "in-a-meeting"),
    "In_Calendar_Event": ("busy", "in-a-meeting"),
    "In_Meeting": ("busy", "in-a-meeting"),
    "On_A_Call": ("busy", "on-the-phone"),
    "On_Phone_Call": ("busy", "on-the-phone"),
    "Out_of_Office": ("away", "out-of-office"),
    "Presenting": ("do-not-disturb", "presenting"),
}


def access_token(options):
    """A new access token, which is valid for an hour."""
    secret = f"{options.client_id}:{read_secret(options.secret_file)}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(secret).decode()}"}
    form = {"grant_type": "account_credentials", "account_id": options.account_id}
    status, answer = request(f"{options.login}/oauth/token", form, headers=headers)
    if status != 200 or "access_token" not in answer:
        fail(f"Zoom refused the sign-in: {answer.get('reason', answer.get('error'))}")
    return answer["access_token"]


def report(client, word):
    """Writes the line of one of Zoom's words. Any other word is unknown."""
    if word in PRESENCE:
        availability, activity = PRESENCE[word]
        write_line(client, "signed-in", availability=availability, activity=activity, raw=word)
    else:
        write_line(client, "unknown", reason="not-supported")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--account-id", required=True, help="the id of the Zoom account")
    parser.add_argument("--client-id", required=True, help="the id of the app")
    parser.add_argument("--secret-file", required=True, help="the file with the app's secret")
    parser.add_argument("--user", required=True, help="the e-mail address or the id of the user")
    parser.add_argument("--client", default="zoom-account", help="the name of the client")
    parser.add_argument("--interval", type=float, default=15, help="seconds between requests")
    parser.add_argument("--login", default="https://zoom.us")
    parser.add_argument("--api", default="https://api.zoom.us/v2")
    options = parser.parse_args()
    url = f"{options.api}/users/{urllib.parse.quote(options.user, safe='')}/presence_status"
    token = access_token(options)
    while True:
        status, answer = request(url, token=token)
        if status == 401:
            token = access_token(options)
            status, answer = request(url, token=token)
        if status != 200:
            fail(f"Zoom refused the request: {answer.get('message')} (HTTP {status})")
        report(options.client, answer.get("status"))
        wait(options.interval)


if __name__ == "__main__":
    main()
