"""What a recording has lost: told exactly, by event and CPU, to the user, to the file and to stock perf."""

import os
import re
import resource
import signal
import subprocess
import time

import pytest

SUM = r"(\S+): (\d+) counted = (\d+) recorded \+ (\d+) lost \+ (-?\d+) (\w+)"


def table(text):
    """{(event, CPU): (samples, lost, throttled, ms, cut)} of the loss table in a text."""
    rows = re.findall(r"^(\S+) +(\d+|all|\?) +(\d+|-) +(\d+) +(\d+) +([\d.]+) +(\d+)$", text.partition("Loss by event")[2], re.M)
    return {(event, cpu): (samples, *map(float, rest)) for event, cpu, samples, *rest in rows}


def lost_by_cpu(rows, event):
    return {cpu: values[1] for (name, cpu), values in rows.items() if name == event and values[1]}


def storm(workload):
    """A command that stops its recorder for a while: rings of one page overflow for certain."""
    forks = workload("forks")
    return ["sh", "-c", f"{forks} 100; kill -STOP $PPID; {forks} 100; kill -CONT $PPID; {forks} 100"]


@pytest.fixture(scope="module")
def flood(perfbox, workload, tmp_path_factory):
    path = tmp_path_factory.mktemp("flood") / "perf.data"
    said = perfbox("record", "-v", "-c", "1", "-e", "page-faults,context-switches", "-m", "1", "-g", "-o", path, *storm(workload)).err
    return path, said


def test_what_is_counted_is_recorded_or_lost(flood):
    _, said = flood
    sums = {event: tuple(map(int, numbers)) for event, *numbers, _ in re.findall(SUM, said)}
    rows = table(said)
    assert set(sums) == {"page-faults", "context-switches"} and sums["page-faults"][2] > 0
    for event, (counted, recorded, lost, rest) in sums.items():
        assert counted == recorded + lost and rest == 0
        assert rows[event, "all"][:2] == (str(recorded), lost)
    assert f"{sum(s[1] for s in sums.values())} samples, {sum(s[2] for s in sums.values())} lost," in said


def test_the_sum_of_all_cpus(flood):
    rows = table(flood[1])
    assert sum(lost for cpu, lost in lost_by_cpu(rows, "page-faults").items() if cpu != "all") == rows["page-faults", "all"][1]


def test_the_file_tells_the_same(flood, perfbox):
    path, said = flood
    ours, theirs = table(perfbox("report", "--stats", "-i", path).out), table(said)
    for event in ("page-faults", "context-switches"):
        assert lost_by_cpu(ours, event) == lost_by_cpu(theirs, event)
        assert ours[event, "all"] == theirs[event, "all"]


def test_stock_perf_tells_the_same(flood, perf, perfbox):
    path, said = flood
    lost = int(re.search(r" (\d+) lost,", said.splitlines()[-1]).group(1))
    assert f"Total Lost Samples: {lost}\n" in perf("report", "--stdio", "-f", "-i", path).out
    assert f"Total Lost Samples: {lost}\n" in perfbox("report", "--stdio", "-i", path).out
    complaints = perf("script", "-f", "-i", path, "-F", "comm").err
    assert re.fullmatch(r"Warning:\nProcessed \d+ events and lost \d+ chunks!\n\nCheck IO/CPU overload!\n\n"
                        r"(Warning:\nProcessed \d+ samples and lost [\d.]+%!\n\n)?"
                        r"(Warning:\n\d+ out of order events recorded.\n)?", complaints)


def test_every_sample_of_a_flood_has_its_mapping(flood, perf):
    """Rings of samples overflow, the side-band's do not: no exec or mapping is missing."""
    path, said = flood
    assert table(said)["dummy:HG", "all"][1] == 0
    lines = perf("script", "-f", "-i", path, "-F", "comm,pid,ip,dso", "-G").lines
    unknown = [line for line in lines if "[unknown]" in line]
    assert len(lines) > 1000 and not unknown, unknown[:5]


