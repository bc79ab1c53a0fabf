"""Counts records of a perf.data file (file mode) without help from the programs that are measured."""

import struct

MASK = 2 ** 64 - 1
LOST, SAMPLE, LOST_SAMPLES, FINISHED_ROUND = 2, 9, 13, 68
IP_IN_SAMPLE = 16  # behind the header and the identifier; then come thread and time


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


def grow(path, to, size, apart=0):
    """Writes a recording of perfbox's anew, its samples repeated, as time goes on, until they are `size` bytes,
    and each sample so many bytes farther `apart` from where it was."""
    with open(path, "rb") as file:
        data = file.read()
    at, length = struct.unpack_from("<2Q", data, 40)
    head, data = bytearray(data[:at]), data[at:at + length]
    samples, times = bytearray(), []
    at = 0
    while at < len(data):
        kind, _, length = struct.unpack_from("<IHH", data, at)
        if kind == SAMPLE:
            times.append((len(samples), *struct.unpack_from("<QQQ", data, at + IP_IN_SAMPLE)))
            samples += data[at:at + length]
        at += length
    samples += struct.pack("<IHH", FINISHED_ROUND, 0, 8)
    rounds, step = size // len(samples) + 1, times[-1][3] - times[0][3] + 1000
    struct.pack_into("<Q", head, 48, len(data) + rounds * len(samples))
    struct.pack_into("<4Q", head, 72, 0, 0, 0, 0)  # the features stayed behind
    with open(to, "wb") as out:
        out.write(head + data)
        for n in range(1, rounds + 1):
            for i, (at, ip, thread, time) in enumerate(times):
                ip += (n * len(times) + i) * apart
                struct.pack_into("<QQQ", samples, at + IP_IN_SAMPLE, ip & MASK, thread, time + n * step)
            out.write(samples)
    return len(times) * (rounds + 1)
