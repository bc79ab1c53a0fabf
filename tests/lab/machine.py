"""A booted kernel: QEMU's software emulation with the serial console on its standard input and output."""

import base64
import gzip
import os
import pathlib
import selectors
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from initramfs import initramfs  # noqa: E402
from kernel import ARCHES, SUITES, kernel  # noqa: E402

# A Cortex-A57 has a PMU with overflow interrupts; the x86_64 emulation has none. QEMU 7.2 emulates
# cmpxchg16b so that 6.12's allocator crashed in 8 boots of 28; without it, in none of 24.
QEMU = {
    "arm64": ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a57"],
    "x86_64": ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max,-cx16", "-accel", "tcg,thread=single"],
}
CONSOLE = {"arm64": "ttyAMA0", "x86_64": "ttyS0"}


def command(version, arch, image, words=""):
    line = f"console={CONSOLE[arch]} quiet panic=-1 {words}"
    return ["setpriv", "--pdeathsig", "KILL", *QEMU[arch], "-smp", "2", "-m", "512", "-kernel", str(kernel(version, arch)),
            "-initrd", image, "-append", line, "-no-reboot", "-nodefaults", "-display", "none"]


class MachineError(Exception):
    """The machine died or hung; what its console said last is in the text."""


class Result:
    def __init__(self, status, out, err):
        self.status, self.raw, self.err = status, out, err.decode(errors="surrogateescape")
        self.out = out.decode(errors="surrogateescape")

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"status {self.status}\nout: {self.out[-4000:]}\nerr: {self.err[-4000:]}"


class Machine:
    """`version` as asked for ("6.1"), `arch` as perfbox says it, `release` what uname -r says."""

    BOOT_SECONDS = 180

    def __init__(self, version, arch, words="", qemu=()):
        self.version, self.arch, self.said = version, arch, bytearray()
        with tempfile.NamedTemporaryFile(prefix="lab-") as image:
            image.write(initramfs(arch))
            image.flush()
            self.process = subprocess.Popen([*command(version, arch, image.name, words), *qemu, "-serial", "stdio"],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            os.set_blocking(self.process.stdout.fileno(), False)
            self.wait = selectors.DefaultSelector()
            self.wait.register(self.process.stdout, selectors.EVENT_READ)
            try:
                self.reply(b"ready", self.BOOT_SECONDS)
            except BaseException:
                self.close()
                raise
        self.release = self.run("uname -r").out.strip()

    def at_least(self, version):
        return [int(n) for n in self.version.split(".")] >= [int(n) for n in version.split(".")]

    def run(self, script, status=0, timeout=60, user="root"):
        """Runs a shell script, in /tmp. `status` is what it must end with (None: anything)."""
        self.push("/run/lab/script", f"#!/bin/sh\n{script}\n".encode())
        self.send(f"run {timeout} {user}")
        out, word = self.reply(b"status", timeout + 30)
        got = int(word)
        out, _ = self.reply(b"err", 60)
        err, _ = self.reply(b"ok", 60)
        result = Result(got, unpack(out), unpack(err))
        assert status is None or got == status, f"expected status {status} of:\n{script}\n{result}"
        return result

    def push(self, path, content):
        """Writes a file in the machine. Some 100 KiB a second: meant for small ones."""
        packed = base64.b64encode(gzip.compress(content, 1)).decode()
        for at in range(0, len(packed), 2048):
            self.send(f"put {packed[at:at + 2048]}")
            self.reply(b"ok", 30)
        self.send(f"keep {path}")
        self.reply(b"ok", 30)

    def pull(self, path):
        """A file of the machine, as bytes."""
        self.send(f"pull {path}")
        return unpack(self.reply(b"ok", 300)[0])

    def send(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail("is gone")

    def reply(self, word, timeout):
        """What was said up to the line "@@ WORD REST", and REST."""
        until = time.monotonic() + timeout
        mark = b"@@ " + word
        while True:
            at = self.said.find(mark)
            end = self.said.find(b"\n", at) if at >= 0 else -1
            if end >= 0:
                before, rest = bytes(self.said[:at]), bytes(self.said[at + len(mark):end])
                del self.said[:end + 1]
                return before, rest.strip()
            if not self.wait.select(max(0, until - time.monotonic())):
                self.fail(f"did not answer within {timeout} s")
            some = self.process.stdout.read()
            if some == b"":
                self.fail("ended")
            self.said += some or b""

    def fail(self, how):
        self.close()
        raise MachineError(f"the {self.version} {self.arch} machine {how}: {bytes(self.said[-3000:]).decode(errors='replace')}")

    def close(self):
        self.process.kill()
        self.process.wait()


def unpack(text):
    return gzip.decompress(base64.b64decode(text))


def shell(version, arch):
    """For a person: the machine's console is this terminal, Ctrl-A X ends it."""
    with tempfile.NamedTemporaryFile(prefix="lab-") as image:
        image.write(initramfs(arch))
        image.flush()
        return subprocess.call([*command(version, arch, image.name, "lab=shell"), "-serial", "mon:stdio"])


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SUITES or sys.argv[2] not in ARCHES:
        sys.exit(f"lab: KERNEL is one of {' '.join(SUITES)}, LAB_ARCH one of {' '.join(ARCHES)}")
    sys.exit(shell(*sys.argv[1:]))
