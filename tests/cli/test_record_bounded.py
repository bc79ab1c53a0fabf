"""record within bounds: further files, each complete in itself, the latest in a ring, commands over a
FIFO, full disks. Stock perf reads every file, and names what ran before it began."""

import collections
import os
import re
import select
import signal
import struct
import subprocess
import time

import pytest

LAST = re.compile(r"perfbox record: (\d+) samples, (\d+) lost(?: \(throttled\))?, (\d+) bytes, (.*)")
EACH = re.compile(r"perfbox record: (\d+) samples, (\d+) bytes, (\S+\.\d{16})")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "perf.data"


@pytest.fixture
def recorder(build, out):
    """Begins perfbox record. What it said is what end() gives; its command and all children are gone then."""
    began = []

    def begin(*options):
        with open(out.parent / "said", "w") as said:
            child = subprocess.Popen([build / "perfbox", "record", "-o", out, *map(str, options)],
                                     stderr=said, stdout=said, process_group=0)
        began.append(child)
        return child
    yield begin
    for child in began:
        end(child)


def end(child, path=None, seconds=30):
    """Waits for a recorder, then kills what is left of its process group."""
    try:
        child.wait(timeout=seconds if path else 0.1)
    except subprocess.TimeoutExpired:
        assert not path, "it does not end"
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    return (path.parent / "said").read_text() if path else ""


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kept(out):
    return sorted(path for path in out.parent.iterdir() if re.fullmatch(r"perf\.data\.\d{16}", path.name))


def samples_by_perf(perf, path, *fields):
    """perf script's lines; perf has nothing to say about the file, but for what a busy machine lost"""
    said = perf("script", "-f", "-i", path, "-G", *(fields or ("-F", "comm,tid,ip,sym,dso")))
    assert said.err == "" or re.search(r"Processed \d+ events and lost \d+ chunks", said.err), said.err
    return said.lines


def named(perf, perfbox, path, comm, symbol):
    """How many samples are of `comm` in `symbol`, by both; and the share of all that have no name."""
    lines = samples_by_perf(perf, path)
    theirs = sum(line.split()[0] == comm and f" {symbol} " in line for line in lines)
    nameless = sum(re.match(r"\s*:\d+ ", line) is not None or line.endswith("([unknown])") for line in lines)
    rows = perfbox("report", "--stdio", "--no-children", "-g", "none", "-n", "-i", path, "-s", "comm,sym").out
    found = re.search(rf"^\s*[\d.]+%\s+(\d+)\s+{comm}\s+\[\.\] {symbol}\s*$", rows, re.M)
    return theirs, int(found[1]) if found else 0, nameless


def test_every_file_knows_what_ran_before_it(perfbox, perf, recorder, workload, out, run):
    """The threads and the forked child began before the first switch; the last file knows them, and
    what a mapping's build is."""
    script = f"{workload('deep')} 30 & exec {workload('threads')} 2 30"
    recording = recorder("-F", "4000", "--switch-output", "--", "sh", "-c", script)
    for count in (1, 2):
        time.sleep(0.5)
        recording.send_signal(signal.SIGUSR2)
        wait_for(lambda: len(kept(out)) == count)
    time.sleep(0.5)
    recording.terminate()
    said = end(recording, out)
    files = kept(out)
    assert len(files) == 3 and not out.exists()
    told = {name: int(samples) for samples, _, name in EACH.findall(said)}
    total, _, _, place = LAST.search(said).groups()
    assert place == "3 files"
    by_perf = {str(path): len(samples_by_perf(perf, path)) for path in files}
    assert by_perf == told and sum(told.values()) == int(total)
    for path in files[1:]:
        for comm, symbol in (("deep", "spin"), ("worker-1", "burn")):
            theirs, ours, nameless = named(perf, perfbox, path, comm, symbol)
            assert theirs == ours > 3, (path, comm)
            assert nameless == 0
    builds = [set(perf("buildid-list", "-f", "-i", path).lines) for path in files]
    assert any("/libc.so" in line for line in builds[2]) and builds[2] <= builds[0]
    assert "hostname" in perf("report", "-f", "--header-only", "-i", files[2]).out


def test_a_child_that_lost_its_parent_keeps_its_mappings(perfbox, perf, recorder, workload, out):
    """forks: the children never exec, their mappings are their parent's, who may be gone."""
    daemon = "import os,sys\npid=os.fork()\nif pid: os._exit(0)\nwhile True: pass\n"
    recording = recorder("-F", "4000", "-e", "cpu-clock:u", "--switch-output=1s", "--duration", "2.3", "--",
                         "sh", "-c", f"/usr/bin/python3 -c '{daemon}' & sleep 60")
    said = end(recording, out)
    files = kept(out)
    assert len(files) >= 2, said
    lines = samples_by_perf(perf, files[-1])
    assert sum(line.split()[0] == "python3" and "/python3" in line for line in lines) > 0.8 * len(lines) > 3


