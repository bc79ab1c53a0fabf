"""Counts records of a perf.data file (file mode) without help from the programs that are measured."""

import struct

LOST, SAMPLE, LOST_SAMPLES = 2, 9, 13


def counts(path):
    """Samples and how many the kernel says were lost."""
    with open(path, "rb") as file:
        magic, _, _, _, _, at, size = struct.unpack("<8s6Q", file.read(56))
        assert magic == b"PERFILE2", path
        file.seek(at)
        data = file.read(size)
    samples = lost = at = 0
    while at + 8 <= len(data):
        kind, _, size = struct.unpack_from("<IHH", data, at)
        if size < 8:
            break
        if kind == SAMPLE:
            samples += 1
        elif kind == LOST:
            lost += struct.unpack_from("<Q", data, at + 16)[0]
        elif kind == LOST_SAMPLES:
            lost += struct.unpack_from("<Q", data, at + 8)[0]
        at += size
    return samples, lost
