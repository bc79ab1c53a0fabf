"""record: what it writes is read by stock perf, without a word of complaint."""

import contextlib
import os
import pwd
import re
import signal
import stat
import subprocess
import time

import pytest


@pytest.fixture
def out(tmp_path):
    return tmp_path / "perf.data"


def summary(err):
    """samples, lost, bytes of the closing line"""
    last = err.splitlines()[-1]
    found = re.fullmatch(r"perfbox record: (\d+) samples, (\d+) lost(?: \(throttled\))?, (\d+) bytes, .*", last)
    assert found, err
    return tuple(map(int, found.groups()))


def scripted(perf, path, *fields):
    """perf script's lines; perf must have nothing to say about the file"""
    said = perf("script", "-f", "-i", path, *fields)
    assert said.err == ""
    return said.lines


def header(perf, path):
    said = perf("report", "-f", "--header-only", "-i", path)
    assert said.err == ""
    return dict(re.findall(r"^# (\w[\w ]*?)\s*: (.*)$", said.out, re.M))


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stock_perf_reads_every_sample(perfbox, perf, compress, out):
    samples, lost, size = summary(perfbox("record", "-g", "-o", out, *compress, text=False).err.decode())
    assert samples > 100 and lost == 0 and size <= out.stat().st_size
    lines = scripted(perf, out, "-F", "comm,ip,sym", "-G")
    assert len(lines) == samples
    assert sum("gzip" in line for line in lines) > 0.9 * samples


def test_callchains_are_perfs(perfbox, perf, workload, out):
    perfbox("record", "-F", "2000", "-g", "-o", out, workload("deep"), "0.3")
    stacks = "\n".join(scripted(perf, out, "-F", "ip,sym")).split("\n\n")
    deep = [s for s in stacks if s.count(" dive") == 40 and " spin" in s and " main" in s]
    assert len(deep) > 0.8 * len(stacks)


def test_the_header_tells_what_perfs_tells(perfbox, perf, out, tmp_path):
    theirs_file = tmp_path / "theirs.data"
    perfbox("record", "-o", out, "true")
    perf("record", "-e", "cpu-clock", "-o", theirs_file, "true")
    ours, theirs = header(perf, out), header(perf, theirs_file)
    for key in ("hostname", "os release", "arch", "nrcpus online", "nrcpus avail", "cpudesc", "cpuid",
                "total memory", "pmu mappings"):
        assert ours.get(key) == theirs.get(key), key
    assert ours["cmdline"] == f"perfbox record -o {out} true "
    assert ours["perf version"].startswith("perfbox ")
    assert ours["event"].startswith("name = dummy:HG")  # the last of two
    assert "sample duration" in ours


def test_a_stream_reads_as_a_file_does(perfbox, perf, workload, run, tmp_path):
    stream = perfbox("record", "-g", "-o", "-", workload("deep"), "0.2", text=False)
    samples, _, _ = summary(stream.err.decode())
    path = tmp_path / "stream"
    path.write_bytes(stream.out)
    with open(path, "rb") as file:
        said = subprocess.run(["perf", "script", "-i", "-", "-F", "comm,ip,sym", "-G"], stdin=file, capture_output=True)
    assert said.stderr == b""
    assert len(said.stdout.splitlines()) == samples > 100


def test_several_events_and_a_group(perfbox, perf, compress, out):
    said = perfbox("record", "-e", "cpu-clock,page-faults", "-e", "{task-clock,minor-faults}", "-o", out,
                   *compress, text=False)
    samples, _, _ = summary(said.err.decode())
    events = [line.split()[-1].rstrip(":") for line in scripted(perf, out, "-F", "comm,event")]
    assert len(events) == samples
    assert set(events) == {"cpu-clock", "page-faults", "task-clock", "minor-faults"}
    assert "{task-clock,minor-faults}" in perf("evlist", "-f", "-g", "-i", out).out


def test_count_samples_each_nth_event(perfbox, perf, out):
    """As many page faults as a counter counts, each one a sample."""
    program = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=1"]  # too small for a huge page
    counted = perf("stat", "-x,", "-e", "page-faults", *program).err
    counted = int(re.search(r"^(\d+),,page-faults", counted, re.M).group(1))
    samples, lost, _ = summary(perfbox("record", "-c", "1", "-e", "page-faults", "-o", out, *program).err)
    assert lost == 0 and abs(samples - counted) <= 20
    assert {line.split()[0] for line in scripted(perf, out, "-F", "period")} == {"1"}


