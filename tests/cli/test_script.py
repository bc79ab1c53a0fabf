"""script against `perf script`, byte for byte, on recordings that perf makes during the test."""

import collections
import platform
import re
import struct

import pytest

FIELDS = ["comm,tid,pid,cpu,time,event,period,ip,sym,dso,symoff", "ip,sym,dso", "comm,ip", "tid,time,ip",
          "pid,ip,sym", "misc,ip,comm", "event", "comm", "+pid", "-dso", "+misc,-time",
          "comm,tid,time,event,ip,sym,dso"]


@pytest.fixture(scope="module")
def recordings(perf, workload, tmp_path_factory):
    """Of the whole machine: one with call chains, one of several events without; of one command."""
    where = tmp_path_factory.mktemp("script")
    threads = str(workload("threads"))
    perf("record", "-q", "-a", "-g", "-F", "2000", "-o", where / "chains", threads)
    perf("record", "-q", "-a", "-e", "cpu-clock,page-faults,context-switches", "-o", where / "events", threads)
    perf("record", "-q", "-F", "2000", "-o", where / "command", threads)
    return where


TRACEPOINTS = "sched:*,irq:*,syscalls:sys_enter_write,syscalls:sys_exit_write,syscalls:sys_enter_openat,kmem:kmalloc"


@pytest.fixture(scope="module")
def tracepoints(perf, workload, tmp_path_factory):
    where = tmp_path_factory.mktemp("tracepoints")
    perf("record", "-q", "-a", "-m", "4M", "-e", TRACEPOINTS, "-o", where / "plain", workload("forks"))
    perf("record", "-q", "-a", "-g", "-m", "4M", "-e", "sched:sched_switch,sched:sched_waking", "-o",
         where / "chains", workload("forks"))
    return where


def plain(perf, path, *args, **how):
    """Without --no-inline perf shows inlined functions where there is debug information."""
    return perf("script", "--no-inline", "-i", path, *args, **how).out


def folded(text):
    """What stackcollapse-perf.pl makes of it."""
    stacks, frames, comm = collections.Counter(), [], None
    for line in text.splitlines() + [""]:
        if not line and comm:
            stacks[";".join([comm, *reversed(frames)])] += 1
            frames, comm = [], None
        elif line.startswith("\t"):
            frames.append(line.split(None, 1)[1].rpartition(" (")[0].partition("+0x")[0])
        elif line:
            comm = line.split(" ")[0]
    return stacks


def said(result):
    """Without the files of others that were replaced since they were recorded."""
    return [line for line in result.err.splitlines() if ": no names for " not in line]


def own(text):
    """Samples of the workload and of the kernel's threads: files of others may change meanwhile."""
    blocks = re.findall(r"^[^\t\n].*\n(?:\t.*\n)*\n?", text, re.M)
    return [block for block in blocks if re.match(r" *(threads|worker-|swapper|perf |kworker|migration)", block)]


def similar(ours, theirs):
    lines = list(zip(ours.splitlines(), theirs.splitlines()))
    return sum(a == b for a, b in lines) > 0.9 * len(lines)


@pytest.mark.parametrize("name", ["chains", "events", "command"])
def test_default_output_is_perfs(recordings, perf, perfbox, name):
    theirs, ours = plain(perf, recordings / name), perfbox("script", "-i", recordings / name)
    assert said(ours) == [] and theirs.count("\n") > 50
    assert own(ours.out) == own(theirs) and len(own(theirs)) > 50
    assert ours.out.count("\n") == theirs.count("\n")


@pytest.mark.parametrize("fields", FIELDS)
def test_fields_are_perfs(recordings, perf, perfbox, fields):
    path = recordings / "events"
    ours, theirs = perfbox("script", f"-F{fields}", "-i", path).out, plain(perf, path, f"-F{fields}")
    assert ours.count("\n") == theirs.count("\n")
    assert own(ours) == own(theirs) if "comm" in fields or fields[0] in "+-" else similar(ours, theirs)



BY_TYPE = [["sw:comm,ip"], ["trace:comm,trace"], ["trace:"], ["comm,trace"], ["sw:-cpu", "trace:+period"],
           ["comm,tid,time,event", "trace:"], ["+flags"], ["+synth,+metric,-comm"]]


@pytest.fixture(scope="module")
def mixed(perf, workload, tmp_path_factory):
    """Software events and a tracepoint of one command, page faults with their addresses."""
    where = tmp_path_factory.mktemp("mixed")
    perf("record", "-q", "-e", "cpu-clock,page-faults,sched:sched_switch", "-o", where / "types", workload("threads"))
    perf("record", "-q", "-e", "page-faults", "-c", "1", "-d", "-o", where / "faults", workload("threads"))
    return where


