"""perfbox report beside perf report on the same recordings, and on what is no recording."""

import collections
import re
import struct

import pytest

PERCENT = re.compile(r"\s+(\d+\.\d+)%")


def table(text, sums):
    """The rows of a --stdio table without call graphs: {key: [sums...]}, keys told twice added up."""
    rows = collections.OrderedDict()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#") or line.startswith("["):
            continue
        cells = re.sub(r"\s-\s+-\s*$", "", line).split()  # perf has columns of nothing (IPC)
        key = tuple(cells[sums:])
        values = [float(c.rstrip("%")) for c in cells[:sums]]
        rows[key] = [a + b for a, b in zip(rows[key], values)] if key in rows else values
    return rows


def same_rows(ours, theirs, sums, named=True, top=20):
    """The top rows agree within 0.01 point. With callers perf has a row of its own for each nameless
    address that was returned to, perfbox adds them to the address's row: only names are compared."""
    mine, other = table(ours, sums), table(theirs, sums)
    if named:
        mine, other = ({k: v for k, v in t.items() if not re.fullmatch(r"0x\w+|[0-9a-f]{16}", k[-1])} for t in (mine, other))
    # the call at the end of ld.so's _start is _start's own here, what follows it (_dl_start_user) for perf
    mine, other = ({k: v for k, v in t.items() if k[-1] not in ("_start", "_dl_start_user")} for t in (mine, other))
    assert other
    for key, values in list(other.items())[:top]:
        assert key in mine, (key, list(mine)[:top])
        assert all(abs(a - b) < 0.0101 for a, b in zip(mine[key], values)), (key, mine[key], values)
    assert len(mine) == len(other) or sums > 1


@pytest.fixture(scope="session")
def recorded(perf, workload, tmp_path_factory):
    """Makes a recording with perf, once per set of arguments; gives its path."""
    made = {}

    def make(*how, program=("deep", "0.3")):
        key = how, program
        if key not in made:
            path = tmp_path_factory.mktemp("recorded") / "perf.data"
            perf("record", "-q", "-e", "cpu-clock", "-F", "4999", *how, "-o", path, "--",
                 workload(program[0]), *program[1:])
            made[key] = path
        return made[key]
    return make


@pytest.fixture
def both(perf, perfbox):
    def run(path, *args):
        return (perfbox("report", "-i", path, *args).out,
                perf("report", "--stdio", "-f", "-i", path, *args).out)
    return run


def without_tip(text):
    return [line.rstrip() for line in text.splitlines()
            if not line.startswith("# (Tip") and line.strip() not in ("", "#")]


@pytest.mark.parametrize("args", [[], ["--no-children"]])
def test_rows_are_perfs(both, recorded, args):
    ours, theirs = both(recorded("-g"), "-g", "none", *args)
    same_rows(ours, theirs, 1 if args else 2)


def by_row(lines):
    """Each row with its graph; those of equal weight, which have no order, by their text."""
    rows = []
    for line in lines:
        if not rows or re.match(r"#|\s*\d+\.\d+%  ", line):
            rows.append([])
        rows[-1].append(re.sub(r"\s+", " ", line) if line.startswith("#") else line)
    heads = [row for row in rows if row[0].startswith("#")]
    rows = [row for row in rows if not row[0].startswith("#")]
    return heads, sorted(rows, key=lambda row: (-float(row[0].split("%")[0]), row))


def test_the_first_rows_and_graphs_are_perfs_letter_by_letter(both, recorded):
    """What is small has many rows of equal weight, so what is compared ends above one percent."""
    for args in (["--percent-limit", "1"], ["--percent-limit", "1", "--no-children"],
                 ["--percent-limit", "1", "-g", "callee"],
                 ["--percent-limit", "1", "--no-children", "-g", "caller"],
                 ["--percent-limit", "1", "--comms", "deep"]):
        ours, theirs = both(recorded("-g"), *args)
        head = [line for line in without_tip(theirs) if not line.startswith("# ..")]
        mine = [line for line in without_tip(ours) if not line.startswith("# ..")]
        assert by_row(mine) == by_row(head) and len(by_row(mine)[1]) > 0


@pytest.mark.parametrize("keys", ["comm", "dso", "symbol", "dso,symbol", "comm,pid", "pid,cpu,dso", "cpu"])
def test_every_sort_key(both, recorded, keys):
    path = recorded("-g", "--sample-cpu", program=("threads", "3", "0.1"))
    ours, theirs = both(path, "-g", "none", "--no-children", "-n", "-s", keys)
    if "pid" in keys:  # beside the number stands one of the names that the thread had
        ours, theirs = (re.sub(r"\b(\d{2,}):\S+", lambda m: m[1].ljust(len(m[0])), text) for text in (ours, theirs))
    same_rows(ours, theirs, 2)


