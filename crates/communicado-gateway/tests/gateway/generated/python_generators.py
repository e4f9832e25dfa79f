"""Generates clients from a description and calls the gateway: python_generators.py FOLDER BASE TOKEN.

The folder has openapi.json, and the programs are beside this Python.
"""

import importlib
import json
import pathlib
import subprocess
import sys

folder, base, token = sys.argv[1:]
folder = pathlib.Path(folder)
programs = pathlib.Path(sys.executable).parent
description = folder / "openapi.json"
note = "Zahnarzt, zurück um vier"
sys.path.insert(0, str(folder / "client"))
sys.path.insert(0, str(folder))


def run(name, *arguments):
    done = subprocess.run([programs / name, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


# openapi-python-client: a client with a function for each operation.
config = folder / "config.json"
config.write_text(json.dumps({"post_hooks": []}))
output = run(
    "openapi-python-client", "generate", "--path", description, "--output-path", folder / "client",
    "--meta", "setup", "--config", config,
)
assert "Cannot parse" not in output and "Warning" not in output, output
name = "communicado_gateway_client"
compiled = subprocess.run([sys.executable, "-m", "compileall", "-q", folder / "client"])
assert compiled.returncode == 0
client = importlib.import_module(name).AuthenticatedClient(base_url=base, token=token)
models = importlib.import_module(f"{name}.models")
call = lambda operation: importlib.import_module(f"{name}.api.default.{operation}").sync_detailed
body = models.ManualOut(status="signed-out", note=note)
answer = call("say")("ada", client=client, body=body)
assert answer.status_code == 200, answer
body = models.Publish.from_dict(
    {"lease_ms": 60000, "clients": [{"client": "phone", "status": "signed-in"}]}
)
answer = call("publish")("ada", "phone", client=client, body=body)
assert answer.status_code == 200, answer
people = call("people")(client=client).parsed.people
assert [(person.id, person.note) for person in people] == [("ada", note)], people

# datamodel-code-generator: models that validate.
run(
    "datamodel-codegen", "--input", description, "--output", folder / "models.py",
    "--output-model-type", "pydantic_v2.BaseModel",
)
generated = importlib.import_module("models")
generated.Manual.model_validate({"status": "signed-out", "note": note})
for value in ["zwei\nZeilen", "", " "]:
    try:
        generated.Manual.model_validate({"status": "signed-out", "note": value})
    except ValueError:
        continue
    raise AssertionError(f"the model accepts {value!r}")
print("done")