@pytest.mark.parametrize("requests", BY_TYPE, ids=" ".join)
def test_fields_by_type_of_event(mixed, perf, perfbox, requests):
    chosen = [word for request in requests for word in ("-F", request)]
    ours, theirs = perfbox("script", *chosen, "-i", mixed / "types").out, plain(perf, mixed / "types", *chosen)
    assert ours == theirs and theirs.count("\n") > 3


@pytest.mark.parametrize("fields", ["+addr", "comm,addr,sym", "+data_src", "data_src,addr,ip"])
def test_addresses_of_page_faults(mixed, perf, perfbox, fields):
    ours = perfbox("script", "-F", fields, "-i", mixed / "faults").out.splitlines()
    theirs = plain(perf, mixed / "faults", "-F", fields).splitlines()
    # memory of no file has another name there where it is data
    wrong = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1] and "//anon" not in pair[1]]
    assert wrong == [] and len(theirs) > 20


@pytest.mark.parametrize("field", ["srcline", "insn", "brstackinsn", "bpf-output", "tod", "nonsense"])
def test_a_field_that_is_not_there_is_refused_with_the_reason(mixed, perfbox, field):
    refused = perfbox("script", "-F", field, "-i", mixed / "types", status=2)
    assert refused.out == "" and field in refused.err and refused.err.count("\n") == 1


def test_copied_stacks_are_unwound_as_perf_does(perf, perfbox, workload, tmp_path):
    path = tmp_path / "data"
    perf("record", "-q", "-F", "200", "--call-graph", "dwarf", "-o", path, workload("frames"), "1", "a")
    ours, theirs = perfbox("script", "-i", path), plain(perf, path)
    assert ours.out == theirs and theirs.count("main+0x") > 5
    assert plain(perf, path, "-F", "comm,ip,sym") == perfbox("script", "-F", "comm,ip,sym", "-i", path).out


def test_a_pipe_with_a_stray_byte_is_shown(run, perfbox, workload, tmp_path):
    piped = run("sh", "-c", f"perf record -q -o - {workload('threads')}", text=False).out
    (tmp_path / "pipe").write_bytes(piped)
    whole = perfbox("script", "-i", tmp_path / "pipe").out
    (tmp_path / "pipe").write_bytes(piped + b"\0")
    more = perfbox("script", "-i", tmp_path / "pipe", status=1)
    assert more.out == whole and whole.count("\n") > 5 and "is cut off" in more.err


@pytest.mark.parametrize("fields", ["comm,uregs", "comm,iregs,uregs", "comm,ip,sym,uregs,iregs"])
def test_registers_are_perfs(perf, perfbox, workload, tmp_path, fields):
    user, interrupt = {"x86_64": ("ip,sp,bp,r12", "ip,sp,ax"), "aarch64": ("pc,sp,x29", "pc,sp,x0")}[platform.machine()]
    perf("record", "-q", "-e", "cpu-clock", f"--user-regs={user}", f"--intr-regs={interrupt}", "-o",
         tmp_path / "data", workload("threads"))
    ours, theirs = perfbox("script", "-F", fields, "-i", tmp_path / "data"), plain(perf, tmp_path / "data", "-F", fields)
    assert ours.out == theirs and "ABI:2" in theirs


def test_folded_stacks_are_alike(recordings, perf, perfbox):
    path = recordings / "chains"
    ours, theirs = perfbox("script", "-i", path).out, plain(perf, path)
    assert folded("".join(own(ours))) == folded("".join(own(theirs)))


@pytest.mark.parametrize("name", ["plain", "chains"])
def test_tracepoints_are_formatted_as_perf_does(tracepoints, perf, perfbox, name):
    ours, theirs = perfbox("script", "-i", tracepoints / name), plain(perf, tracepoints / name)
    assert all("come after later ones" in line for line in said(ours))  # perf's file may have them so
    assert theirs.count("\n") > 100
    wrong = [pair for pair in zip(ours.out.splitlines(), theirs.splitlines(), strict=True) if pair[0] != pair[1]
             and not pair[1].startswith("\t")]
    assert wrong == []


def test_times_to_the_nanosecond(recordings, perf, perfbox):
    path = recordings / "events"
    assert own(perfbox("script", "--ns", "-i", path).out) == own(plain(perf, path, "--ns"))


def test_a_span_of_time(recordings, perf, perfbox):
    path = recordings / "events"
    times = [line.split()[3].rstrip(":") for line in plain(perf, path).splitlines()
             if line.split()[0] == "threads"]
    span = f"{times[len(times) // 3]},{times[len(times) // 2]}"
    ours = perfbox("script", "--time", span, "-i", path).out
    assert 0 < ours.count("\n") < plain(perf, path).count("\n") and own(ours) == own(plain(perf, path, "--time", span))