def test_sizes_are_kept_and_the_oldest_go(perfbox, perf, recorder, workload, out):
    recording = recorder("-F", "20000", "-g", "--switch-output=200K", "--switch-max-files=3", "--", workload("deep"), "0.7")
    said = end(recording, out)
    told = EACH.findall(said)
    files = kept(out)
    total = int(LAST.search(said)[1])
    assert len(told) > 3 and sum(int(samples) for samples, _, _ in told) == total > 500
    assert [str(path) for path in files] == [name for _, _, name in told[-3:]]
    for path, (samples, _, _) in zip(files, told[-3:]):
        assert path.stat().st_size <= 200 * 1024
        assert len(samples_by_perf(perf, path)) == int(samples)
    theirs, ours, nameless = named(perf, perfbox, files[-1], "deep", "spin")
    assert theirs == ours > 0 and nameless == 0
    assert "not all kept" in said


def test_max_size_ends_it(perfbox, perf, run, workload, out):
    said = perfbox("record", "-F", "20000", "-g", "--max-size=256K", "-o", out, workload("deep"), "30", status=143)
    assert "--max-size" in said.err
    assert 100 * 1024 < out.stat().st_size <= 256 * 1024
    assert len(samples_by_perf(perf, out)) == int(LAST.search(said.err)[1])


@pytest.mark.parametrize("stacks", [(), ("--call-graph", "dwarf")])
def test_the_latest_is_kept_and_written_when_asked_for(perfbox, perf, recorder, workload, out, stacks):
    """A short process in the middle is over when the ring is written, and still has its name."""
    script = f"{workload('frames')} 1 a; {workload('deep')} 30"
    rate = ["-F", "200", "-m", "2M"] if stacks else ["-F", "2000", "-m", "64"]
    recording = recorder(*rate, "-e", "cpu-clock:u", *stacks, "--overwrite", "--", "sh", "-c", script)
    wait_for(lambda: b"deep" in b"".join(open(path, "rb").read() for path in comms(recording.pid)))
    time.sleep(0.3)
    recording.send_signal(signal.SIGUSR2)
    wait_for(lambda: len(kept(out)) == 1)
    time.sleep(0.4)
    recording.terminate()
    said = end(recording, out)
    shot, = kept(out)
    total = int(LAST.search(said)[1])
    first, last = (samples_by_perf(perf, path) for path in (shot, out))
    assert len(first) + len(last) == total and int(EACH.search(said)[1]) == len(first)
    names = collections.Counter(line.split()[0] for line in first)
    assert names["frames"] > 10 and names["deep"] > 10
    assert {line.split()[0] for line in last} <= {"deep", "sh"} and len(last) > 10
    for path in (shot, out):
        theirs, ours, nameless = named(perf, perfbox, path, "deep", "spin")
        assert theirs == ours > 10 and nameless == 0


