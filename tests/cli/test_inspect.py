"""inspect against what perf itself says of files that it makes during the test."""

import json
import os
import re
import shutil

import pytest


@pytest.fixture(scope="module")
def recordings(perf, workload, tmp_path_factory):
    where = tmp_path_factory.mktemp("inspect")
    threads = str(workload("threads"))
    perf("record", "-q", "-g", "-F", "2000", "-o", where / "chains", threads)
    perf("record", "-q", "-d", "--call-graph", "dwarf,512", "-e", "page-faults,cpu-clock", "-o", where / "stacks", threads)
    return where


def inspect(perfbox, path, **how):
    return json.loads(perfbox("inspect", "--json", path, **how).out)


def parts(told):
    return {part["name"]: part for part in told["parts"]}


def test_counts_are_perfs(recordings, perf, perfbox):
    told = parts(inspect(perfbox, recordings / "chains"))
    dump = perf("script", "-D", "-i", recordings / "chains").out
    for name in ["SAMPLE", "MMAP2", "COMM", "FORK", "EXIT"]:
        count = len(re.findall(rf"PERF_RECORD_{name}\b", dump))
        assert told["CALLCHAIN" if name == "SAMPLE" else name]["count"] == count > 0


def test_categories_are_those_that_were_recorded(recordings, perfbox):
    chains, stacks = (inspect(perfbox, recordings / name) for name in ("chains", "stacks"))
    assert chains["max_category"] == "4a" and stacks["max_category"] == "4d"
    told = {name: part["category"] for name, part in parts(stacks).items()}
    assert [told[name] for name in ("STACK_USER", "REGS_USER", "ADDR", "IP", "PERIOD", "TID", "HOSTNAME")] == \
        ["4d", "4c", "4b", "4a", "3", "2", "1"]
    assert {"STACK_USER", "REGS_USER", "ADDR"} <= set(stacks["events"][0]["fields"])


def test_every_byte_is_counted_once(recordings, perfbox):
    """Header, attrs' sections and the table of sections are no data."""
    for name in ("chains", "stacks"):
        told = inspect(perfbox, recordings / name)
        counted = sum(category["bytes"] for category in told["categories"])
        assert 0 <= os.path.getsize(recordings / name) - counted < 1024


def test_the_text_tells_who_when_where_and_how(recordings, perfbox):
    text = perfbox("inspect", recordings / "stacks").out
    assert re.search(rf"^host: +{os.uname().nodename}$", text, re.M)
    assert re.search(r"^command: .*--call-graph dwarf,512", text, re.M)
    assert re.search(r"^written: .* UTC, belongs to root$", text, re.M) or os.getuid()
    assert re.search(r"^  4d  .*passwords", text, re.M)


def test_hostile_names_are_escaped(perf, perfbox, tmp_path, workload):
    evil = tmp_path / "a\x1b[31m\n\"<script>=1+1"
    shutil.copy(workload("threads"), evil)
    perf("record", "-q", "-o", tmp_path / "data", evil)
    text = perfbox("inspect", tmp_path / "data").out
    assert "\x1b" not in text and "\\x1b[31m\\x0a" in text
    assert str(evil) in inspect(perfbox, tmp_path / "data")["command"]


def test_a_pipe_is_inspected_too(run, perfbox, workload, tmp_path):
    piped = run("sh", "-c", f"perf record -q -g -o - {workload('threads')}", text=False).out
    told = json.loads(perfbox("inspect", "--json", "-", stdin=piped, text=False).out)
    assert told["host"] == os.uname().nodename and told["max_category"] == "4a" and told["whole"]


def test_what_is_cut_is_said(recordings, perfbox, tmp_path):
    whole = (recordings / "chains").read_bytes()
    for share in (0, 7, 50, 104, 300, len(whole) // 2, len(whole) - 2000, len(whole) - 9):
        (tmp_path / "short").write_bytes(whole[:share])
        said = perfbox("inspect", tmp_path / "short", status=1)
        assert said.err.count("\n") == 1
        assert re.search(r"/short (is (cut off|empty|not a perf)|has a damaged header)", said.err)


def test_what_is_no_recording_is_said(perfbox, tmp_path):
    (tmp_path / "text").write_text("hello, world\n" * 100)
    assert "is not a perf.data file" in perfbox("inspect", tmp_path / "text", status=1).err
    assert "No such file" in perfbox("inspect", tmp_path / "none", status=1).err
    assert perfbox("inspect", "a", "b", status=2).out == ""
