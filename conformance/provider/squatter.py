"""Takes the provider's name and does nothing with it, until its standard input closes."""

import sys
import threading

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
loop = GLib.MainLoop()
name = dbus.service.BusName("org.communicado.Provider1", dbus.SessionBus())


def until_the_end():
    sys.stdin.read()
    GLib.idle_add(loop.quit)


threading.Thread(target=until_the_end, daemon=True).start()
loop.run()