@pytest.mark.parametrize("script, status", [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_the_status_is_the_commands(perfbox, out, script, status):
    perfbox("record", "-o", out, "sh", "-c", script, status=status)


@pytest.mark.parametrize("command, status", [("no-such-program", 127), ("/etc/passwd", 126)])
def test_what_cannot_run_leaves_the_old_file(perfbox, out, command, status):
    out.write_bytes(b"precious")
    said = perfbox("record", "-o", out, command, status=status)
    assert command in said.err
    assert out.read_bytes() == b"precious"
    assert not out.with_suffix(".data.old").exists()


def test_the_previous_file_is_kept_and_nobody_else_reads_the_new_one(perfbox, out):
    out.write_bytes(b"precious")
    perfbox("record", "-o", out, "true")
    assert out.with_suffix(".data.old").read_bytes() == b"precious"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(perfbox, out, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    out.symlink_to(victim)
    said = perfbox("record", "-o", out, "true", status=1)
    assert "symbolic link" in said.err and victim.read_bytes() == b"precious"


def test_a_process_with_all_its_threads(perfbox, perf, build, workload, out):
    threads = subprocess.Popen([workload("threads"), "4", "2"])
    try:
        wait_for(lambda: len(os.listdir(f"/proc/{threads.pid}/task")) == 5)
        perfbox("record", "-p", threads.pid, "-o", out, "sleep", "0.5")
    finally:
        threads.kill()
        threads.wait()
    comms = {line.split()[0] for line in scripted(perf, out, "-F", "comm")}
    assert {f"worker-{i}" for i in range(4)} <= comms


def test_it_ends_with_the_process(perfbox, workload, out):
    threads = subprocess.Popen([workload("threads"), "2", "0.3"])
    try:
        samples, _, _ = summary(perfbox("record", "-p", threads.pid, "-o", out).err)
    finally:
        threads.kill()
        threads.wait()
    assert samples > 0


def test_one_thread_only(perfbox, perf, workload, out):
    threads = subprocess.Popen([workload("threads"), "3", "2"])
    try:
        wait_for(lambda: len(os.listdir(f"/proc/{threads.pid}/task")) == 4)
        tid = sorted(map(int, os.listdir(f"/proc/{threads.pid}/task")))[-1]
        perfbox("record", "-t", tid, "-o", out, "sleep", "0.3")
    finally:
        threads.kill()
        threads.wait()
    assert {line.split()[0] for line in scripted(perf, out, "-F", "tid")} == {str(tid)}


def test_children_are_sampled_unless_told_not_to(perfbox, perf, out):
    program = ["sh", "-c", "gzip -c /usr/bin/perf >/dev/null; :"]
    perfbox("record", "-o", out, *program)
    assert "gzip" in {line.split()[0] for line in scripted(perf, out, "-F", "comm")}
    perfbox("record", "-i", "-o", out, *program)
    assert "gzip" not in {line.split()[0] for line in scripted(perf, out, "-F", "comm")}


@contextlib.contextmanager
def running(*argv):
    process = subprocess.Popen(argv)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(build, perf, workload, out, which):
    with running(workload("threads"), "1", "60"):
        recorder = subprocess.Popen([build / "perfbox", "record", "-a", "-o", out], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: out.exists() and out.stat().st_size > 10000)
        began = out.stat().st_size
        wait_for(lambda: out.stat().st_size > began + 10000)
        recorder.send_signal(which)
        samples, _, _ = summary(recorder.communicate(timeout=10)[1])
    assert recorder.returncode == 0
    assert len(scripted(perf, out, "-F", "comm")) == samples > 0


def test_a_killed_recording_opens_up_to_its_last_commit(build, perf, compress, out):
    recorder = subprocess.Popen([build / "perfbox", "record", "-F", "10000", "-a", "-g", "-o", out],
                                stderr=subprocess.DEVNULL)
    wait_for(lambda: out.exists() and out.stat().st_size > 500000)
    recorder.kill()
    recorder.wait()
    assert len(scripted(perf, out, "-F", "comm", "-G")) > 100


def test_one_cpu(perfbox, perf, out):
    perfbox("record", "-C", "0", "-e", "cpu-clock", "-o", out, "taskset", "-c", "0", "sh", "-c",
            "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done")
    assert {line.strip() for line in scripted(perf, out, "-F", "cpu")} == {"[000]"}
    assert "not online" in perfbox("record", "-C", "4095", "-o", out, "true", status=1).err


def test_build_ids_of_what_ran_before(perfbox, perf, run, out):
    sleeper = subprocess.Popen(["/usr/bin/sleep", "60"])
    try:
        perfbox("record", "-p", sleeper.pid, "-o", out, "true")
    finally:
        sleeper.kill()
        sleeper.wait()
    told = dict(reversed(line.split()) for line in perf("buildid-list", "-f", "-i", out).lines if "/" in line)
    own = re.search(r"Build ID: (\w+)", run("readelf", "-n", "/usr/bin/sleep").out).group(1)
    assert told["/usr/bin/sleep"] == own and any("/libc.so" in path for path in told)


def test_build_ids_of_what_the_command_maps(perfbox, perf, run, compress, out):
    own = re.search(r"Build ID: (\w+)", run("readelf", "-n", "/usr/bin/gzip").out).group(1)
    perfbox("record", "-o", out, *compress, text=False)
    told = dict(reversed(line.split()) for line in perf("buildid-list", "-f", "-i", out).lines if "/" in line)
    assert told["/usr/bin/gzip"] == own
    perfbox("record", "--buildid-mmap", "-o", out, *compress, text=False)
    mappings = perf("script", "-f", "-i", out, "--show-mmap-events").lines
    assert any(f"<{own}>" in line and "/usr/bin/gzip" in line for line in mappings)


def test_stock_perf_records_beside_it(build, perf, out, tmp_path):
    """Build IDs in the mappings of one recorder crash another on some kernels: not by default."""
    recorder = subprocess.Popen([build / "perfbox", "record", "-q", "-a", "-o", out])
    try:
        wait_for(lambda: out.exists() and out.stat().st_size > 10000)
        perf("record", "-q", "-e", "cpu-clock", "-o", tmp_path / "theirs", "true")
    finally:
        recorder.terminate()
        recorder.wait()


def test_delay_skips_the_beginning(perfbox, perf, workload, out):
    """By the file's own clock: the side-band tells of the exec, samples come 400 ms later."""
    perfbox("record", "-D", "400", "-o", out, workload("deep"), "1")
    lines = scripted(perf, out, "-F", "time,event", "--show-task-events")
    times = [(float(line.split(":")[0].split()[-1]), line) for line in lines]
    executed = next(t for t, line in times if "PERF_RECORD_COMM exec" in line)
    assert min(t for t, line in times if "cpu-clock" in line) - executed > 0.3


def test_too_fast_is_clamped_with_a_word(perfbox, perf, out):
    most = int(open("/proc/sys/kernel/perf_event_max_sample_rate").read())
    assert f"sampling at {most} Hz" in perfbox("record", "-F", most + 1, "-o", out, "true").err
    assert f"sampling at {most} Hz" in perfbox("record", "-F", "max", "-o", out, "true").err


def test_the_command_gets_the_callers_signals(perfbox, run, out):
    show = ["grep", "-E", "Sig(Blk|Ign|Cgt)", "/proc/self/status"]
    assert perfbox("record", "-q", "-o", out, *show).out == run(*show).out


def test_quiet_says_nothing(perfbox, out):
    assert perfbox("record", "-q", "-o", out, "true").err == ""


def test_the_plan_adds_up(perfbox, out):
    said = perfbox("record", "-v", "-o", out, "true").err
    samples, sideband, total, allowed = map(int, re.search(
        r"(\d+) pages for samples, (\d+) for the side-band, 2 to control them; (\d+) KiB in all, "
        r"allowed (\d+) KiB", said).groups())
    cpus = int(re.search(r"(\d+) CPUs", said).group(1))
    page_kb = os.sysconf("SC_PAGESIZE") // 1024
    assert total == cpus * (samples + sideband + 2) * page_kb
    assert allowed == cpus * int(open("/proc/sys/kernel/perf_event_mlock_kb").read())


def test_a_full_disk_ends_it_with_the_file_whole(run, build, perf, tmp_path, workload):
    script = (f"mount -t tmpfs -o size=256k none {tmp_path} && "
              f"{build}/perfbox record -F 20000 -g -o {tmp_path}/out {workload('deep')} 2; s=$?; "
              f"perf script -F comm -G -f -i {tmp_path}/out | wc -l; exit $s")
    said = run("unshare", "-m", "sh", "-c", script, status=1)
    assert "No space left" in said.err and "whole up to" in said.err
    assert int(said.out) > 100


@pytest.mark.parametrize("options", [["--frobnicate"], ["-F", "0", "true"], ["-F", "x", "true"], ["-m", "0", "true"],
                                     ["-e", "no-such-event", "true"], [], ["--call-graph", "x", "true"]])
def test_wrong_options_are_usage_errors(perfbox, out, options):
    said = perfbox("record", "-o", out, *options, status=2)
    assert said.err.startswith("perfbox record: ") and not out.exists()


@pytest.mark.parametrize("target", [["-p", "x"], ["-p", "4194303"], ["-a", "-p", "1"], ["-t", "9-1"]])
def test_wrong_targets_are_one_line(perfbox, out, target):
    said = perfbox("record", "-o", out, *target, "true", status=1)
    assert said.err.count("\n") == 1 and not out.exists()


@pytest.fixture
def nobody(build, tmp_path):
    """Runs perfbox as an ordinary user in a directory of his own."""
    user = pwd.getpwnam("nobody")
    if os.getuid() != 0:
        pytest.skip("not root: cannot become another user")
    binary = tmp_path / "perfbox"
    binary.write_bytes((build / "perfbox").read_bytes())
    binary.chmod(0o755)
    os.chown(tmp_path, user.pw_uid, user.pw_gid)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)

    def become(limits=None):
        if limits:
            limits()
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    def call(*args, limits=None):
        return subprocess.run([binary, *map(str, args)], cwd=tmp_path, text=True, capture_output=True,
                              preexec_fn=lambda: become(limits))
    return call


def test_an_ordinary_user_gets_user_space_and_is_told(nobody, perf, tmp_path):
    if int(open("/proc/sys/kernel/perf_event_paranoid").read()) < 2:
        pytest.skip("perf_event_paranoid below 2: nothing is refused")
    said = nobody("record", "-g", "-o", "x", "sh", "-c", "gzip -c /usr/bin/perf >/dev/null")
    samples, lost, _ = summary(said.stderr)
    assert said.returncode == 0 and samples > 10 and "user space only" in said.stderr
    assert all("[k]" not in line for line in scripted(perf, tmp_path / "x", "-F", "comm,ip,sym,dso"))


def test_refusals_name_the_layer(nobody):
    said = nobody("record", "-a", "-o", "x", "true")
    assert said.returncode == 1 and "perf_event_paranoid" in said.stderr and "CAP_PERFMON" in said.stderr
    said = nobody("record", "-m", "64M", "-o", "x", "true")
    assert said.returncode == 1 and "KiB" in said.stderr


def test_few_descriptors(nobody):
    import resource
    said = nobody("record", "-e", "cpu-clock,task-clock,page-faults,minor-faults", "-o", "x", "true",
                  limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))
    assert said.returncode == 1 and "RLIMIT_NOFILE" in said.stderr


def test_registers(perfbox, perf, workload, tmp_path):
    data = tmp_path / "perf.data"
    names = perfbox("record", "--user-regs=?").lines[0].removeprefix("available registers: ").split()
    assert {"sp", "pc"} <= {n.lower() for n in names} or {"SP", "IP"} <= set(names)
    assert names == perf("record", "--user-regs=?", status=None).err.splitlines()[0].removeprefix("available registers: ").split()
    for option, field in (("--user-regs", "uregs"), ("--intr-regs", "iregs")):
        perfbox("record", f"{option}={names[0].lower()},{names[7]}", "-e", "cpu-clock:u", "-o", data, workload("deep"), "0.1")
        lines = perf("script", "-F", field, "-i", data).lines
        assert len(lines) > 10
        assert all(re.search(rf"{names[0]}:0x\S+ +{names[7]}:0x", line) for line in lines)
    assert "is no register" in perfbox("record", "--user-regs=nonesuch", "true", status=2).err
    assert "--keep-stacks" in perfbox("record", "--user-regs=", "--call-graph", "dwarf", "true", status=2).err


def test_branches_and_weights(perfbox, perf, workload, tmp_path):
    data = tmp_path / "perf.data"
    assert " any_call " in perfbox("record", "-j", "?").out
    assert "is no kind of branch" in perfbox("record", "-j", "any,nonesuch", "true", status=2).err
    assert "branch" in perfbox("record", "-b", "-e", "cpu-clock:u", "true", status=1).err
    perfbox("record", "-W", "-e", "cpu-clock:u", "-o", data, workload("deep"), "0.1")
    assert "WEIGHT" in perf("evlist", "-v", "-i", data).lines[0]
