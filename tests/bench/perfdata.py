"""Counts records of a perf.data file (file mode) without help from the programs that are measured."""

import struct

LOST, SAMPLE, LOST_SAMPLES = 2, 9, 13


def counts(path):
    """Samples and how many the kernel says were lost: both kinds of records tell of the same."""
    with open(path, "rb") as file:
        magic, _, _, _, _, at, size = struct.unpack("<8s6Q", file.read(56))
        assert magic == b"PERFILE2", path
        file.seek(at)
        data = file.read(size)
    samples = in_rings = lost = at = 0
    while at + 8 <= len(data):
        kind, _, size = struct.unpack_from("<IHH", data, at)
        if size < 8:
            break
        if kind == SAMPLE:
            samples += 1
        elif kind == LOST:
            in_rings += struct.unpack_from("<Q", data, at + 16)[0]
        elif kind == LOST_SAMPLES:
            lost += struct.unpack_from("<Q", data, at + 8)[0]
        at += size
    return samples, max(in_rings, lost)