def test_a_stream_tells_it_too(perfbox, workload, tmp_path):
    path = tmp_path / "stream"
    stream = perfbox("record", "-v", "-c", "1", "-e", "page-faults", "-m", "1", "-o", "-", *storm(workload), text=False)
    path.write_bytes(stream.out)
    ours, theirs = table(perfbox("report", "--stats", "-i", path).out), table(stream.err.decode())
    assert lost_by_cpu(ours, "page-faults") == lost_by_cpu(theirs, "page-faults")


def test_periods_and_clocks_say_what_is_left_over(perfbox, workload, tmp_path):
    said = perfbox("record", "-v", "-e", "cpu-clock,page-faults", "-c", "100", "-o", tmp_path / "perf.data", workload("forks"), "20").err
    sums = {event: (*map(int, numbers), why) for event, *numbers, why in re.findall(SUM, said)}
    counted, recorded, lost, rest, why = sums["page-faults"]
    assert counted == recorded + lost + rest and recorded % 100 == 0 and rest >= 0 and why == "left"
    assert sums["cpu-clock"][4] == "not"


def test_stacks_deeper_than_the_kernel_walks(perfbox, workload, tmp_path):
    """40 frames fit into perf_event_max_stack (127), 200 do not."""
    path = tmp_path / "perf.data"
    said = perfbox("record", "-F", "1000", "-g", "-e", "cpu-clock:u", "-o", path, workload("deep"), "0.3", "200").err
    cut = int(re.search(r", (\d+) callchains cut at 127 frames", said).group(1))
    assert cut > 0.8 * int(re.search(r"(\d+) samples", said).group(1))
    assert table(perfbox("report", "--stats", "-i", path).out)["cpu-clock:u", "all"][4] == cut
    assert "cut" not in perfbox("record", "-F", "1000", "-g", "-e", "cpu-clock:u", "-o", path, workload("deep"), "0.1").err


def test_nothing_lost_is_not_worth_a_line(perfbox, workload, tmp_path):
    said = perfbox("record", "-e", "page-faults", "-c", "50", "-o", tmp_path / "perf.data", workload("forks"), "2").err
    assert len(said.splitlines()) == 1 and ", 0 lost," in said


def test_a_stopped_command_does_not_keep_the_file(build, perf, tmp_path):
    """Ctrl-C while the command is stopped: the file is finished, the command hears of it."""
    path = tmp_path / "perf.data"
    recorder = subprocess.Popen([build / "perfbox", "record", "-e", "page-faults", "-c", "1", "-o", path, "sh", "-c", "kill -STOP $$"],
                                stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 20
        while not stopped_child(recorder.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        recorder.send_signal(signal.SIGINT)
        said = recorder.communicate(timeout=20)[1]
    finally:
        recorder.kill()
    assert recorder.returncode == 128 + signal.SIGINT and " samples, 0 lost" in said
    assert len(perf("script", "-f", "-i", path, "-F", "comm").lines) > 0


def test_a_target_with_thousands_of_threads(perfbox, workload, tmp_path):
    """All are followed; the table of threads, descriptors and ids is told apart by id, not by search."""
    count = min(4000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // (2 * os.cpu_count()) - 50)
    crowd = subprocess.Popen([workload("crowd"), str(count), "60"], stdout=subprocess.PIPE)
    try:
        assert crowd.stdout.readline() == b"ready\n"
        said = perfbox("record", "-v", "-c", "1", "-e", "context-switches", "-o", tmp_path / "perf.data", "-p", crowd.pid, "sleep", "1").err
    finally:
        crowd.kill()
        crowd.wait()
    cpus = int(re.search(r"(\d+) CPUs", said).group(1))
    assert f"{count + 1} threads, {(count + 1) * cpus * 2} descriptors" in said
    counted, recorded, lost, rest = map(int, re.search(r"context-switches: (\d+) counted = (\d+) recorded \+ (\d+) lost \+ (-?\d+) ", said).groups())
    assert rest == 0 and counted == recorded + lost and recorded > 0


def stopped_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    return any(state(child) == "T" for child in children)


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]
