"""scrub, with stock perf as the independent reader of what it leaves."""

import json
import os
import re
import shutil
import struct
import subprocess

import pytest

# Build IDs in the mappings: while somebody else records those, the kernel marks the mappings of all
# recordings so, and stock perf without this option dies of it.
RECORD = ["record", "-q", "--buildid-mmap"]
FIELDS_OF_4 = ["uregs", "iregs", "addr", "ip", "phys_addr"]


@pytest.fixture(scope="module")
def recordings(perf, perfbox, workload, tmp_path_factory):
    """Everything that a machine without a PMU can sample; and a tracepoint where tracefs is there."""
    where = tmp_path_factory.mktemp("scrub")
    threads = str(workload("threads"))
    perf(*RECORD, "-d", "--phys-data", "--call-graph", "dwarf,512", "-F", "1000",
         "-e", "cpu-clock,page-faults", "-o", where / "all", threads)
    perfbox("record", "-q", "-a", "-g", "-F", "1000", "-o", where / "chains",
            "sh", "-c", f"{threads}; {workload('kernel')}")
    perfbox("record", "-q", "-g", "-F", "500", "-o", where / "small", threads)
    return where


def told(perfbox, path):
    return json.loads(perfbox("inspect", "--json", path).out)


def fields(perfbox, path):
    return {part["name"] for part in told(perfbox, path)["parts"] if part["kind"] == "field"}


def samples(perf, path, *fields):
    return perf("script", "--no-inline", "-i", path, "-F", ",".join(fields)).out


def test_no_field_of_category_4_is_left(recordings, perf, perfbox, tmp_path):
    perfbox("scrub", "--max-category", "3", recordings / "all", tmp_path / "out")
    dump, before = (perf("report", "-D", "-i", path).out for path in (tmp_path / "out", recordings / "all"))
    for pattern in (r"user regs", r"ustack", r"FP chain", r"addr: (?!0$)", r"SAMPLE\(.*\): \d+/\d+: (?!0 )",
                    r"phys_addr"):
        assert re.search(pattern, before, re.M) or pattern == "phys_addr", pattern
        assert not re.search(pattern, dump, re.M), pattern
    for field in FIELDS_OF_4:
        assert perf("script", "-i", tmp_path / "out", "-F", f"comm,{field}", status=None).status != 0
    assert told(perfbox, tmp_path / "out")["max_category"] == "3"


def test_what_is_below_stays_as_it_was(recordings, perf, perfbox, tmp_path):
    perfbox("scrub", "--max-category=3", recordings / "all", tmp_path / "out")
    kept = ("comm", "pid", "tid", "time", "event", "period")
    assert samples(perf, tmp_path / "out", *kept) == samples(perf, recordings / "all", *kept) != ""
    columns = ("report", "--stdio", "-q", "-g", "none", "-n", "-s", "comm", "--no-children", "-i")
    counts = [re.findall(r"(\d+) +(\S+)", perf(*columns, path).out) for path in (tmp_path / "out", recordings / "all")]
    assert counts[0] == counts[1] != []


def test_4a_keeps_callchains(recordings, perf, perfbox, tmp_path):
    perfbox("scrub", "--max-category", "4a", recordings / "chains", tmp_path / "out")
    shown = ("comm", "time", "ip", "sym", "dso")
    assert samples(perf, tmp_path / "out", *shown) == samples(perf, recordings / "chains", *shown)


@pytest.mark.parametrize("category", ["1", "2", "3", "4a", "4b", "4c", "4d"])
def test_every_category_is_readable_and_reached(recordings, perf, perfbox, tmp_path, category):
    perfbox("scrub", "--max-category", category, recordings / "all", tmp_path / "out")
    assert told(perfbox, tmp_path / "out")["max_category"] == category
    perf("report", "--stdio", "--header-only", "-i", tmp_path / "out")
    assert "PERF_RECORD" in perf("report", "-D", "-i", tmp_path / "out", status=None).out


@pytest.mark.parametrize("word,gone", [("stacks", {"STACK_USER"}), ("registers", {"REGS_USER"}), ("ip", {"IP"}),
                                       ("addresses", {"ADDR", "PHYS_ADDR"}), ("callchains", {"CALLCHAIN"}),
                                       ("time", {"TIME"}), ("stacks,registers", {"STACK_USER", "REGS_USER"})])
def test_what_is_dropped_and_nothing_else(recordings, perf, perfbox, tmp_path, word, gone):
    said = perfbox("scrub", "--drop", word, recordings / "all", tmp_path / "out")
    assert fields(perfbox, recordings / "all") - fields(perfbox, tmp_path / "out") == gone
    for name in gone:
        assert re.search(rf"removed .* {name} +\d+", said.out)
    kept = ("comm", "tid", "event", "period")
    assert samples(perf, tmp_path / "out", *kept).split("\n")[:50] == samples(perf, recordings / "all", *kept).split("\n")[:50] \
        or word == "time"


