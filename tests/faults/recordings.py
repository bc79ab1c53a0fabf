"""Whether a recording is whole: both tools open it and find the same samples."""

import os
import pathlib
import re
import subprocess

PERFBOX = pathlib.Path(os.environ.get("PERFBOX", pathlib.Path(__file__).resolve().parents[2] / "build/perfbox"))
LIMIT_S = 15


def samples_by_perfbox(path):
    done = subprocess.run([PERFBOX, "report", "--stats", "-i", path], capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode not in (0, 1) or (done.returncode and "no samples" not in done.stderr and done.stderr.count("\n") != 1):
        return f"perfbox: {done.stderr.strip()}"
    counted = re.search(r"SAMPLE events:\s+(\d+)", done.stdout)
    return int(counted.group(1)) if counted else 0 if done.returncode == 0 else f"perfbox: {done.stderr.strip()}"


def samples_by_perf(path):
    # a comm may hold a newline, so threads are printed and nothing else
    done = subprocess.run(["perf", "script", "-f", "-i", path, "-F", "tid", "-G"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=LIMIT_S)
    return len(done.stdout.splitlines()) if done.returncode == 0 else f"perf: {done.stderr.strip()[-200:]}"


def wrong_with_file(path):
    """None when both tools open it and find the same samples."""
    ours, theirs = samples_by_perfbox(path), samples_by_perf(path)
    if isinstance(ours, str) and "nothing can have been recorded" in ours:
        return None  # a stream that ended before its first attr
    bad = [what for what in (ours, theirs) if isinstance(what, str)]
    if bad:
        return "; ".join(bad)
    return None if ours == theirs else f"{ours} samples by perfbox, {theirs} by perf"