def test_events_have_tables_of_their_own(both, recorded):
    ours, theirs = both(recorded("-e", "page-faults"), "-n", "-s", "comm")
    titles = re.compile(r"^# (?:Samples|Event count).*$", re.M)
    assert titles.findall(ours) == titles.findall(theirs)
    assert len(titles.findall(ours)) == 4
    for mine, other in zip(ours.split("# Samples")[1:], theirs.split("# Samples")[1:]):
        same_rows("#" + mine, "#" + other, 2)


def test_whole_system(perf, perfbox, both, workload, tmp_path):
    path = tmp_path / "perf.data"
    perf("record", "-q", "-e", "cpu-clock", "-F", "997", "-a", "-g", "-o", path, "--",
         workload("forks"), "300")
    ours, theirs = both(path, "-g", "none", "--no-children")
    same_rows(ours, theirs, 1)


def test_pipes(perf, perfbox, recorded, workload, tmp_path, run, build):
    """From a file in pipe mode, and through a real pipe."""
    path = tmp_path / "piped"
    program = workload("deep")
    run("sh", "-c", f"perf record -q -e cpu-clock -F 4999 -g -o - -- {program} 0.2 > {path}")
    theirs = perf("report", "--stdio", "-f", "-i", path, "-g", "none", "--no-children").out
    same_rows(perfbox("report", "-i", path, "-g", "none", "--no-children").out, theirs, 1)
    piped = run("sh", "-c", f"cat {path} | {build}/perfbox report -i - -g none --no-children",
                cwd=program.parents[3]).out
    same_rows(piped, theirs, 1)


def filtered(both, path, *args):
    return both(path, "-g", "none", "--no-children", "-n", *args)


def test_filters(both, perf, recorded):
    path = recorded("-g", "--sample-cpu", program=("threads", "3", "0.1"))
    rows = perf("script", "-f", "-i", path, "-F", "comm,pid,tid,cpu,time", "-G").out.splitlines()
    _, pid, tid, cpu, time = re.match(r"\s*(\S+)\s+(\d+)/(\d+)\s+\[(\d+)\]\s+([\d.]+):", rows[-1]).groups()
    for ours, theirs in (("--comms", "--comms"), ("--dsos", "--dsos"), ("--symbols", "--symbols")):
        value = {"--comms": "worker-1", "--dsos": "threads", "--symbols": "burn"}[ours]
        same_rows(*filtered(both, path, ours, value), 2)
    same_rows(*filtered(both, path, "--cpu", str(int(cpu))), 2)
    same_rows(*filtered(both, path, "--time", f",{time}"), 2)


def test_pid_and_tid_filters(perf, perfbox, recorded):
    path = recorded("-g", "--sample-cpu", program=("threads", "3", "0.1"))
    rows = perf("script", "-f", "-i", path, "-F", "pid,tid", "-G").out.split()
    pid, tid = rows[-1].split("/")
    for ours, theirs, value in (("--pids", "--pid", pid), ("--tids", "--tid", tid)):
        mine = perfbox("report", "-i", path, "-g", "none", "--no-children", "-n", ours, value).out
        other = perf("report", "--stdio", "-f", "-i", path, "-g", "none", "--no-children", "-n", theirs, value).out
        same_rows(mine, other, 2)
    assert not table(perfbox("report", "-i", path, "-g", "none", "--pids", "1").out, 2)


def test_header(both, recorded):
    ours, theirs = both(recorded("-g"), "--header-only")
    known = ("hostname", "os release", "perf version", "arch", "nrcpus online", "nrcpus avail", "cpudesc",
             "cpuid", "total memory", "cmdline", "event", "pmu mappings", "time of first sample",
             "time of last sample", "sample duration", "data offset", "data size")
    for word in known:
        pick = re.compile(rf"^# {word}\s*:.*$", re.M)
        assert pick.findall(ours) == pick.findall(theirs)
        assert pick.findall(ours)


def test_stats(both, recorded):
    ours, theirs = both(recorded("-g"), "--stats")
    count = re.compile(r"^\s*(\w+) events:\s+(\d+)", re.M)
    assert count.findall(ours) == count.findall(theirs)


