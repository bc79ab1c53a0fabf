import csv
import json
import os
import platform
import re
import signal
import subprocess
import threading
import time

import pytest

SOFTWARE = "task-clock,context-switches,cpu-migrations,page-faults"
MIXED = "cs,task-clock,page-faults:u,cycles,duration_time,msr/tsc/,{minor-faults,major-faults}"


def masked(text):
    """Layout alone: digits become 9, units and paddings that depend on a figure's size one blank.

    What is not laid out alike on purpose: JSON's name of no unit, and counts that exist or not from
    one run to the next (<not counted>, a deviation of nothing).
    """
    text = text.replace('"(null)"', '""')
    text = re.sub(r" +\( \+-.*?%\s*\)", "", text)
    text = re.sub(r"(seconds time elapsed).*", r"\1", text)
    text = re.sub(r"# +[\d.]+ +[KMG]?/sec *", "# 9 /sec ", text)
    text = re.sub(r"[KMG]?/sec", "/sec", text)
    text = re.sub(r"\d+(\.\d+)?", lambda m: "9" + ("." + "9" * (len(m[1]) - 1) if m[1] else ""), text)
    text = re.sub(r" +9", " 9", text)
    return re.sub(r"9\.9+ \+- 9\.9+", "9 +- 9", text)


LAYOUTS = [
    ("-e", MIXED, "true"),
    ("true",),
    ("-d", "true"),
    ("-a", "-e", "cs,cpu-clock", "true"),
    ("-a", "true"),
    ("-a", "-A", "-e", "cs,cpu-clock,duration_time", "true"),
    ("-C", "0", "-e", "cs", "true"),
    ("-C", "0", "-A", "-e", "cs", "true"),
    ("-r", "3", "-e", "task-clock,cycles,page-faults", "true"),
    ("-n", "true"),
    ("-e", "power/energy-psys/,cs", "true"),
    ("-i", "-e", "page-faults", "sh", "-c", "true"),
    ("--no-scale", "-e", "page-faults", "true"),
]


@pytest.mark.parametrize("args", LAYOUTS, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("-x,",), ("-x", "\\t"), ("-j",)], ids=["text", "csv", "tabs", "json"])
def test_the_layout_is_perfs(args, form, perfbox, perf):
    if form and "-n" in args:
        form = ()
    ours, theirs = (tool("stat", *form, *args).err for tool in (perfbox, perf))
    assert masked(ours) == masked(theirs)


@pytest.mark.parametrize("form", [(), ("-x,",), ("-j",)], ids=["text", "csv", "json"])
@pytest.mark.parametrize("args", [("-e", "cpu-clock,cs,cycles"), ("-A", "-e", "cpu-clock")], ids=" ".join)
def test_the_layout_of_intervals_is_perfs(form, args, perfbox, perf):
    ours, theirs = (masked(tool("stat", "-I", "100", *form, "-a", *args, "sleep", "0.25").err).splitlines()
                    for tool in (perfbox, perf))
    assert sorted(set(ours)) == sorted(set(theirs))


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_asleep(process):
    wait_for(lambda: re.match(r"\d+ \(sleep\) S", open(f"/proc/{process.pid}/stat").read()))


def wait_until_it_waits(process):
    """In rt_sigtimedwait(2)."""
    number = {"x86_64": "128 ", "aarch64": "137 "}[platform.machine()]
    wait_for(lambda: open(f"/proc/{process.pid}/syscall").read().startswith(number))


