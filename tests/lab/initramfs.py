"""The file system of a lab machine: perfbox, busybox, the workloads, two users and an init."""

import pathlib
import stat

from archive import ROOT
from kernel import busybox

PASSWD = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n"
GROUP = "root:x:0:\nperf_users:x:900:alice\nalice:x:1000:\nbob:x:1001:\n"


def initramfs(arch):
    """The image as bytes."""
    image = Cpio()
    for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "workload"):
        image.add(folder, stat.S_IFDIR | 0o755)
    for number, name in ((1000, "alice"), (1001, "bob")):
        image.add(f"home/{name}", stat.S_IFDIR | 0o755, owner=number)
    image.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    image.add("bin/busybox", stat.S_IFREG | 0o755, busybox(arch).read_bytes())
    image.add("bin/perfbox", stat.S_IFREG | 0o755, (ROOT / "build" / arch / "perfbox").read_bytes())
    for workload in sorted((ROOT / "build/workload" / arch).iterdir()):
        image.add(f"workload/{workload.name}", stat.S_IFREG | 0o755, workload.read_bytes())
    image.add("init", stat.S_IFREG | 0o755, pathlib.Path(__file__).with_name("init.sh").read_bytes())
    image.add("etc/passwd", stat.S_IFREG | 0o644, PASSWD.encode())
    image.add("etc/group", stat.S_IFREG | 0o644, GROUP.encode())
    return image.end()


class Cpio:
    """The newc format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel."""

    def __init__(self):
        self.bytes, self.inode = bytearray(), 0

    def add(self, name, mode, content=b"", owner=0, device=(0, 0)):
        self.inode += 1
        fields = (self.inode, mode, owner, owner, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
        self.bytes += b"070701" + b"".join(b"%08x" % field for field in fields)
        self.pad(name.encode() + b"\0")
        self.pad(content)

    def pad(self, some):
        self.bytes += some
        self.bytes += bytes(-len(self.bytes) % 4)

    def end(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.bytes)
