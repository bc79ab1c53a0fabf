"""Flame graphs and folded stacks, held against report's own table and against stock perf."""

import collections
import re
import shutil
import xml.etree.ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def recording(perfbox, workload, tmp_path_factory):
    """Two commands, so that frames stand side by side from the bottom row on."""
    path = tmp_path_factory.mktemp("flame") / "perf.data"
    other = path.with_name("other")
    shutil.copy(workload("deep"), other)
    perfbox("record", "-q", "-F", 2000, "-g", "-o", path, "--",
            "sh", "-c", f"{workload('deep')} 0.1; {other} 0.2")
    return path


def fold(text):
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, weight = line.rsplit(" ", 1)
        stacks[tuple(stack.split(";"))] += int(weight)
    return stacks


def frames(svg):
    """Every drawn frame as (name, x, width, row from the bottom, tail of its title)."""
    root = xml.etree.ElementTree.fromstring(svg)
    found = []
    for e in root.findall(f"{SVG}svg"):
        name, tail = e.find(f"{SVG}title").text.rsplit("\n", 1)
        found.append((name, float(e.get("x")[:-1]), float(e.get("width")[:-1]), int(e.get("y")), tail))
    bottom = max(f[3] for f in found)
    return [(n, x, w, (bottom - y) // 16, tail) for n, x, w, y, tail in found]


def test_folded_sums_are_those_of_the_table(perfbox, perf, recording):
    stacks = fold(perfbox("report", "-i", recording, "--folded").out)
    table = perfbox("report", "-i", recording, "-g", "none", "-s", "symbol").out
    total = int(re.search(r"Event count \(approx\.\): (\d+)", table)[1])
    assert sum(stacks.values()) == total
    inclusive = collections.Counter()
    for stack, weight in stacks.items():
        for name in set(stack[1:]):
            inclusive[name] += weight
    for whose in (table, perf("report", "--stdio", "-i", recording, "-g", "none", "-s", "symbol").out):
        rows = re.findall(r"^ +([\d.]+)% +[\d.]+% +\[[.k]\] (main|dive|spin) *(?:- .*)?$", whose, re.M)
        for name in ("main", "dive", "spin"):
            percent = sum(float(p) for p, n in rows if n == name)  # one row per image
            assert percent > 50
            assert inclusive[name] * 100 / total == pytest.approx(percent, abs=0.021), name


def test_svg_has_the_frames_of_the_folded_stacks(perfbox, recording, tmp_path):
    stacks = fold(perfbox("report", "-i", recording, "--folded").out)
    total = sum(stacks.values())
    paths = collections.Counter()
    for stack, weight in stacks.items():
        for depth in range(len(stack) + 1):
            paths[stack[:depth]] += weight
    done = perfbox("report", "-i", recording, "--flamegraph", tmp_path / "f.svg")
    assert done.out == done.err == ""
    drawn = frames((tmp_path / "f.svg").read_bytes())
    wide = sorted((len(p), p[-1] if p else "all", round(w * 100 / total, 2)) for p, w in paths.items()
                  if w >= total * 0.0004)
    assert sorted((row, name, round(float(re.search(r"([\d.]+)%$", tail)[1]), 2))
                  for name, x, width, row, tail in drawn) == pytest.approx(wide)
    assert drawn[0][:3] == ("all", 0, 100)
    for name, x, width, row, tail in drawn[1:]:
        assert any(row - 1 == r and x >= px - 0.002 and x + width <= px + w + 0.002
                   for n, px, w, r, t in drawn), name
    rows = sorted((row, x, x + width) for name, x, width, row, tail in drawn)
    for (row, _, end), (above, x, _) in zip(rows, rows[1:]):
        assert row != above or x >= end - 0.002


def test_svg_is_self_contained_and_small(perfbox, recording):
    svg = perfbox("report", "-i", recording, "--flamegraph", "-").out
    svg = svg.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xhtml", "")
    assert "http" not in svg and "href" not in svg and "url(" not in svg and "@import" not in svg
    assert len(svg) < 300 * max(40, svg.count("<title>"))
    assert perfbox("report", "-i", recording, "--flamegraph", "-").out.count("<svg") == \
        svg.count("<svg")


def test_hostile_names_stay_text(perfbox, run, workload, tmp_path):
    name = "<b>\"&;'\x07\u00e9]]>"
    evil = tmp_path / name[:15]
    symbol = "</title><script>alert(1)</script>;&\x1b[31m"
    run("objcopy", "--redefine-sym", f"spin={symbol}", workload("deep"), evil)
    perfbox("record", "-q", "-F", 2000, "-g", "-o", tmp_path / "d", "--", evil)
    svg = perfbox("report", "-i", tmp_path / "d", "--flamegraph", "-").out
    root = xml.etree.ElementTree.fromstring(svg)
    assert len(list(root.iter(f"{SVG}script"))) == 1
    names = {f[0] for f in frames(svg)}
    assert any("<script>alert(1)</script>;&" in n for n in names)
    assert any(n.startswith("<b>\"&;'") for n in names)
    folded = perfbox("report", "-i", tmp_path / "d", "--folded").out
    assert "\x1b" not in folded and "\x07" not in folded
    assert all(";" not in n for stack in fold(folded) for n in stack)
    assert any("<script>alert(1)</script>:&" in n for stack in fold(folded) for n in stack)


def test_what_cannot_be_drawn_or_written_is_said(perfbox, recording, tmp_path):
    done = perfbox("report", "-i", recording, "--flamegraph", tmp_path / "no/f.svg", status=1)
    assert "No such file or directory" in done.err and done.out == ""
    done = perfbox("report", "-i", recording, "--flamegraph", "/dev/full", status=1)
    assert "No space left on device" in done.err
    done = perfbox("report", "-i", recording, "--comms", "nobody", "--flamegraph", tmp_path / "f.svg",
                   status=1)
    assert "nothing to draw" in done.err
