"""record --max-category: refused before anything is opened, with the option and its category."""

import pathlib
import re

import pytest

REFUSED = [("3", [], "code address"), ("4a", ["-d"], "-d would collect data addresses (category 4b)"),
           ("3", ["-g"], "code address"), ("4b", ["--call-graph", "dwarf"], "--call-graph dwarf would collect contents of memory (category 4d)"),
           ("4b", ["-I"], "-I would collect contents of registers (category 4c)"),
           ("4b", ["--user-regs"], "--user-regs, --call-graph dwarf would collect contents of registers (category 4c)"),
           ("3", ["-b"], "code address"), ("2", ["-W"], "code address"), ("1", ["--sample-cpu"], "code address"),
           ("4a", ["-e", "mem:0x1000:w"], "event mem:0x1000:w collects data addresses (category 4b, bp_addr)")]


@pytest.mark.parametrize("ceiling,options,reason", REFUSED)
def test_what_collects_more_is_refused(perfbox, tmp_path, ceiling, options, reason):
    event = [] if "-e" in options else ["-e", "cpu-clock"]
    said = perfbox("record", "--max-category", ceiling, *event, *options, "-o", tmp_path / "data", "--",
                   "touch", tmp_path / "ran", status=1)
    assert reason in said.err and said.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ceiling,options", [("4a", ["-g"]), ("4b", ["-d"]), ("4c", ["-I"]), ("4", ["--call-graph", "dwarf"])])
def test_what_is_allowed_is_recorded(perfbox, tmp_path, ceiling, options):
    perfbox("record", "-q", "--max-category", ceiling, "-e", "cpu-clock", *options, "-o", tmp_path / "data", "true")
    assert (tmp_path / "data").exists()


def test_a_wrong_category_is_a_usage_error(perfbox):
    assert "want 1, 2" in perfbox("record", "--max-category", "5", "true", status=2).err


def test_stat_is_category_3_and_opens_no_ring(run, build, workload):
    """Whatever it counts, no event is mapped, none samples."""
    done = run("strace", "-qq", "-e", "trace=perf_event_open,mmap", "-e", "abbrev=none", build / "perfbox", "stat", "-d", "-a",
               "-e", "cs,page-faults,cpu-clock", workload("deep"), "0.01")
    opened = re.findall(r"perf_event_open\((.*)\) = (\d+)$", done.err, re.M)
    assert len(opened) > 3
    for attr, fd in opened:
        assert not re.search(rf"mmap\([^)]*, {fd}<?[^)]*, [0-9]+\)", done.err), fd
        assert re.search(r"sample_period=0|sample_freq=0", attr) and "sample_type=0" in attr


def test_whatever_the_abi_names_has_a_category(build):
    """A row for every field, record and section; every flag lies in the table, where no row means 1."""
    abi, table = ((pathlib.Path(__file__).parents[2] / "src/data" / name).read_text() for name in ("abi.h", "category.c"))
    names = set(re.findall(r"^\s*((?:PERF_SAMPLE|PERF_RECORD|HEADER)_\w+)\s*[=,]", abi, re.M))
    named = {name for name in names if not re.search(r"_MISC_|_REGS_ABI_|_SAMPLE_MAX$|^HEADER_FEATURES$", name)}
    assert len(named) > 100 and named <= set(re.findall(r"(?:AT\(|\[)(\w+)[)\]] =", table))
    flags = [int(bit) for bit in re.findall(r"PERF_ATTR_\w+ (?:= |\()1ull << (\d+)", abi)]
    assert len(flags) > 35 and max(flags) < int(re.search(r"uint8_t flag\[(\d+)\]", table)[1]) == max(flags) + 1
