"""No byte from outside reaches a terminal, an SVG, JSON or CSV as anything but text."""

import csv
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

# Names of files, and by that of processes: what a terminal, a browser, a spreadsheet or a parser takes for its own.
NAMES = ["=1+1", "@SUM(1)|x", "-x", "+1", "\x1b[31mred", "\x1b]0;title\x07", "a\nb 1\r\tc", "<script>", "a\"'&;b", "\x9b2J",
         "\xc2\x9b2J\xef\xbf\xbf", "%s%n\\"]
SYMBOL = "</title><script>alert(1)</script>\x1b[2J\x07;&\n\xef\xbf\xbe'\""


def raw(text):
    return text.encode("latin-1")


@pytest.fixture(scope="module")
def place(run, workload, tmp_path_factory):
    """Programs of those names, one more at the end of a path of nearly 4 KiB, and all of them recorded."""
    where = tmp_path_factory.mktemp("hygiene")
    program = where / "program"
    run("objcopy", "--redefine-sym", raw("spin=" + SYMBOL).decode("utf-8", "surrogateescape"), workload("deep"), program)
    for name in NAMES:
        shutil.copy(program, os.fsencode(where) + b"/" + raw(name))
    return where


def deep_path(where):
    parts = [raw("\x1b[31m<d>\n")[:8] + b"d" * 200] * ((4000 - len(os.fsencode(where))) // 210)
    return b"/".join([os.fsencode(where), *parts, b"far"])


@pytest.fixture(scope="module")
def recording(perfbox, place):
    far = deep_path(place)
    os.makedirs(os.path.dirname(far))
    shutil.copy(place / "program", far)
    assert len(far) > 3500
    programs = [os.fsencode(place) + b"/" + raw(name) for name in NAMES] + [far]
    runner = "import subprocess, sys\nfor p in sys.argv[1:]: subprocess.run([p, '0.03'])"
    perfbox("record", "-q", "-g", "-F", "2000", "-e", "cpu-clock", "-o", place / "data", "/usr/bin/python3", "-c", runner,
            *(os.fsdecode(p) for p in programs))
    return place / "data"


def clean(said, tabs=False):
    """Standard output and error as text without a control character."""
    text = (said.out + said.err).decode("utf-8")  # strictly
    found = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]" if tabs else r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert not found, text
    return said.out.decode("utf-8")


TEXTS = [("report",), ("report", "-g", "caller", "-n"), ("report", "-s", "comm,dso,symbol,pid", "-g", "none"), ("report", "--header-only"),
         ("report", "-v", "--symfs", "/nonexistent"), ("report", "--folded"), ("report", "--stats"), ("script", "--header"),
         ("script", "-D"), ("script", "-F", "comm,pid,tid,time,event,period,ip,sym,dso,symoff"), ("inspect",), ("inspect", "--json")]


@pytest.mark.parametrize("command", TEXTS, ids=" ".join)
def test_text_has_no_control_characters(recording, perfbox, command):
    option = [] if command[0] == "inspect" else ["-i"]
    text = clean(perfbox(*command, *option, recording, text=False), tabs=command[0] == "script")
    if command[-1] in ("report", "caller", "pid,tid", "--folded") or command[0] == "script" and "-D" not in command:
        assert "\\x1b[31mred" in text and ("alert(1)" in text or "--header" in command)


def test_folded_lines_are_whole(recording, perfbox):
    lines = perfbox("report", "--folded", "-i", recording, text=False).out.decode("utf-8").split("\n")
    assert lines.pop() == "" and len(lines) > len(NAMES)
    assert all(re.fullmatch(r"[^;]+(;[^;]+)+ \d+", line) for line in lines)
    assert any(line.startswith("a\\x0ab 1") for line in lines)


def test_a_drawing_is_xml_with_one_script(recording, perfbox):
    drawing = perfbox("report", "--flamegraph", "-", "-i", recording, text=False).out
    root = xml.etree.ElementTree.fromstring(drawing)
    assert sum(e.tag.endswith("script") for e in root.iter()) == 1
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") and "alert" in e.attrib[name]]
    assert "alert(1)" in "".join(root.itertext())


def test_json_is_json(recording, perfbox):
    told = json.loads(perfbox("inspect", "--json", recording, text=False).out.decode("utf-8"))
    assert any(word.endswith("/\x1b[31mred") for word in told["command"])


@pytest.fixture(params=[NAMES[at] for at in (0, 4, 6, 9)], ids=lambda name: name.encode("unicode_escape").decode())
def running(request, place):
    process = subprocess.Popen([os.fsencode(place) + b"/" + raw(request.param), b"1000"])
    yield process.pid
    process.kill()
    process.wait()


def test_what_tells_of_a_process(running, perfbox):
    clean(perfbox("top", "--stdio", "--rounds", "1", "-d", "0.1", "-s", "comm,dso,symbol", "-p", running, text=False))
    assert len(clean(perfbox("caps", running, text=False)).splitlines()) == 2
    clean(perfbox("check", "-p", running, text=False, status=None))
    json.loads(clean(perfbox("check", "--json", "-p", running, text=False, status=None)))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.encode("unicode_escape").decode())
def test_what_tells_of_a_command(name, place, perfbox):
    command = os.fsdecode(raw(name))
    clean(perfbox("stat", "-e", "cs", "--", f"{place}/{command}", "0.001", text=False))
    said = perfbox("stat", "-x,", "-e", "cs,task-clock", "--", f"{place}/{command}", "0.001", text=False)
    clean(said)
    for row in csv.reader(said.err.decode("utf-8").splitlines()):
        assert 7 <= len(row) <= 8 and not any(cell[:1] in "=+-@" and cell for cell in row)
    said = perfbox("stat", "-j", "-e", "cs", "--", f"{place}/{command}", "0.001", text=False)
    clean(said)
    json.loads(said.err.decode("utf-8"))
    # and where it is told that it is not there: a line each
    for words in (("stat", "--", f"/nonexistent/{command}"), ("report", "-i", f"/nonexistent/{command}"),
                  ("inspect", f"/nonexistent/{command}"), ("stat", "-e", f"x{command}", "true"), ("list", f"x{command}"),
                  ("scrub", "--anonymize", f"/nonexistent/{command}", place / "out"), ("recover", f"/nonexistent/{command}", place / "out"),
                  ("report", "-s", f"x{command}", "-i", place / "none"), ("getcap", f"/nonexistent/{command}")):
        said = perfbox(*words, text=False, status=None)
        clean(said)
        assert (said.out + said.err).count(b"\n") == 1, said


def test_a_refusal_has_its_lines(perfbox, tmp_path):
    said = perfbox("record", "-b", "-e", "cpu-clock", "-o", tmp_path / "x", "true", status=1)
    assert re.search(r"\nrefused by .*\nsmallest fix: .*\nthe rest: perfbox check", said.err)
