"""An XMPP client: slixmpp, which signs in and does what each line of the input says.

Arguments: the address with the resource, the password, and the port on 127.0.0.1. A line is
`presence SHOW NOTE`, `add ADDRESS`, `remove ADDRESS`, `roster ADDRESS`, `password NEW`,
`unregister`, `conflict` or `quit`. After `conflict` a second connection takes the resource of
Communicado. The client answers each with the same line when the server has it, and
`roster` also with the subscription. Everybody may see its presence.
"""
import asyncio
import sys

import slixmpp


class Connection(slixmpp.ClientXMPP):
    def __init__(self, address, password, port):
        scram = {"feature_mechanisms": {"unencrypted_scram": True}}
        super().__init__(address, password, plugin_config=scram)
        self.enable_starttls = False
        self.enable_direct_tls = False
        self.enable_plaintext = True
        self.port = port

    def open(self):
        self.connect("127.0.0.1", self.port)


class Client(Connection):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.register_plugin("xep_0077")
        self.register_plugin("xep_0199")
        self.ended = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_all_auth", lambda _: say("refused"))

    async def start(self, _):
        await self.get_roster()
        self.send_presence()
        await self.answer("signed-in")
        self.task = asyncio.create_task(self.read())

    async def answer(self, line):
        """Says the line when the server has all that was sent before."""
        await self.plugin["xep_0199"].ping(self.boundjid.domain)
        say(line)

    async def read(self):
        loop = asyncio.get_running_loop()
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            word, *rest = line.split(" ", 2)
            if word == "quit":
                break
            if word == "unregister":
                await self.plugin["xep_0077"].cancel_registration()
                say(line)
                continue
            if word == "presence":
                show = None if rest[0] == "available" else rest[0]
                self.send_presence(pshow=show, pstatus=rest[1] if rest[1:] else None)
            elif word == "add":
                self.send_presence_subscription(pto=rest[0], ptype="subscribe")
            elif word == "remove":
                self.send_presence_subscription(pto=rest[0], ptype="unsubscribed")
            elif word == "conflict":
                others = self.client_roster.presence(self.boundjid.bare)
                (resource,) = (name for name in others if name.startswith("communicado-"))
                address = f"{self.boundjid.bare}/{resource}"
                other = Connection(address, self.password, self.port)
                other.open()
                await other.wait_until("session_start")
                await other.disconnect()
            elif word == "password":
                await self.plugin["xep_0077"].change_password(rest[0])
            await self.answer(line)
            if word == "roster":
                await self.get_roster()
                say(self.client_roster[rest[0]]["subscription"])
        await self.disconnect()
        say("ended")
        self.ended.set_result(None)


def say(line):
    print(line, flush=True)


async def main():
    address, password, port = sys.argv[1:]
    client = Client(address, password, int(port))
    client.open()
    await client.ended


asyncio.run(main())