def test_fields_are_chosen(perfbox, recorded):
    out = perfbox("report", "-i", recorded("-g"), "-F", "sample,symbol,overhead", "-g", "none").out
    head = next(line for line in out.splitlines() if "Samples " in line and "Symbol" in line)
    assert head.split() == ["#", "Samples", "Symbol", "Overhead"]
    assert any(line.split()[1:3] == ["[.]", "spin"] for line in out.splitlines() if line and line[0] == " ")


def test_perfboxs_own_recording(perfbox, perf, both, workload, tmp_path):
    path = tmp_path / "own"
    perfbox("record", "-q", "-e", "cpu-clock", "-F", "4999", "-g", "-o", path, "--", workload("deep"), "0.2")
    ours, theirs = both(path, "-g", "none", "--no-children")
    same_rows(ours, theirs, 1)
    assert "spin" in ours


def test_a_cut_recording_is_shown_as_far_as_it_goes(perfbox, recorded, tmp_path):
    whole = recorded("-g").read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[:len(whole) // 2])
    result = perfbox("report", "-i", cut, "-g", "none")
    assert "is cut off" in result.err and result.err.count("\n") == 1
    assert "spin" in result.out


def test_a_killed_recording_is_shown(perfbox, recorded, tmp_path):
    whole = bytearray(recorded("-g").read_bytes())
    offset, size = struct.unpack_from("<QQ", whole, 40)
    struct.pack_into("<Q", whole, 48, 0)
    path = tmp_path / "killed"
    path.write_bytes(whole[:offset + size])
    result = perfbox("report", "-i", path, "-g", "none")
    assert "was not finished" in result.err
    assert "spin" in result.out


def test_a_damaged_tail_is_said_and_the_rest_shown(perfbox, recorded, workload, tmp_path, run):
    path = tmp_path / "piped"
    run("sh", "-c", f"perf record -q -e cpu-clock -F 997 -o - -- {workload('deep')} 0.1 > {path}; "
                    f"printf x >> {path}")
    result = perfbox("report", "-i", path, status=1)
    assert "is cut off" in result.err and result.err.count("\n") == 1
    assert "spin" in result.out


@pytest.mark.parametrize("what, said", [
    (b"", "is empty"),
    (b"\x7fELF" + bytes(200), "is not a perf.data file"),
    (b"2ELIFREP" + bytes(200), "other byte order"),
    (b"PERFFILE" + bytes(200), "older than"),
    (b"PERFILE2" + bytes(20), "damaged header"),
    (b"PERFILE2" + struct.pack("<Q", 16), "names no event"),
])
def test_what_is_no_recording_is_said(perfbox, tmp_path, what, said):
    path = tmp_path / "file"
    path.write_bytes(what)
    result = perfbox("report", "-i", path, status=1)
    assert said in result.err and result.err.count("\n") == 1 and not result.out


def test_compressed_records_are_refused(perfbox, recorded, tmp_path):
    whole = bytearray(recorded("-g").read_bytes())
    offset, = struct.unpack_from("<Q", whole, 40)
    struct.pack_into("<I", whole, offset, 81)
    path = tmp_path / "compressed"
    path.write_bytes(whole)
    assert "compressed" in perfbox("report", "-i", path, status=1).err


@pytest.mark.parametrize("args", [["-s", "nonsense"], ["-F", "nonsense"], ["-g", "nonsense"],
                                  ["--percent-limit", "x"], ["--time", "x"], ["--cpu", "x"], ["a", "b"]])
def test_wrong_questions(perfbox, recorded, args):
    result = perfbox("report", "-i", recorded("-g"), *args, status=2)
    assert result.err.startswith("perfbox report: ") and result.err.count("\n") == 1


def test_missing_files_and_directories(perfbox, tmp_path):
    assert "No such file" in perfbox("report", "-i", tmp_path / "none", status=1).err
    assert "is a directory" in perfbox("report", "-i", tmp_path, status=1).err
    assert "not a perf.data" in perfbox("report", "-i", "/dev/zero", status=1).err


def test_little_memory_is_said(perfbox, recorded):
    assert "--memory" in perfbox("report", "-i", recorded("-g"), "--memory", "256K", status=1).err
    roomy = perfbox("report", "-i", recorded("-g"), "-g", "none", "--memory", "3M", status=None)
    assert roomy.status in (0, 1) and "--memory" in roomy.err or "spin" in roomy.out


def test_a_closed_pipe_is_quiet(run, recorded, build):
    result = run("sh", "-c", f"{build}/perfbox report -i {recorded('-g')} | head -1")
    assert not result.err and result.out.startswith("#")
