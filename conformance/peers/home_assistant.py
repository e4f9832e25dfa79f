"""A user of Home Assistant: creates the account, and prints every change of an entity.

Arguments: the port, and a file for the refresh token. The first line is the access token, then a
line for each state: the time, the entity, the old state and the new one.
"""

import asyncio
import json
import pathlib
import sys
import time

import aiohttp


def say(**line):
    print(json.dumps(line), flush=True)


async def answers(session, url):
    """Waits until the server answers."""
    while True:
        try:
            async with session.get(url + "/api/onboarding") as answer:
                if answer.status in (200, 404):
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.05)


async def grant(session, url, client, **fields):
    """Gets tokens for an authorization code or for a refresh token."""
    form = {"client_id": client, **fields}
    async with session.post(url + "/auth/token", data=form) as answer:
        answer.raise_for_status()
        return await answer.json()


async def sign_in(session, url, store):
    """Returns an access token. The first call finishes the onboarding."""
    client = url + "/"
    if store.exists():
        tokens = await grant(
            session, url, client, grant_type="refresh_token", refresh_token=store.read_text()
        )
        return tokens["access_token"]
    person = {
        "client_id": client, "name": "Ada", "username": "ada", "password": "lovelace",
        "language": "en",
    }
    async with session.post(url + "/api/onboarding/users", json=person) as answer:
        answer.raise_for_status()
        code = (await answer.json())["auth_code"]
    tokens = await grant(session, url, client, grant_type="authorization_code", code=code)
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    for step, body in (
        ("core_config", {}),
        ("analytics", {}),
        ("integration", {"client_id": client, "redirect_uri": client}),
    ):
        async with session.post(
            f"{url}/api/onboarding/{step}", json=body, headers=bearer
        ) as answer:
            if step != "analytics":
                answer.raise_for_status()
    store.write_text(tokens["refresh_token"])
    return tokens["access_token"]


async def main(port, store):
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        await answers(session, url)
        token = await sign_in(session, url, pathlib.Path(store))
        async with session.ws_connect(url + "/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            await socket.send_json(
                {"id": 1, "type": "subscribe_events", "event_type": "state_changed"}
            )
            await socket.receive_json()
            await socket.send_json({"id": 2, "type": "get_states"})
            say(token=token)
            async for message in socket:
                now = time.time()
                content = message.json()
                if content["type"] == "result":
                    for state in content["result"] or []:
                        say(at=now, entity=state["entity_id"], old=None, new=state["state"])
                    continue
                data = content["event"]["data"]
                old, new = (data[it] and data[it]["state"] for it in ("old_state", "new_state"))
                say(at=now, entity=data["entity_id"], old=old, new=new)


asyncio.run(main(*sys.argv[1:]))
