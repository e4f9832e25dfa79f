"""A module of a status bar, with the D-Bus library jeepney. It follows org.communicado.Monitor1.

It subscribes, reads all objects once, and then only follows the signals. After each message that
changes something it prints a line of JSON: the properties of each client by its path, or null while
nobody owns the name. `changes` counts the signals PropertiesChanged.
"""

import json
from collections import deque

from jeepney import DBusAddress, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import Proxy, open_dbus_connection

NAME, PATH = "org.communicado.Monitor1", "/org/communicado/Monitor1"
CLIENT = NAME + ".Client"
MANAGER = DBusAddress(PATH, NAME, "org.freedesktop.DBus.ObjectManager")


def plain(variants):
    return {name: value for name, (_, value) in variants.items()}


bus = open_dbus_connection(bus="SESSION")
dbus = Proxy(message_bus, bus)
signals = deque()
bus.filter(MatchRule(type="signal"), queue=signals)
owner = MatchRule(type="signal", sender="org.freedesktop.DBus", member="NameOwnerChanged")
owner.add_arg_condition(0, NAME)
for rule in (owner, MatchRule(type="signal", sender=NAME, path_namespace=PATH)):
    dbus.AddMatch(rule)


def read_all():
    if not dbus.NameHasOwner(NAME)[0]:
        return None
    reply = bus.send_and_get_reply(new_method_call(MANAGER, "GetManagedObjects"))
    return {path: plain(each[CLIENT]) for path, each in reply.body[0].items() if CLIENT in each}


clients, changes = read_all(), 0
while True:
    print(json.dumps({"clients": clients, "changes": changes}), flush=True)
    while not signals:
        bus.recv_messages()
    message = signals.popleft()
    member = message.header.fields[3]
    if member == "NameOwnerChanged" and message.body[0] == NAME:
        clients = read_all()
    elif clients is None:
        continue
    elif member == "InterfacesAdded" and CLIENT in message.body[1]:
        clients[message.body[0]] = plain(message.body[1][CLIENT])
    elif member == "InterfacesRemoved":
        clients.pop(message.body[0], None)
    elif member == "PropertiesChanged":
        clients.setdefault(message.header.fields[1], {}).update(plain(message.body[1]))
        changes += 1
