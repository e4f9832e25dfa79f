"""Calls the gateway with the client of openapi-generator: calls.py BASE TOKEN."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "python"))

import openapi_client  # noqa: E402: needs the path

base, token = sys.argv[1:]
note = "Zahnarzt, zurück um vier"
forty_days = 40 * 24 * 3_600_000
configuration = openapi_client.Configuration(host=base, access_token=token)
api = openapi_client.DefaultApi(openapi_client.ApiClient(configuration))
out = openapi_client.ManualOut(status="signed-out", note=note, for_ms=forty_days)
api.say("ada", openapi_client.Manual(out))
phone = openapi_client.NewClient(client="phone", status="signed-in")
api.publish("ada", "phone", openapi_client.Publish(lease_ms=60_000, clients=[phone]))
people = api.people().people
assert [(it.id, it.note, it.status) for it in people] == [("ada", note, "signed-out")], people
try:
    api.person("nobody")
except openapi_client.exceptions.NotFoundException:
    pass
else:
    raise AssertionError("a missing person is found")
