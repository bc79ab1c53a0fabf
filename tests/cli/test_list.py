import os
import re

import pytest


def names(result):
    """Lines of events, without the blank lines, headings and SDT probes of perf."""
    return sorted(line for line in result.lines if re.search(r"\[[A-Z][a-zA-Z ]+\]$", line)
                  and "[SDT event]" not in line and not line.startswith("   "))


@pytest.mark.parametrize("kind", ["hw", "sw", "cache", "tracepoint", "pmu"])
def test_kinds_are_perfs(kind, run, build, perf):
    def with_tracefs(*argv):
        """perf mounts it where nobody has; here it is mounted for both, and for nobody else."""
        if os.geteuid() != 0:
            return run(*argv, status=None)
        return run("unshare", "-m", "sh", "-c", "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec \"$@\"", "sh",
                   *argv, status=None)

    ours = with_tracefs(build / "perfbox", "list", kind)
    theirs = [line for line in names(with_tracefs("/usr/bin/perf", "list", "--no-desc", kind))
              if ("Tool event" in line) <= (kind == "tool") and ("raw" not in line.lower() or kind != "pmu")]
    assert names(ours) == theirs
    assert ours.status == (0 if theirs else 1)


def test_words_and_globs_pick(perfbox):
    assert {line.split()[0] for line in perfbox("list", "faults").lines} >= {
        "page-faults", "minor-faults", "major-faults"}
    assert all("FAULTS".lower() in line.lower() for line in perfbox("list", "FAULTS").lines)
    assert [line.split()[0] for line in perfbox("list", "cpu-c*k", "dummy").lines] == ["cpu-clock", "dummy"]


def test_nothing_found_is_said(perfbox):
    said = perfbox("list", "nosuchevent", status=1)
    assert said.out == "" and said.err.count("\n") == 1


def test_every_software_event_listed_can_be_counted(perfbox):
    listed = [line.split()[0] for line in perfbox("list", "sw").lines]
    counted = perfbox("stat", "-x,", "-e", ",".join(listed), "true").err
    assert len(listed) > 8 and "<not supported>" not in counted
    assert [line.split(",")[2] for line in counted.splitlines()] == listed


def test_without_tracefs_the_rest_is_listed(run, build):
    if os.geteuid() != 0:
        pytest.skip("only root may hide tracefs")
    hide = "mount -t tmpfs none /sys/kernel/tracing; mount -t tmpfs none /sys/kernel/debug; exec \"$@\""
    said = run("unshare", "-m", "sh", "-c", hide, "sh", build / "perfbox", "list")
    assert "page-faults" in said.out and "Tracepoint" not in said.out
    assert "not mounted" in said.err