def comms(pid):
    """The names of a process's children and theirs."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            for child in open(f"/proc/{pid}/task/{task}/children").read().split():
                found += [f"/proc/{child}/comm", *comms(child)]
        except OSError:
            pass
    return [path for path in found if os.path.exists(path)]


def test_the_latest_is_a_ring_full(perf, recorder, workload, out):
    recording = recorder("-F", "10000", "-e", "cpu-clock:u", "-m", "1", "--overwrite", "--duration", "1", "--", workload("deep"), "30")
    said = end(recording, out)
    page = os.sysconf("SC_PAGESIZE")
    lines = samples_by_perf(perf, out, "-F", "time,period")
    assert len(lines) == int(LAST.search(said)[1])
    # a sample has header, id, address, thread, time and period
    assert page // 48 // 2 < len(lines) <= os.cpu_count() * (page // 48)


class Control:
    """A controlled recording, perfbox's or perf's."""

    def __init__(self, program, directory, *options):
        self.ends = []
        for name in ("ctl", "ack"):
            os.mkfifo(directory / name)
            self.ends.append(os.open(directory / name, os.O_RDWR | os.O_NONBLOCK))
        self.child = subprocess.Popen(
            [program, "record", "-e", "cpu-clock", "-F", "1000", "-D", "-1",
             "--control", f"fifo:{directory}/ctl,{directory}/ack", "-o", directory / "o", *options],
            stderr=subprocess.PIPE, text=True)
        assert self.ask(b"ping\n", 20) == b"ack\n\0"

    def ask(self, command, seconds=10):
        os.write(self.ends[0], command)
        if not select.select([self.ends[1]], [], [], seconds)[0]:
            return b""
        return os.read(self.ends[1], 100)

    def end(self):
        said = self.child.communicate(timeout=20)[1]
        for end in self.ends:
            os.close(end)
        return said


@pytest.mark.parametrize("program", ["perfbox", "perf"])
def test_commands_over_a_fifo(program, build, perf, workload, tmp_path):
    """Both are asked the same and answer the same; samples are where they are enabled."""
    control = Control(build / "perfbox" if program == "perfbox" else "/usr/bin/perf", tmp_path, workload("deep"), "30")
    answers = [control.ask(command) for command in (b"ping\n", b"evlist\n", b"enable cpu-clock\n")]
    time.sleep(0.4)
    answers += [control.ask(command) for command in (b"disable\n", b"snapshot\n", b"enable nonesuch\n", b"ping\n")]
    time.sleep(0.4)
    answers += [control.ask(b"frobnicate\n", 0.3)]
    answers += [control.ask(b"stop\n")]
    said = control.end()
    assert answers == [b"ack\n\0"] * 7 + [b"", b"ack\n\0"]
    assert "nonesuch" in said and "cpu-clock" in said
    assert control.child.returncode == (143 if program == "perfbox" else -signal.SIGTERM)
    times = [float(line.split(":")[0]) for line in samples_by_perf(perf, tmp_path / "o", "-F", "time")]
    assert len(times) > 5 and 0.1 < times[-1] - times[0] < 5


def test_a_snapshot_is_there_when_it_is_acknowledged(build, perf, workload, tmp_path):
    control = Control(build / "perfbox", tmp_path, "--overwrite", workload("deep"), "30")
    os.write(control.ends[0], b"ena")
    assert control.ask(b"ble\n") == b"ack\n\0"
    time.sleep(0.3)
    assert control.ask(b"snapshot\n") == b"ack\n\0"
    shot, = (path for path in tmp_path.iterdir() if path.name.startswith("o."))
    assert len(samples_by_perf(perf, shot)) > 3
    control.ask(b"stop\n")
    control.end()


def on_small_disk(run, build, tmp_path, options, status, megabytes="2"):
    script = (f"mount -t tmpfs -o size={megabytes}m none {tmp_path} && cd {tmp_path} && "
              f"{build}/perfbox record -F 20000 -g -o perf.data {options}; s=$?; "
              "for f in perf.data*; do echo $f $(perf script -F comm -G -f -i $f | wc -l); done; exit $s")
    said = run("unshare", "-m", "sh", "-c", script, status=status)
    return said, [(name, int(count)) for name, count in (line.split() for line in said.lines)]


def test_a_full_disk_drops_the_oldest_file_where_it_may(run, build, tmp_path, workload):
    said, files = on_small_disk(run, build, tmp_path, f"--switch-output=400K --on-full=rotate {workload('deep')} 1.2", 0)
    told = EACH.findall(said.err)
    assert len(told) > 4 and "not all kept" in said.err
    assert 2 <= len(files) < len(told)
    assert files == [(name, int(samples)) for samples, _, name in told[-len(files):]]


def test_a_full_disk_ends_it_otherwise(run, build, tmp_path, workload):
    said, files = on_small_disk(run, build, tmp_path, f"--switch-output=400K {workload('deep')} 1.5", 1)
    assert "No space left" in said.err and "whole up to" in said.err
    told = [(name, int(samples)) for samples, _, name in EACH.findall(said.err)]
    assert len(told) > 1 and sorted(files)[1:] == told and all(count > 0 for _, count in files[:1])


def test_a_kill_in_the_middle_leaves_whole_files(perf, recorder, workload, out):
    """Files begin some hundred times a second; whatever is called so opens."""
    for delay in (0.05, 0.11, 0.17):
        recording = recorder("-q", "-F", "20000", "-g", "--switch-output=16K", "--switch-max-files=8", "--", workload("deep"), "5")
        wait_for(lambda: len(kept(out)) > 1)
        time.sleep(delay)
        recording.kill()
        end(recording, out)
        (out.parent / "said").unlink()
        files = kept(out)
        assert 2 <= len(files) <= 9
        for path in (*files, *([out] if out.exists() else [])):
            content = path.read_bytes()
            offset, size = struct.unpack_from("<QQ", content, 40)
            assert content[:8] == b"PERFILE2" and offset + size <= len(content)
        for path in files[-2:]:
            assert len(samples_by_perf(perf, path)) > 0
        for path in out.parent.iterdir():
            path.unlink()


def test_sync_asks_for_the_disk(run, build, out, workload):
    """Once a tenth of a second at the most, and at the end."""
    said = run("strace", "-f", "-e", "trace=fdatasync", build / "perfbox", "record", "-q", "--sync", "0.1", "-F", "20000", "-g",
               "-o", out, workload("deep"), "0.5")
    calls = said.err.count("fdatasync(")
    assert 2 <= calls <= 20
    said = run("strace", "-f", "-e", "trace=fdatasync", build / "perfbox", "record", "-q", "-o", out, "true")
    assert "fdatasync(" not in said.err


@pytest.mark.parametrize("options", [
    ["--switch-output=1"], ["--switch-output=1x"], ["--switch-output=M"], ["--switch-output=1K"], ["--switch-output=0s"],
    ["--switch-max-files=3"], ["--switch-output", "--switch-max-files=5000"], ["--on-full=rotate"],
    ["--switch-output", "--on-full=frob"], ["--control=frob:1"], ["--control=fd:99"], ["--overwrite", "-o", "/dev/null"]])
def test_wrong_bounds_are_usage_errors(perfbox, out, options):
    said = perfbox("record", "-o", out, *options, "true", status=2)
    assert said.err.splitlines()[-1].startswith("perfbox record: --") or "/dev/null" in said.err
    assert os.path.exists("/dev/null")
