"""Fixed memory: under a limit of address space just above the plan, with inputs ten times larger than it.

The plan is what the binary takes, --memory, and record's and top's rings; the stack and the kernel's own
pages come on top.
"""

import re
import resource
import subprocess
import sys

import pytest

sys.path.insert(0, __file__.rpartition("/")[0] + "/../bench")
import perfdata

KIB = 1024
ON_TOP = 512 * KIB
OFFLINE = 8192 * KIB  # report's and script's tables
NARROW = 2048 * KIB  # too few for what report is given
RECORD = 256 * KIB
TOP = 4096 * KIB
RING_PAGES = 16


@pytest.fixture(scope="module")
def image(build):
    """What the binary itself takes: all of its segments."""
    table = subprocess.run(["readelf", "-lW", build / "perfbox"], capture_output=True, text=True, check=True).stdout
    return sum(int(size, 16) for size in re.findall(r"LOAD(?:\s+0x\w+){4}\s+0x(\w+)", table))


@pytest.fixture(scope="module")
def limited(run, build, image):
    """Runs perfbox with so much for its tables and rings, and little more."""
    def start(memory, rings, command, *args):
        limit = image + memory + rings + ON_TOP
        return run("prlimit", f"--as={limit}", build / "perfbox", command, "--memory", memory, *args)
    return start


@pytest.fixture(scope="module")
def ring_pages(perfbox, workload, tmp_path_factory):
    """KiB that record's rings take, which top's do as well."""
    path = tmp_path_factory.mktemp("plan") / "perf.data"
    said = perfbox("record", "-v", "-m", RING_PAGES, "-o", path, workload("deep"), "0.01").err
    return int(re.search(r"control them; (\d+) KiB in all", said).group(1)) * KIB


@pytest.fixture(scope="module")
def recorded(limited, ring_pages, workload, tmp_path_factory):
    """record itself, under its limit."""
    path = tmp_path_factory.mktemp("memory") / "perf.data"
    for seconds in ("0.3", "1.5", "6"):  # a slow machine takes fewer samples
        limited(RECORD, ring_pages, "record", "-m", RING_PAGES, "-F", "20000", "-g", "-o", path, workload("deep"), seconds)
        if path.stat().st_size > RECORD:
            break
    return path


@pytest.fixture(scope="module")
def large(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "perf.data"
    samples = perfdata.grow(recorded, path, 10 * OFFLINE)
    yield path, samples
    path.unlink()


def test_record(recorded):
    assert perfdata.counts(recorded)[0] > 100 and recorded.stat().st_size > RECORD


def test_report_and_script_lose_nothing(limited, perfbox, large):
    path, samples = large
    report = limited(OFFLINE, 0, "report", "-n", "-i", path)
    assert report.err == "" and report.out == perfbox("report", "-n", "-i", path).out
    script = limited(OFFLINE, 0, "script", "-F", "tid,time", "-G", "-i", path)
    assert script.err == "" and len(script.lines) == samples


def test_a_report_with_too_many_addresses_lumps_them_and_says_so(perfbox, limited, workload, tmp_path):
    flat, path = tmp_path / "flat.data", tmp_path / "wide.data"
    perfbox("record", "-q", "-F", "10000", "-o", flat, workload("deep"), "0.1")
    samples = perfdata.grow(flat, path, 4 * NARROW, apart=4099)
    report = limited(NARROW, 0, "report", "-n", "-i", path, "-g", "none", "--no-children")
    assert re.search(r"the call tree is full: \d+ frames are counted with their callers; give more --memory", report.err)
    counted = sum(int(line.split()[1]) for line in report.lines if re.match(r" +[0-9.]+%", line))
    missing = re.search(r"(\d+) call paths found no row", report.err)
    assert counted == samples or missing and counted < samples


def test_stat_and_top(limited, ring_pages):
    assert limited(16 * KIB, 0, "stat", "-a", "-I", "10", "--", "sleep", "0.2").err.count("cpu-clock") > 3
    top = limited(TOP, ring_pages, "top", "--stdio", "--rounds", "2", "-d", "0.1", "-F", "20000", "-m", RING_PAGES)
    assert "Overhead" in top.out or "%" in top.out