def test_anonymous_files_name_nothing(perf, perfbox, workload, tmp_path):
    secret = tmp_path / "very-secret-name"
    shutil.copy(workload("threads"), secret)
    perf(*RECORD, "-g", "-F", "2000", "-o", tmp_path / "in",
         "sh", "-c", f"exec {secret}", "secret-argument")
    perfbox("scrub", "--anonymize", tmp_path / "in", tmp_path / "out")
    left = (tmp_path / "out").read_bytes()
    for text in ("very-secret", "secret-arg", str(tmp_path), "libc", "/usr/", "worker-"):
        assert text.encode() in (tmp_path / "in").read_bytes() or text == "/usr/"
        assert text.encode() not in left, text
    host = perf("report", "--header-only", "-i", tmp_path / "out").out
    assert re.search(r"hostname : host-[0-9a-f]{8}", host) and os.uname().nodename not in host.split()
    assert min(float(t.rstrip(":")) for t in samples(perf, tmp_path / "out", "time").split()) < 1
    pids = [set(samples(perf, path, "tid").split()) for path in (tmp_path / "in", tmp_path / "out")]
    assert len(pids[0]) == len(pids[1]) > 1 and not pids[0] & pids[1]


def test_symbols_of_anonymous_files_are_found(recordings, perf, perfbox, tmp_path):
    """Those of the kernel: for programs perf wants them in its cache of build IDs."""
    perfbox("scrub", "--anonymize", recordings / "chains", tmp_path / "out")

    def names(path):
        text = perf("script", "--no-inline", "-i", path, "-F", "ip,sym,dso").out.splitlines()
        return [line.split()[1] for line in text if "([kernel.kallsyms])" in line]

    assert names(recordings / "chains") == names(tmp_path / "out") != []


def test_nothing_tells_where_code_lay(perf, perfbox, workload, tmp_path):
    """Two runs lie at different places at random, and at the same afterwards."""
    seen = []
    for name in ("first", "second"):
        perf(*RECORD, "-F", "2000", "-o", tmp_path / name, workload("threads"))
        perfbox("scrub", "--anonymize", tmp_path / name, tmp_path / f"{name}.out")
        for path in (tmp_path / name, tmp_path / f"{name}.out"):
            dump = perf("report", "-D", "-i", path).out
            seen.append(set(re.findall(r"MMAP2 .*\[(0x[0-9a-f]+)\(.*r-xp /\S+", dump)))
    before, after, before_too, after_too = seen
    assert before and not before & before_too
    assert after == after_too and not after & before


def test_a_key_gives_the_same_names_again(recordings, perfbox, tmp_path):
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    for name, key in (("a", ["--key-file", tmp_path / "key"]), ("b", ["--key-file", tmp_path / "key"]), ("c", []), ("d", [])):
        perfbox("scrub", "--anonymize", *key, recordings / "all", tmp_path / name)
    files = [(tmp_path / name).read_bytes() for name in "abcd"]
    assert files[0] == files[1] and len({*files}) == 3


def test_hostile_names_become_plain(perf, perfbox, workload, tmp_path):
    evil = tmp_path / "=1+1\x1b[31m\n\"<script>"
    shutil.copy(workload("threads"), evil)
    perf(*RECORD, "-o", tmp_path / "in", evil)
    perfbox("scrub", "--anonymize", tmp_path / "in", tmp_path / "out")
    assert b"\x1b[31m" in (tmp_path / "in").read_bytes() and b"\x1b[31m" not in (tmp_path / "out").read_bytes()


def test_a_pipe_becomes_a_file_and_a_file_a_pipe(recordings, perf, perfbox, run, workload, tmp_path):
    piped = run("sh", "-c", f"perf record --buildid-mmap -q -g -F 1000 -o - {workload('threads')}", text=False).out
    perfbox("scrub", "--max-category", "3", "-", tmp_path / "file", stdin=piped, text=False)
    stream = perfbox("scrub", "--max-category=3", tmp_path / "file", "-", text=False).out
    (tmp_path / "pipe").write_bytes(stream)
    counts = [samples(perf, tmp_path / name, "comm", "tid", "time") for name in ("file", "pipe")]
    assert counts[0] == counts[1] != ""


def rows(perf, path):
    """{(comm, name): (percent with callees, percent)} of what has a name, for perf"""
    text = perf("report", "--stdio", "-q", "-g", "none", "-s", "comm,symbol", "--children", "-i", path).out
    found = re.findall(r"^ +([\d.]+)% +([\d.]+)% +(\S+) +\[[.k]\] (\S.*?) *(?:- +-)? *$", text, re.M)
    return {(comm, name): (float(all), float(own)) for all, own, comm, name in found if name[0] not in "0["}


