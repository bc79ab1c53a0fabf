"""top on a serial console: a screen for a VT100, text for a dumb terminal, and the line left as it was."""

import re
import time

from machine import unpack

SCRIPT = """
stty -g </dev/console >/tmp/before
/workload/deep 1000 &
{environment} perfbox top -F 200 -d 0.5 {options} </dev/console >/dev/console 2>/tmp/said
echo "status $?"
kill %1
stty -g </dev/console >/tmp/after
cmp /tmp/before /tmp/after && echo same
cat /tmp/said >&2
"""


class Console:
    """top at work on the machine's console, on which scripts come and answers go as well."""

    def __init__(self, machine, environment, options=""):
        self.machine = machine
        script = SCRIPT.format(environment=environment, options=options)
        machine.push("/run/lab/script", f"#!/bin/sh\n{script}\n".encode())
        machine.send("run 100 root")

    def shows(self, pattern):
        """Waits until the console has said it."""
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.machine.said):
            if not self.machine.wait.select(max(0, deadline - time.monotonic())):
                self.machine.fail(f"did not show {pattern}")
            self.machine.said += self.machine.process.stdout.read() or b""

    def type(self, keys):
        self.machine.process.stdin.write(keys)
        self.machine.process.stdin.flush()

    def end(self):
        """All that the console showed."""
        shown, status = self.machine.reply(b"status", 130)
        out = self.machine.reply(b"err", 60)[0]
        err = self.machine.reply(b"ok", 60)[0]
        assert int(status) == 0, unpack(err)
        assert unpack(out).decode().split() == ["status", "0", "same"], unpack(err)
        return shown


def test_a_vt100_has_a_screen_with_keys(machine):
    console = Console(machine, "TERM=vt100")
    console.shows(rb"\[\.\] spin")
    console.type(b"?")
    console.shows(rb"q +quit")
    console.type(b" ")
    console.type(b"/spi\r")
    console.shows(rb'with "spi"')
    console.type(b"\x1b[B")
    console.type(b"q")
    shown = console.end()
    assert shown.startswith(b"\x1b[?1049h") and shown.rstrip().endswith(b"\x1b[?1049l")
    assert max(len(re.sub(rb"\x1b\[[?\d;]*[A-Za-z]", b"", line)) for line in re.split(rb"\r\n|\x1b\[H", shown)) <= 80


def test_a_dumb_terminal_has_text(machine):
    shown = Console(machine, "TERM=dumb", "--rounds 2").end()
    assert b"\x1b" not in shown and shown.count(b"perfbox top: ") == 2
    assert re.search(rb"deep +\[\.\] spin", shown)


def test_no_term_at_all_has_text(machine):
    shown = Console(machine, "env -u TERM", "--rounds 1").end()
    assert b"\x1b" not in shown and shown.count(b"perfbox top: ") == 1


def test_debians_gate_refuses_and_says_so(machine):
    said = machine.run("perfbox top --rounds 1", user="alice", status=1)
    assert "perf_event_paranoid" in said.err