@pytest.fixture
def traced(run, build):
    """perf mounts tracefs where nobody has; here it is mounted for both, and for nobody else."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount tracefs")
    mount = "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec \"$@\""
    return lambda program, *args: run("unshare", "-m", "sh", "-c", mount, "sh",
                                      {"perfbox": build / "perfbox"}.get(program, program), *args).err


def csv_counts(said):
    return {row[2]: row[0] for row in csv.reader(said.splitlines())}


def test_deterministic_counts_are_perfs(traced, perf):
    command = ("/usr/bin/python3", "-SEc",
               "import os\nfor _ in range(1000): os.getppid()\nfor _ in range(7):\n if not os.fork(): os._exit(0)\n os.wait()")
    ours, theirs = (csv_counts(traced(tool, "stat", "-x,", "-e", "syscalls:sys_enter_getppid,sched:sched_process_fork",
                                      *command)) for tool in ("perfbox", "perf"))
    assert ours == theirs == {"syscalls:sys_enter_getppid": "1000", "sched:sched_process_fork": "7"}


def test_children_count_unless_told_otherwise(traced):
    command = ("sh", "-c", "/bin/true; /bin/true; exit 0")
    fork = "sched:sched_process_exec"
    assert csv_counts(traced("perfbox", "stat", "-x,", "-e", fork, *command))[fork] == "3"
    assert csv_counts(traced("perfbox", "stat", "-i", "-x,", "-e", fork, *command))[fork] == "1"


def test_page_faults_are_about_perfs(perfbox, perf, workload):
    ours, theirs = (int(csv_counts(tool("stat", "-x,", "-e", "page-faults", workload("deep"), "1").err)["page-faults"])
                    for tool in (perfbox, perf))
    assert abs(ours - theirs) <= 0.1 * theirs + 3


def test_json_is_json(perfbox):
    rows = [json.loads(line) for line in perfbox("stat", "-j", "-e", MIXED, "true").err.splitlines()]
    assert [row["event"] for row in rows] == re.findall(r"[^,{}]+", MIXED)
    assert float(rows[1]["counter-value"]) > 0 and rows[1]["unit"] == "msec"


def test_what_is_not_there_and_what_never_ran_are_told_apart(perfbox):
    sleeper = subprocess.Popen(["sleep", "30"])
    try:
        wait_until_asleep(sleeper)
        said = perfbox("stat", "-x,", "-e", "cs,9:0x7777,nosuchpmu0", "-p", sleeper.pid, "sleep", "0.1",
                       status=2).err
        assert "nosuchpmu0" in said
        counts = csv_counts(perfbox("stat", "-x,", "-e", "cs,1:0x7777", "-p", sleeper.pid, "sleep", "0.1").err)
        assert counts == {"cs": "<not counted>", "1:0x7777": "<not supported>"}
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_group_whose_leader_is_missing_is_missing(perfbox):
    counts = csv_counts(perfbox("stat", "-x,", "-e", "{1:0x7777,cs},cs:u", "true").err)
    assert counts["cs"] == "<not supported>" and counts["cs:u"].isdigit()


@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_the_status_is_the_commands(script, status, perfbox):
    perfbox("stat", "-e", "cs", "sh", "-c", script, status=status)


@pytest.mark.parametrize("command,status", [("/nonexistent", 127), ("/etc/passwd", 126)])
def test_what_cannot_be_run(command, status, perfbox):
    said = perfbox("stat", "-e", "cs", command, status=status)
    assert re.fullmatch(rf"perfbox stat: {command}: cannot be run: .*\n", said.err)


def test_the_commands_output_and_input_are_its_own(perfbox):
    said = perfbox("stat", "-e", "cs", "cat", stdin="hello\n")
    assert said.out == "hello\n"


def test_signals_print_what_was_counted(build):
    for args, status in ((("sleep", "30"), 130), (("-a",), 0)):
        process = subprocess.Popen([build / "perfbox", "stat", "-e", "cs", *args], stderr=subprocess.PIPE, text=True)
        wait_until_it_waits(process)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        assert "seconds time elapsed" in said and re.search(r"\d +cs", said)
        assert process.returncode == status


def test_a_second_signal_ends_at_once(build):
    stubborn = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done"
    process = subprocess.Popen([build / "perfbox", "stat", "-e", "cs", "sh", "-c", stubborn],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
        assert "seconds time elapsed" in os.read(process.stderr.fileno(), 65536).decode()
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def test_the_command_has_default_signals(perfbox):
    said = perfbox("stat", "-e", "cs", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status").out
    alone = subprocess.run(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"], capture_output=True, text=True).stdout
    assert said == alone


def test_intervals_add_up_and_keep_to_the_clock(traced):
    said = traced("perfbox", "stat", "-I", "100", "-x,", "-e", "syscalls:sys_enter_getppid", "/usr/bin/python3", "-SEc",
                  "import os, time\nfor _ in range(50): os.getppid(); time.sleep(0.01)")
    rows = [row for row in csv.reader(said.splitlines())]
    assert sum(int(row[1]) for row in rows if row[1].isdigit()) == 50
    assert len(rows) >= 5
    for tick, row in enumerate(rows[:4], 1):
        assert float(row[0]) >= 0.1 * tick


def test_interval_count_and_timeout(perfbox):
    said = perfbox("stat", "-I", "20", "--interval-count", "2", "-x,", "-e", "cs", "sleep", "0.2").err
    assert len(said.splitlines()) == 2
    perfbox("stat", "--timeout", "100", "-e", "cs", "sleep", "30", status=143)
    assert "time elapsed" in perfbox("stat", "-a", "--timeout", "50", "-e", "cs").err


def test_a_delay_is_not_counted(traced):
    wait = ("/usr/bin/python3", "-SEc", "import os, time\nos.getppid(); time.sleep(1); os.getppid(); os.getppid()")
    event = "syscalls:sys_enter_getppid"
    assert csv_counts(traced("perfbox", "stat", "-D", "600", "-x,", "-e", event, *wait)) == {event: "2"}


def test_processes_and_threads(perfbox, workload):
    process = subprocess.Popen([workload("threads"), "20", "100"])
    try:
        wait_for(lambda: len(os.listdir(f"/proc/{process.pid}/task")) == 21)
        whole = perfbox("stat", "-x,", "-e", "task-clock", "-p", process.pid, "sleep", "0.3")
        one = perfbox("stat", "-x,", "-e", "task-clock", "-t", process.pid, "sleep", "0.3")
    finally:
        process.kill()
        process.wait()
    assert float(csv_counts(whole.err)["task-clock"]) > 50
    assert csv_counts(one.err)["task-clock"] == "<not counted>" or \
        float(csv_counts(one.err)["task-clock"]) < float(csv_counts(whole.err)["task-clock"])


def test_it_ends_when_the_processes_do(perfbox):
    sleeper = subprocess.Popen(["sleep", "1"])
    threading.Thread(target=sleeper.wait).start()
    perfbox("stat", "-e", "cs", "-p", sleeper.pid, timeout=20)


def test_output_files(perfbox, tmp_path):
    path = tmp_path / "counts"
    assert perfbox("stat", "-x,", "-e", "cs", "-o", path, "true").err == ""
    first = path.read_text()
    assert re.match(r"# started on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} UTC\n\n\d+,,cs,", first)
    perfbox("stat", "-x,", "-e", "cs", "--append", "-o", path, "true")
    assert path.read_text().startswith(first) and path.read_text().count("started on") == 2
    perfbox("stat", "-x,", "-e", "cs", "-o", path, "true")
    assert path.read_text().count("started on") == 1
    assert perfbox("stat", "-x,", "-e", "cs", "--log-fd", "1", "true").out.count(",cs,") == 1
    said = perfbox("stat", "-e", "cs", "-o", "/nonexistent/x", "true", status=1)
    assert said.err.count("\n") == 1
    said = perfbox("stat", "-e", "cs", "-o", "/dev/full", "true", status=1)
    assert "No space" in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize("args,said", [
    ((), "nothing to count"),
    (("-A", "true"), "-A"),
    (("-I", "0", "true"), "-I"),
    (("-I", "10", "-r", "2", "true"), "-r"),
    (("-r", "101", "true"), "-r"),
    (("-r", "2", "-a"), "-r"),
    (("-x,", "-j", "true"), "-x"),
    (("--append", "true"), "--append"),
    (("-e", "nosuch", "true"), "nosuch"),
    (("-C", "9999", "true"), "9999"),
    (("-p", "x", "true"), "x"),
])
def test_what_is_asked_wrongly(args, said, perfbox):
    result = perfbox("stat", *args, status=None)
    assert result.status in (1, 2) and result.out == ""
    assert said in result.err and result.err.count("\n") == 1


def test_an_ordinary_user_is_told_what_he_may_not(run, build, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may become somebody else")
    said = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", build / "perfbox", "stat",
               "-a", "-e", "cs", "true", status=None)
    level = int(open("/proc/sys/kernel/perf_event_paranoid").read())
    assert said.status == (1 if level > 0 else 0)
    if level > 0:
        assert "CAP_PERFMON" in said.err
    said = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", build / "perfbox", "stat",
               "-x,", "-e", "page-faults", "true", status=None)
    if level == 2:
        assert said.status == 0 and ",page-faults:u," in said.err


def test_descriptors_beyond_the_soft_limit(run, build):
    events = ",".join(["cs"] * 40)
    said = run("sh", "-c", "ulimit -Sn 20; exec \"$@\"", "sh", build / "perfbox", "stat", "-x,", "-e", events, "true")
    assert said.err.count(",cs,") == 40
