#!/usr/bin/env python3
"""Reports the Teams presence of an account, as Microsoft Graph has it.

The first start prints an address and a code to sign in with (OAuth device code flow). The file of
`--token-file` keeps the refresh token for later starts.

    [sources.graph]
    kind = "lines"
    run = ["python3", "/opt/communicado/graph_presence.py", "--client-id", "ID", "--token-file", "/home/ada/graph.token"]

ID is an app registration of your organisation: a public client with the delegated permission
`Presence.Read`. The answer is about the account, not about a Teams on this computer. `Offline` may
be a user who appears offline, so it is unknown.
"""

import argparse
import os
import sys

from cloud import fail, read_secret, request, wait, write_line

SCOPE = "Presence.Read offline_access"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

AVAILABILITY = {
    "Available": "available",
    "AvailableIdle": "idle",
    "Away": "away",
    "BeRightBack": "be-right-back",
    "Busy": "busy",
    "BusyIdle": "busy",
    "DoNotDisturb": "do-not-disturb",
}

ACTIVITY = {
    "InACall": "on-the-phone",
    "InAConferenceCall": "in-a-conference",
    "InAMeeting": "in-a-meeting",
    "OutOfOffice": "out-of-office",
    "Presenting": "presenting",
    "UrgentInterruptionsOnly": "urgent-interruptions-only",
}


class SignIn:
    """The sign-in of one account, with its tokens."""

    def __init__(self, options):
        self.options = options
        self.url = f"{options.login}/{options.tenant}/oauth2/v2.0"

    def access_token(self):
        """A new access token, from the stored sign-in or a new one."""
        if os.path.exists(self.options.token_file):
            form = {
                "client_id": self.options.client_id,
                "grant_type": "refresh_token",
                "refresh_token": read_secret(self.options.token_file),
                "scope": SCOPE,
            }
            status, answer = request(f"{self.url}/token", form)
            if status == 200:
                return self.store(answer)
            if answer.get("error") != "invalid_grant":
                fail(f"the token is not renewed: {answer.get('error')}")
        return self.store(self.sign_in())

    def sign_in(self):
        """Signs in with a code that the user enters in a browser."""
        form = {"client_id": self.options.client_id, "scope": SCOPE}
        status, code = request(f"{self.url}/devicecode", form)
        if status != 200:
            fail(f"the sign-in is refused: {code.get('error_description', code.get('error'))}")
        print(code["message"], file=sys.stderr, flush=True)
        form = {
            "client_id": self.options.client_id,
            "grant_type": DEVICE_CODE,
            "device_code": code["device_code"],
        }
        interval = code.get("interval", 5)
        while True:
            wait(interval)
            status, answer = request(f"{self.url}/token", form)
            if status == 200:
                return answer
            if answer.get("error") == "slow_down":
                interval += 5
            elif answer.get("error") != "authorization_pending":
                fail(f"the sign-in has failed: {answer.get('error')}")

    def store(self, answer):
        """Stores the refresh token, and returns the access token."""
        if "refresh_token" in answer:
            temporary = f"{self.options.token_file}.new"
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(answer["refresh_token"])
            os.replace(temporary, self.options.token_file)
        return answer["access_token"]


def report(client, presence):
    """Writes the line of a presence."""
    availability, activity = presence.get("availability"), presence.get("activity")
    if availability not in AVAILABILITY:
        write_line(client, "unknown", reason="not-supported")
        return
    write_line(
        client,
        "signed-in",
        availability=AVAILABILITY[availability],
        activity=ACTIVITY.get(activity),
        raw=activity if activity in ACTIVITY else availability,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--client-id", required=True, help="the id of the app registration")
    parser.add_argument("--token-file", required=True, help="the file for the refresh token")
    parser.add_argument("--tenant", default="organizations", help="the tenant of the account")
    parser.add_argument("--client", default="teams-account", help="the name of the client")
    parser.add_argument("--interval", type=float, default=15, help="seconds between requests")
    parser.add_argument("--login", default="https://login.microsoftonline.com")
    parser.add_argument("--graph", default="https://graph.microsoft.com")
    options = parser.parse_args()
    account = SignIn(options)
    token = account.access_token()
    while True:
        status, answer = request(f"{options.graph}/v1.0/me/presence", token=token)
        if status == 401:
            token = account.access_token()
            status, answer = request(f"{options.graph}/v1.0/me/presence", token=token)
        if status != 200:
            fail(f"Microsoft Graph refused the request (HTTP {status})")
        report(options.client, answer)
        wait(options.interval)


if __name__ == "__main__":
    main()
