"""Owns the provider's name and answers in the manner that its argument names, until its input closes.
It prints a line for each query for its accounts."""

import sys
import threading

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.communicado.Provider1"
PATH = "/org/communicado/Provider1"
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"

manner = sys.argv[1]


def account(number, **more):
    properties = {"Name": f"alice-{number}", "Protocol": "manual", "Status": "signed-in",
                  "Availability": "available", "Activity": "", "ReasonCode": dbus.UInt32(0)}
    properties.update(more)
    return f"{PATH}/account{number}", {NAME + ".Account": dbus.Dictionary(properties, "sv")}


def objects():
    match manner:
        case "nothing":
            return {}
        case "many":
            return dict(account(number) for number in range(5_000))
        case "long":
            return dict([account(1, Name="x" * 1_000_000, Availability="y" * 1_000_000)])
        case "strange-status":
            return dict([account(1, Status="meditating")])
        case "number-for-a-text":
            return dict([account(1, Status=dbus.UInt32(7))])
        case "strange-words":
            return dict([account(1, Availability="asleep", Activity="dreaming")])
    return dict([account(1)])


class Root(dbus.service.Object):
    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return "two" if manner == "text-for-the-flag" else dbus.UInt32(2)

    @dbus.service.method(MANAGER, out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        print("asked", flush=True)
        return dbus.Dictionary(objects(), signature="oa{sa{sv}}")

    @dbus.service.signal(PROPERTIES, signature="s")
    def PropertiesChanged(self, nonsense):
        pass

    @dbus.service.signal(MANAGER, signature="uu")
    def InterfacesAdded(self, some, nonsense):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
loop = GLib.MainLoop()
bus = dbus.SessionBus()
root = Root(bus, PATH)
name = dbus.service.BusName(NAME, bus)


def obey():
    for word in sys.stdin:
        if word == "nonsense\n":
            GLib.idle_add(lambda: [root.PropertiesChanged("?"), root.InterfacesAdded(1, 2)] and False)
    GLib.idle_add(loop.quit)


threading.Thread(target=obey, daemon=True).start()
loop.run()
