"""Kernels to boot: Debian's own, fetched once and kept under build/kernels/."""

from archive import CACHE, DEBIAN, Archive, alone

SUITES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie", "7.2": "sid"}
ARCHES = ("x86_64", "arm64")


@alone()
def kernel(version, arch):
    """Path of the kernel image. sid moves on: where it has no 7.2 any more, its newest it is."""
    path = CACHE / f"{version}-{arch}" / "vmlinuz"
    if not path.exists():
        archive = Archive(SUITES[version])
        pattern = r"linux-(?:binary|image)-{}[-.+\w]*-cloud-" + DEBIAN[arch]
        names = archive.names(pattern.format(version.replace(".", r"\."))) or archive.names(pattern.format(r"\d"))
        if not names:
            raise RuntimeError(f"{SUITES[version]} has no cloud kernel for {arch}")
        names = [name for name in names if "-binary-" in name and "-unsigned-" not in name] or names
        archive.fetch(names[-1], arch, r"\./(?:boot/vmlinuz-.*|usr/lib/modules/[^/]*/vmlinuz)", path)
    return path


@alone()
def busybox(arch):
    path = CACHE / f"busybox-{arch}"
    if not path.exists():
        Archive("bookworm").fetch("busybox-static", arch, r"\./(?:usr/)?bin/busybox", path)
    return path
