#!/usr/bin/env python3
"""Reports the presence of a Slack account, as Slack's Web API has it.

    [sources.slack]
    kind = "lines"
    run = ["python3", "/opt/communicado/slack_presence.py", "--token-file", "/home/ada/slack.token"]

The token is a user token with the scope `users:read`. `online` says whether any client of the
account is connected to Slack, so the answer is about the account, not about this computer.
"""

import argparse

from cloud import fail, read_secret, request, wait, write_line


def report(client, answer):
    """Writes the line of an answer."""
    online, presence = answer.get("online"), answer.get("presence")
    if online is False:
        write_line(client, "signed-out")
    elif online is True and presence in ("active", "away"):
        idle = presence == "away" and answer.get("auto_away") is True
        availability = "idle" if idle else {"active": "available", "away": "away"}[presence]
        write_line(client, "signed-in", availability=availability, raw=presence)
    else:
        write_line(client, "unknown", reason="not-supported")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--token-file", required=True, help="the file with the user token")
    parser.add_argument("--client", default="slack-account", help="the name of the client")
    parser.add_argument("--interval", type=float, default=15, help="seconds between requests")
    parser.add_argument("--api", default="https://slack.com/api")
    options = parser.parse_args()
    token = read_secret(options.token_file)
    while True:
        status, answer = request(f"{options.api}/users.getPresence", token=token)
        if status != 200 or answer.get("ok") is not True:
            fail(f"Slack refused the request: {answer.get('error')} (HTTP {status})")
        report(options.client, answer)
        wait(options.interval)


if __name__ == "__main__":
    main()