@pytest.fixture(scope="module")
def symbolized(perf, perfbox, workload, tmp_path_factory):
    """A recording, what perf reports of it, and its symbolized form, made before the program was removed."""
    where = tmp_path_factory.mktemp("symbolized")
    program = where / "very-secret-name"
    shutil.copy(workload("deep"), program)
    perf(*RECORD, "-g", "-F", "2000", "-e", "cpu-clock,page-faults", "-o", where / "in", "sh", "-c",
         f"{program}; exec {workload('kernel')}")
    before = rows(perf, where / "in")
    perfbox("scrub", "--symbolize", where / "in", where / "out")
    perfbox("scrub", "--symbolize", "--anonymize", where / "in", where / "nameless")
    program.unlink()
    return where, before


def test_perf_reports_the_same_functions_from_names_alone(symbolized, perf):
    where, before = symbolized
    after = rows(perf, where / "out")
    # what a call at a function's very end belongs to, and stubs of the PLT, have other names with perf
    same = [key for key, row in before.items() if abs(after.get(key, (-1,))[0] - row[0]) < 0.02
            and abs(after[key][1] - row[1]) < 0.02]
    assert {("very-secret-nam", "spin"), ("very-secret-nam", "dive"), ("very-secret-nam", "main"), ("kernel", "read_zero")} \
        <= set(same)
    assert len(same) > 0.7 * len(before), set(before) - set(same)


def test_symbolized_addresses_say_nothing(symbolized, perf, perfbox):
    where, _ = symbolized
    assert b"very-secret-name" in (where / "in").read_bytes()
    for name in ("out", "nameless"):
        dump = perf("report", "-D", "-i", where / name).out
        assert re.findall(r"PERF_RECORD_MMAP2? .*", dump) == \
            ["PERF_RECORD_MMAP2 -1/0: [0xffffffff81000000(0x1000) @ 0xffffffff81000000 00:00 0 0]: ---p [kernel.kallsyms]_text"]
        places = re.findall(r"SAMPLE\(.*\): \d+/\d+: 0x(\w+)|\.\.\.\.\. +\d+: (\w+)", dump)
        places = {int(a or b, 16) for a, b in places} - {2**64 - 128}
        assert len(places) > 20 and all(at >> 32 == 0xffffc000 and at % 4096 == 8 for at in places)
        kinds = {part["name"] for part in told(perfbox, where / name)["parts"]}
        assert not kinds & {"BUILD_ID", "MMAP"} and told(perfbox, where / name)["max_category"] == "4a"
        left = (where / name).read_bytes()
        assert b"\0spin\0" in left and b"/libc.so" not in left
        assert (b"very-secret" in left) == (name == "out")  # its comm


def test_names_without_room_are_counted(symbolized, perfbox, tmp_path):
    where, _ = symbolized
    for memory in ("1M", "2M", "3M"):
        said = perfbox("scrub", "--symbolize", "--memory", memory, where / "in", tmp_path / "out", status=None)
        assert said.status in (0, 1) and (said.status == 0 or "--memory" in said.err)
        assert said.status == 1 or re.search(r"numbered \d+ names for \d+ places .* (\d+) without room", said.out)


def test_names_are_of_category_4a(perfbox):
    assert "4a" in perfbox("scrub", "--symbolize", "--max-category=3", "a", "b", status=2).err


