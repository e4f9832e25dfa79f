"""A D-Bus service that owns libpurple's name, and follows commands, line by line.

Written with Debian's python3-dbus, so that what meets communicado here was made by another
library than the one that it reads with. It ends with its standard input, and so with its test.

Each line is `WORD ARGUMENT...`, arguments as JSON, and is answered with `done`.
"""

import json
import sys

import dbus
import dbus.lowlevel
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "im.pidgin.purple.PurpleService"
PATH = "/im/pidgin/purple/PurpleObject"
INTERFACE = "im.pidgin.purple.PurpleInterface"

class Service:
    """A client with one account, `alice`, that is signed in and available."""

    def __init__(self, bus):
        self.bus = bus
        self.manner = "sane"
        self.ui = "strange-ui"
        self.accounts = [1]
        self.enabled = [1]
        self.username = "alice"
        self.protocol = "XMPP"
        self.connected = True
        self.status = 10
        self.statuses = {10: ("available", 2)}
        self.asked = 0
        self.unanswered = []
        bus.add_message_filter(self.take_in)

    def take_in(self, _bus, message):
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        if message.get_interface() != INTERFACE:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        self.asked += 1
        answer = getattr(self, "answer_" + self.manner.replace("-", "_"))(message)
        if answer is not None:
            self.bus.send_message(answer)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def answer_sane(self, message):
        member = message.get_member()
        arguments = message.get_args_list()
        handle = int(arguments[0]) if arguments else 0
        signature, value = {
            "PurpleCoreGetUi": lambda: ("s", self.ui),
            "PurpleAccountsGetAll": lambda: ("ai", self.accounts),
            "PurpleAccountsGetAllActive": lambda: ("ai", self.enabled),
            "PurpleSavedstatusGetCurrent": lambda: ("i", 99),
            "PurpleSavedstatusGetType": lambda: ("i", 2),
            "PurpleAccountGetUsername": lambda: ("s", self.username),
            "PurpleAccountGetProtocolName": lambda: ("s", self.protocol),
            "PurpleAccountIsConnected": lambda: ("i", int(self.connected)),
            "PurpleAccountIsConnecting": lambda: ("i", 0),
            "PurpleAccountGetCurrentError": lambda: ("i", 0),
            "PurpleAccountGetActiveStatus": lambda: ("i", self.status),
            "PurpleAccountGetPresence": lambda: ("i", 20),
            "PurplePresenceGetStatuses": lambda: ("ai", list(self.statuses)),
            "PurpleStatusGetId": lambda: ("s", self.statuses[handle][0]),
            "PurpleStatusGetAttrString": lambda: ("s", ""),
            "PurpleStatusGetType": lambda: ("i", handle),
            "PurpleStatusTypeGetPrimitive": lambda: ("i", self.statuses[handle][1]),
        }[member]()
        answer = dbus.lowlevel.MethodReturnMessage(message)
        answer.append(signature=signature, *[value])
        return answer

    def answer_wrong_types(self, message):
        answer = dbus.lowlevel.MethodReturnMessage(message)
        answer.append({"no": ["such", "thing"]}, 4.5, signature="a{sas}d")
        return answer

    def answer_nothing(self, message):
        """An empty answer."""
        return dbus.lowlevel.MethodReturnMessage(message)

    def answer_errors(self, message):
        return dbus.lowlevel.ErrorMessage(message, "im.pidgin.purple.Broken", "as usual")

    def answer_unknown_method(self, message):
        name = "org.freedesktop.DBus.Error.UnknownMethod"
        return dbus.lowlevel.ErrorMessage(message, name, "never heard of it")

    def answer_invalid_handles(self, message):
        """Every object that it names is gone before the query about it."""
        if message.get_args_list():
            return dbus.lowlevel.ErrorMessage(message, "im.pidgin.purple.InvalidHandle", "gone")
        return self.answer_sane(message)

    def answer_silence(self, message):
        self.unanswered.append(message)

    def emit(self, member, signature, *arguments):
        signal = dbus.lowlevel.SignalMessage(PATH, INTERFACE, member)
        if signature:
            signal.append(*arguments, signature=signature)
        self.bus.send_message(signal)

    # The commands.

    def own(self):
        self.bus.request_name(NAME)

    def release(self):
        self.bus.release_name(NAME)

    def behave(self, manner):
        self.manner = manner
        if manner == "sane":
            for message in self.unanswered:
                self.bus.send_message(self.answer_sane(message))
            self.unanswered = []

    def call_it(self, username):
        self.username = username

    def name_ui(self, ui):
        self.ui = ui

    def have_accounts(self, count):
        self.accounts = list(range(1, count + 1))
        self.enabled = self.accounts

    def have_status(self, handle, name, primitive):
        self.statuses[handle] = (name, primitive)
        self.status = handle

    def change_status(self, handle, name, primitive):
        before = self.status
        self.have_status(handle, name, primitive)
        self.emit("AccountStatusChanged", "iii", 1, before, handle)

    def sign_on(self):
        self.connected = True
        self.emit("AccountSignedOn", "i", 1)

    def sign_off(self):
        self.connected = False
        self.emit("AccountSignedOff", "i", 1)

    def flood(self, count, member, signature, *arguments):
        for _ in range(count):
            self.emit(member, signature, *arguments)
        self.bus.flush()

    def flip(self, count):
        """Alternates between two statuses this many times."""
        self.statuses[11] = ("away", 5)
        for _ in range(count):
            before, self.status = self.status, 21 - self.status
            self.emit("AccountStatusChanged", "iii", 1, before, self.status)
        self.bus.flush()

    def new_statuses(self, count):
        """Has this many statuses, each with a different name."""
        for number in range(count):
            self.change_status(1000 + number, "status-%d" % number, 5)
        self.bus.flush()

    def count(self):
        return self.asked


def main():
    DBusGMainLoop(set_as_default=True)
    loop = GLib.MainLoop()
    bus = dbus.SessionBus(private=True)
    bus.set_exit_on_disconnect(False)
    service = Service(bus)
    # Without a test, no other loop ends the session.
    stream = GLib.IOChannel.unix_new(0)

    def on_command(_channel, _condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        word, *arguments = json.loads(line)
        answer = getattr(service, word)(*arguments)
        bus.flush()
        print(json.dumps("done" if answer is None else answer), flush=True)
        return True

    GLib.io_add_watch(stream, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_command)
    loop.run()


main()
