"""recover: whatever a recording was cut by, what is whole of it comes out, and stock perf reads it."""

import random
import re
import struct

import pytest


@pytest.fixture(scope="module")
def theirs(run, tmp_path_factory, compress):
    """A file of stock perf as a kill leaves it: data.size is 0, nothing behind the records."""
    path = tmp_path_factory.mktemp("theirs") / "perf.data"
    run("perf", "record", "-e", "cpu-clock", "-g", "-F", "2000", "-o", path, *compress, text=False)
    content = bytearray(path.read_bytes())
    offset, size = struct.unpack_from("<QQ", content, 40)
    struct.pack_into("<Q", content, 48, 0)
    struct.pack_into("<4Q", content, 72, 0, 0, 0, 0)
    return bytes(content[:offset + size]), offset


def recovered(perfbox, perf, tmp_path, content):
    """Samples by our count and by perf's, which must have nothing to complain of."""
    cut, out = tmp_path / "cut", tmp_path / "whole"
    cut.write_bytes(content)
    said = perfbox("recover", cut, out)
    samples = int(re.search(r"(\d+) samples", said.err.splitlines()[-1]).group(1))
    script = perf("script", "-f", "-i", out, "-F", "comm,event", "-G")
    assert script.err == ""
    assert all("cpu-clock" in line for line in script.lines)
    return samples, len(script.lines), said.err


def test_a_killed_perf_leaves_what_perf_itself_cannot_read(perfbox, perf, theirs, tmp_path):
    content, _ = theirs
    cut = tmp_path / "cut"
    cut.write_bytes(content)
    ours, by_perf, _ = recovered(perfbox, perf, tmp_path, content)
    assert ours == by_perf > 100


def test_a_cut_at_any_byte_costs_at_most_one_record(perfbox, perf, theirs, tmp_path):
    content, offset = theirs
    choice = random.Random(7)
    last = 0
    for at in sorted(choice.sample(range(offset + 8, len(content)), 12)):
        ours, by_perf, said = recovered(perfbox, perf, tmp_path, content[:at])
        assert ours == by_perf >= last
        last = ours
        left = re.search(r"; (\d+) bytes from byte \d+ on are left out", said)
        assert left is None or int(left.group(1)) < 65536


def test_a_cut_stream(perfbox, perf, workload, tmp_path):
    stream = perfbox("record", "-g", "-o", "-", workload("deep"), "0.3", text=False).out
    whole, _, _ = recovered(perfbox, perf, tmp_path, stream)
    half, by_perf, said = recovered(perfbox, perf, tmp_path, stream[:len(stream) // 2 + 3])
    assert 0 < half == by_perf < whole and "left out" in said


def test_a_whole_file_stays_what_it_is(perfbox, perf, compress, tmp_path):
    path = tmp_path / "perf.data"
    perfbox("record", "-g", "-o", path, *compress, text=False)
    out = tmp_path / "out"
    said = perfbox("recover", path, out)
    assert "left out" not in said.err

    def table(of):
        """Without the tip at the end, one of many at random."""
        return perf("report", "-f", "--stdio", "--no-children", "-g", "none", "-i", of).out.partition("# (Tip: ")[0]
    assert table(path) == table(out)
    assert perf("report", "-f", "--header-only", "-i", out).out.count("hostname") == 1


@pytest.mark.parametrize("content, word", [(b"", "empty"), (b"x" * 200, "not a perf.data"), (b"PERFILE2" + b"\0" * 96, "damaged")])
def test_what_is_no_recording_gives_a_line_and_no_file(perfbox, tmp_path, content, word):
    cut, out = tmp_path / "cut", tmp_path / "out"
    cut.write_bytes(content)
    said = perfbox("recover", cut, out, status=1)
    assert said.err.count("\n") == 1 and word in said.err and not out.exists()


def test_two_files_are_needed(perfbox, tmp_path):
    assert "IN and OUT" in perfbox("recover", tmp_path / "x", status=2).err