def test_a_pipe_reads_like_a_file(recordings, perf, perfbox, run, workload, tmp_path):
    piped = run("sh", "-c", f"perf record -q -g -o - {workload('threads')}", text=False).out
    (tmp_path / "pipe").write_bytes(piped)
    ours = perfbox("script", "-i", "-", stdin=piped, text=False).out.decode(errors="surrogateescape")
    assert ours == perfbox("script", "-i", tmp_path / "pipe").out
    assert folded(ours) == folded(perf("script", "--no-inline", "-i", tmp_path / "pipe").out)


def test_little_memory_is_said(recordings, perfbox):
    little = perfbox("script", "--memory=1M", "-i", recordings / "chains", status=None)
    assert little.status in (0, 1)
    assert little.status == 0 or little.err.count("\n") >= 1


def test_what_was_not_recorded_cannot_be_shown(recordings, perfbox):
    refused = perfbox("script", "-F", "+phys_addr", "-i", recordings / "events", status=1)
    assert refused.out == "" and "hold no phys_addr" in refused.err and refused.err.count("\n") == 1


def test_an_unknown_field_is_a_usage_error(recordings, perfbox):
    assert "'nonsense'" in perfbox("script", "-F", "nonsense", "-i", recordings / "events", status=2).err


def test_a_closed_pipe_ends_quietly(recordings, run, build):
    shown = run("sh", "-c", f"{build}/perfbox script -i {recordings}/chains | head -n 1")
    assert shown.out.count("\n") == 1 and said(shown) == []


def records(text):
    """Bytes and words of a dump's records. perf tells more of those it writes itself."""
    own_ones = r"PERF_RECORD_(ID_INDEX|THREAD_MAP|CPU_MAP|FINISHED_INIT|EVENT_UPDATE)"
    lines = [line for line in text.splitlines() if re.match(r"\.  |\. \.\.\.|\.\.\.\.\. |.*: event: |.*\]: PERF_RECORD_", line)]
    return sorted(re.sub(f"({own_ones}).*", r"\1", line) for line in lines)


@pytest.mark.parametrize("name", ["chains", "command"])
def test_raw_records_are_dumped_as_perf_does(recordings, perf, perfbox, name):
    """perf's are in the order of time."""
    ours, theirs = perfbox("script", "-D", "-i", recordings / name), plain(perf, recordings / name, "-D")
    assert ours.err == "" and records(ours.out) == records(theirs) and "PERF_RECORD_SAMPLE(IP" in theirs


def with_spe(stream, packets):
    """A recording from a pipe, with Arm SPE's packets as AUX data in the middle of its records."""
    def record(kind, body):
        return struct.pack("<IHH", kind, 0, 8 + len(body)) + body
    at = 16
    while struct.unpack_from("<I", stream, at)[0] != 9:
        kind, _, size = struct.unpack_from("<IHH", stream, at)
        at += size + (struct.unpack_from("<I", stream, at + 8)[0] if kind == 66 else 0)
    trace = record(70, struct.pack("<IIQQ", 4, 0, 9, 9)) + record(71, struct.pack("<QQQIIII", len(packets), 0x100, 1, 0, 1, 0, 0)) + packets
    return stream[:at] + trace + stream[at:]


def test_spe_packets_are_decoded_and_kept_or_dropped_whole(perfbox, perf, workload, tmp_path):
    packets = bytes([0x71, 42, 0, 0, 0, 0, 0, 0, 0]) * 3 + bytes([0x49, 0, 0])
    stream = perf("record", "-q", "-F", "400", "-e", "cpu-clock:u", "-g", "-o", "-", workload("deep"), "0.1", text=False).out
    data, whole, less = tmp_path / "pipe.data", tmp_path / "whole.data", tmp_path / "less.data"
    data.write_bytes(with_spe(stream, packets))
    samples = perfbox("script", "-G", "-i", data).lines
    assert len(samples) > 10
    perfbox("recover", data, whole)
    for path in (data, whole):
        dump = perfbox("script", "-D", "-i", path).out
        assert dump.count(" TS 42\n") == 3 and dump.count(" LD GP-REG\n") == 1 and "BAD" not in dump
        assert perfbox("script", "-G", "-i", path).lines == samples
    assert re.search(r"4d +record +AUXTRACE +1 ", perfbox("inspect", data).out)
    perfbox("scrub", "--max-category", "4c", data, less)
    assert packets in whole.read_bytes() and packets[:9] not in less.read_bytes()
    assert perfbox("script", "-G", "-i", less).lines == samples
