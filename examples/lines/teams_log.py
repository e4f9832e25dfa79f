#!/usr/bin/env python3
"""Reports the presence of Teams on this computer, from its log.

Run it on a Mac or a computer with Windows, over ssh:

    [sources.mac]
    kind = "lines"
    run = ["ssh", "mac", "python3", "teams_log.py"]

The log is no documented interface, so a new version of Teams may end it. It has no line for a
sign-out and none for a crash. So the presence counts only while the process of Teams runs, and
only if the file was written since Teams started.
"""

import argparse
import os
import re
import subprocess
import sys
import time

from cloud import write_line

# One line for each signed-in cloud, the same in all languages of Teams.
PRESENCE = re.compile(
    rb"UserDataCrossCloudModule: Received Action: UserPresenceAction: "
    rb"\{[^}\n]*availability: (\w+)\}"
)
# A file can be new and without a presence, so the files before it count too.
FILES = 3
# The end of a file that is read, in bytes. Teams starts a new file near 2 MB.
END_MAX = 4 * 1024 * 1024

AVAILABILITY = {
    "Available": "available",
    "Away": "away",
    "BeRightBack": "be-right-back",
    "Busy": "busy",
    "DoNotDisturb": "do-not-disturb",
}

FOLDERS = {
    "darwin": "~/Library/Group Containers/UBF8T346G9.com.microsoft.teams"
    "/Library/Application Support/Logs",
    "win32": "~/AppData/Local/Packages/MSTeams_8wekyb3d8bbwe/LocalCache/Microsoft/MSTeams/Logs",
}


def started(process):
    """When Teams started, in seconds since 1970. None if it does not run."""
    if sys.platform == "win32":
        script = (
            f"Get-Process -Name '{process}' -ErrorAction SilentlyContinue | ForEach-Object "
            "{ ([DateTimeOffset]$_.StartTime).ToUnixTimeSeconds() }"
        )
        found = output(["powershell", "-NoProfile", "-Command", script]).split()
        return min(map(float, found), default=None)
    ids = output(["pgrep", "-x", process]).split()
    elapsed = output(["ps", "-o", "etime=", "-p", ",".join(ids)]) if ids else ""
    ages = [age(each) for each in elapsed.split()]
    # `ps` counts whole seconds.
    return time.time() - max(ages) - 1 if ages else None


def age(text):
    """The seconds in `[[DD-]HH:]MM:SS` (POSIX, ps)."""
    days, _, rest = text.rpartition("-")
    seconds = 0
    for part in rest.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds + int(days or 0) * 86400


def output(command):
    """The output of a command, which may find nothing."""
    return subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True).stdout


def newest_files(folder, since):
    """The newest log files that were written since Teams started, newest first."""
    found = []
    for name in os.listdir(folder):
        if name.startswith("MSTeams_") and name.endswith(".log"):
            path = os.path.join(folder, name)
            found.append((os.stat(path).st_mtime, path))
    found.sort(reverse=True)
    return [path for written, path in found[:FILES] if written >= since]


def last_presence(files):
    """The last presence of the newest file that has one."""
    for path in files:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - END_MAX))
            # A line that Teams is writing has no line break yet.
            complete = file.read(END_MAX).rpartition(b"\n")[0]
        found = PRESENCE.findall(complete)
        if found:
            return found[-1].decode()
    return None


def state(options):
    """The state of Teams, as the status and the other keys of a line."""
    since = started(options.process)
    if since is None:
        return "absent", {}
    word = last_presence(newest_files(os.path.expanduser(options.folder), since))
    if word in AVAILABILITY:
        return "signed-in", {"availability": AVAILABILITY[word], "raw": word}
    return "unknown", {"reason": "not-supported"}


def main():
    folder = FOLDERS.get(sys.platform)
    process = "ms-teams" if sys.platform == "win32" else "MSTeams"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    required = folder is None
    parser.add_argument("--folder", default=folder, required=required, help="the folder of the log")
    parser.add_argument("--process", default=process, help="the name of the process of Teams")
    parser.add_argument("--client", default="teams", help="the name of the client")
    parser.add_argument("--interval", type=float, default=2, help="seconds between two looks")
    options = parser.parse_args()
    last = None
    while True:
        current = state(options)
        if current != last:
            write_line(options.client, current[0], **current[1])
            last = current
        time.sleep(options.interval)


if __name__ == "__main__":
    main()