@pytest.mark.parametrize("how", [["--max-category", "3"], ["--anonymize"], ["--symbolize"]])
def test_cut_files_leave_nothing(recordings, perfbox, tmp_path, how):
    whole = (recordings / "chains").read_bytes()
    for share in (0, 7, 50, 104, 250, len(whole) // 3, len(whole) // 2, len(whole) - 2000, len(whole) - 9):
        (tmp_path / "short").write_bytes(whole[:share])
        said = perfbox("scrub", *how, tmp_path / "short", tmp_path / "out", status=1)
        assert said.err.count("\n") == 1 and not (tmp_path / "out").exists(), share
        assert (tmp_path / "short").read_bytes() == whole[:share]


FEATURE_CMDLINE, FEATURE_EVENT_DESC, FEATURE_BUILD_ID = 11, 12, 2
HUGE = [0, 7, 0xffffffff, 1 << 32, (1 << 63) - 1, (1 << 64) - 8, (1 << 64) - 1]


def section_of(whole, feature):
    """Where the entry of a feature's section stands, behind the records."""
    at, size = struct.unpack_from("<2Q", whole, 40)
    bits = int.from_bytes(whole[72:104], "little")
    assert bits >> feature & 1
    return at + size + 16 * bin(bits & (1 << feature) - 1).count("1")


def lies(whole):
    """(what, the file with one number that lies)"""
    attrs, data = struct.unpack_from("<Q", whole, 24)[0], struct.unpack_from("<Q", whole, 40)[0]
    words = {"attr_size": 16, "attrs.offset": 24, "attrs.size": 32, "data.offset": 40, "data.size": 48, "features": 72,
             "ids.offset": attrs + struct.unpack_from("<Q", whole, 16)[0] - 16, "ids.size": attrs + struct.unpack_from("<Q", whole, 16)[0] - 8}
    for feature in (FEATURE_CMDLINE, FEATURE_EVENT_DESC, FEATURE_BUILD_ID):
        entry = section_of(whole, feature)
        words.update({f"section {feature} offset": entry, f"section {feature} size": entry + 8})
        words[f"section {feature} count"] = struct.unpack_from("<Q", whole, entry)[0]
    sample = data
    while struct.unpack_from("<IHH", whole, sample)[0] != 9:
        sample += struct.unpack_from("<IHH", whole, sample)[2]
    for what, at in words.items():
        for value in HUGE:
            yield f"{what} {value}", whole[:at] + struct.pack("<Q", value) + whole[at + 8:]
    for value in (0, 7, 9, 16, 65535):
        yield f"record size {value}", whole[:sample + 6] + struct.pack("<H", value) + whole[sample + 8:]
    size = struct.unpack_from("<H", whole, sample + 6)[0]
    for value in HUGE:  # any word of a sample, its callchain's count among them
        for at in range(sample + 8, min(sample + size, sample + 80), 8):
            yield f"word {at - sample} {value}", whole[:at] + struct.pack("<Q", value) + whole[at + 8:]


def test_numbers_that_lie(recordings, build, tmp_path):
    """2^32 events among them. A line and no file, or a file that is whole; the input stays."""
    given, out = tmp_path / "given", tmp_path / "out"
    whole = (recordings / "small").read_bytes()
    failed = 0
    for at, (what, content) in enumerate(lies(whole)):
        given.write_bytes(content)
        how = (["--max-category", "3"], ["--anonymize"], ["--symbolize", "--symfs", "/nonexistent", "--kallsyms", "/dev/null"])[at % 3]
        done = subprocess.run([build / "perfbox", "scrub", *how, given, out], capture_output=True, text=True, timeout=20)
        assert done.returncode in (0, 1), (what, done)
        if done.returncode:
            assert done.stderr.count("\n") == 1 and not out.exists(), (what, done)
            failed += 1
        else:
            told = subprocess.run([build / "perfbox", "inspect", out], capture_output=True, text=True)
            assert told.returncode == 0 and told.stderr == "", (what, told)
            out.unlink()
        assert given.read_bytes() == content and os.listdir(tmp_path) == ["given"]
        told = subprocess.run([build / "perfbox", "inspect", given], capture_output=True, text=True, timeout=20)
        assert told.returncode in (0, 1) and told.stderr.count("\n") == told.returncode, (what, told)
    assert failed > 20


def test_an_older_output_survives_a_failure(recordings, perfbox, tmp_path):
    (tmp_path / "out").write_text("precious")
    (tmp_path / "short").write_bytes((recordings / "chains").read_bytes()[:3000])
    perfbox("scrub", "--max-category", "3", tmp_path / "short", tmp_path / "out", status=1)
    assert (tmp_path / "out").read_text() == "precious"


def test_the_input_stays_the_input(recordings, perfbox, tmp_path):
    shutil.copy(recordings / "chains", tmp_path / "in")
    os.link(tmp_path / "in", tmp_path / "link")
    (tmp_path / "planted").symlink_to(tmp_path / "victim")
    for out in ("in", "link"):
        assert "is the input" in perfbox("scrub", "--max-category=3", tmp_path / "in", tmp_path / out, status=2).err
    assert "symbolic link" in perfbox("scrub", "--max-category=3", tmp_path / "in", tmp_path / "planted", status=1).err
    assert (tmp_path / "in").read_bytes() == (recordings / "chains").read_bytes() and not (tmp_path / "victim").exists()
    perfbox("scrub", "--max-category=3", tmp_path / "in", tmp_path / "out")
    assert os.stat(tmp_path / "out").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("args", [["in", "out"], ["--anonymize", "in"], ["--max-category=5", "a", "b"],
                                  ["--drop", "nonsense", "a", "b"], ["--max-category", "", "a", "b"]])
def test_wrong_usage_is_one_line(perfbox, args):
    said = perfbox("scrub", *args, status=2)
    assert said.out == "" and said.err.count("\n") == 1
