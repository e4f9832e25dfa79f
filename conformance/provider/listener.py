"""A program written from the provider's documentation alone: it signs in, sets a presence,
and prints each change on a line, until the provider has exited."""

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

NAME = "org.communicado.Provider1"
PATH = "/org/communicado/Provider1"
ACCOUNT = NAME + ".Account"

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
loop = GLib.MainLoop()
bus = dbus.SessionBus()


def say(*words):
    print(*words, flush=True)


def changed(interface, properties, invalidated, path):
    values = dict(properties)
    # The time differs in each run.
    if ("Status" in values or "Availability" in values) and not values.pop("Since", 0) > 0:
        say("error", "a new status without a start")
    say("changed", interface.removeprefix(NAME) or ".", *sorted(
        f"{name}={value}" for name, value in values.items()), *invalidated)


def owner(new):
    if not new:
        say("gone")
        loop.quit()


bus.add_signal_receiver(
    changed, "PropertiesChanged", "org.freedesktop.DBus.Properties", NAME, path_keyword="path")
root = bus.get_object(NAME, PATH)
manager = dbus.Interface(root, "org.freedesktop.DBus.ObjectManager")
[path] = manager.GetManagedObjects().keys()
account = bus.get_object(NAME, path)
properties = account.GetAll(ACCOUNT, dbus_interface="org.freedesktop.DBus.Properties")
say("found", path, properties["Name"], properties["Status"])
bus.watch_name_owner(NAME, owner)

account.SignIn(dbus_interface=ACCOUNT)
account.Set("busy", "in-a-meeting", "until four", dbus.UInt64(0), dbus_interface=ACCOUNT)
try:
    account.Set("tired", "", "", dbus.UInt64(0), dbus_interface=ACCOUNT)
except dbus.DBusException as error:
    say("error", error.get_dbus_name())
account.SignOut(dbus_interface=ACCOUNT)
try:
    account.SignOut(dbus_interface=ACCOUNT)
except dbus.DBusException as error:
    say("error", error.get_dbus_name())
root.Quit(dbus_interface=NAME)
loop.run()
