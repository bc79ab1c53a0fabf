"""setcap and getcap against libcap's, byte for byte: attribute, output, status."""

import os
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import captexts  # noqa: E402

ATTRIBUTE = "security.capability"
PERFMON_EP = bytes.fromhex("0100000200000000000000004000000000000000")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set capabilities")


@pytest.fixture
def libcap(run):
    return lambda tool, *args, **how: run(f"/usr/sbin/{tool}", *args, **how)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program"
    shutil.copy("/bin/true", path)
    return path


def attribute(path):
    try:
        return os.getxattr(path, ATTRIBUTE)
    except OSError:
        return None


def clear(path):
    if attribute(path) is not None:
        os.removexattr(path, ATTRIBUTE)


def test_same_attribute_and_status_for_every_text(perfbox, libcap, program):
    valid = 0
    texts = [text for text in captexts.texts(620) if text != "-r" and text != "-"]
    for text in texts:
        clear(program)
        theirs = libcap("setcap", text, program, status=None).status, attribute(program)
        clear(program)
        ours = perfbox("setcap", text, program, status=None).status, attribute(program)
        assert ours == theirs, text
        valid += theirs[0] == 0
    assert len(texts) >= 500 and 150 < valid < len(texts) - 150


def test_same_text_for_every_attribute(perfbox, libcap, tmp_path):
    paths = [tmp_path / f"f{n}" for n in range(200)]
    for path, value in zip(paths, captexts.attributes(200)):
        path.touch()
        os.setxattr(path, ATTRIBUTE, value)
    for options in [], ["-n"], ["-v", "-n"]:
        ours, theirs = perfbox("getcap", *options, *paths), libcap("getcap", *options, *paths)
        assert len(theirs.lines) == 200 and ours.out == theirs.out


def test_each_reads_back_what_the_other_wrote(perfbox, libcap, program):
    for n, value in enumerate(captexts.attributes(40)):
        os.setxattr(program, ATTRIBUTE, value)
        text = (perfbox if n % 2 else lambda c, f: libcap(c, f))("getcap", program).out.split(" ", 1)[1].strip()
        clear(program)
        writer = libcap("setcap", text, program, status=None) if n % 2 else perfbox("setcap", text, program, status=None)
        assert writer.status == 0 and attribute(program)[4:20] == value[4:20], text


VERIFY = [("cap_perfmon=ep", "cap_perfmon=ep"), ("cap_perfmon=ep", "cap_perfmon=p"), ("cap_perfmon=ep", "cap_perfmon,cap_bpf=eip"),
          ("cap_perfmon=ep", "="), ("cap_perfmon=ep", "-r"), (None, "="), (None, "-r"), (None, "cap_kill=i"),
          ("=", "-r"), ("all=ep", "=ep"), ("cap_perfmon=e", "cap_perfmon=e"), ("cap_perfmon=ep", "bogus")]


@pytest.mark.parametrize("have,want", VERIFY)
@pytest.mark.parametrize("options", [["-v"], ["-q", "-v"], ["-v", "-n", "1000"], ["-v", "-n", "bogus"]])
def test_verify(perfbox, libcap, program, have, want, options):
    if have:
        libcap("setcap", have, program)
    theirs = libcap("setcap", *options, want, program, status=None)
    ours = perfbox("setcap", *options, want, program, status=None)
    assert (ours.out, ours.status) == (theirs.out, theirs.status)


def test_the_document_s_lines(perfbox, run, tmp_path):
    perfbox("--install", tmp_path)
    shutil.copy("/bin/true", tmp_path / "program")
    where = {"cwd": tmp_path}
    for text in "cap_perfmon,cap_sys_ptrace,cap_syslog=ep", "38,cap_ipc_lock,cap_sys_ptrace,cap_syslog=ep":
        run(tmp_path / "setcap", text, "program", **where)
        assert run(tmp_path / "setcap", "-v", text, "program", **where).out == "program: OK\n"
    assert run(tmp_path / "getcap", "program", **where).out == \
        "program cap_ipc_lock,cap_sys_ptrace,cap_syslog,cap_perfmon=ep\n"


STDIN = ["cap_bpf=ep\n\n", "cap_bpf=ep\n", "cap_bpf=ep", "\n", "", "cap_bpf=ep\ncap_kill=ep\n\n", "cap_bpf=ep\n cap_kill=ep\n",
         "\n\ncap_bpf=ep\n", "bogus\n\n", "  cap_bpf=ep\n\n"]


@pytest.mark.parametrize("stdin", STDIN)
def test_capabilities_from_standard_input(perfbox, libcap, program, stdin):
    theirs = libcap("setcap", "-", program, stdin=stdin, status=None).status, attribute(program)
    clear(program)
    assert (perfbox("setcap", "-", program, stdin=stdin, status=None).status, attribute(program)) == theirs


def test_root_of_a_namespace_is_written_as_version_3(perfbox, libcap, program):
    perfbox("setcap", "-n", "1000", "cap_perfmon=ep", program)
    value = attribute(program)
    libcap("setcap", "-n", "1000", "cap_perfmon=ep", program)
    assert value == attribute(program) and len(value) == 24
    assert perfbox("getcap", "-n", program).out == f"{program} cap_perfmon=ep [rootid=1000]\n"


def test_root_ids_are_unsigned(perfbox, program):
    perfbox("setcap", "-n", "4294967294", "cap_perfmon=ep", program)
    assert "[rootid=4294967294]" in perfbox("getcap", "-n", program).out


@pytest.mark.parametrize("rootid", ["0", "x", "-1", "", "4294967295", "4294967296"])
def test_a_root_that_is_none(perfbox, program, rootid):
    perfbox("setcap", "-n", rootid, "cap_perfmon=ep", program, status=1)
    assert attribute(program) is None


def test_pairs_go_up_to_the_first_failure(perfbox, program, tmp_path):
    second, third = tmp_path / "second", tmp_path / "third"
    second.touch(), third.touch()
    perfbox("setcap", "cap_perfmon=ep", program, "bogus=ep", second, "cap_bpf=ep", third, status=1)
    assert [attribute(program), attribute(second), attribute(third)] == [PERFMON_EP, None, None]


def test_remove(perfbox, program):
    os.setxattr(program, ATTRIBUTE, PERFMON_EP)
    perfbox("setcap", "-r", program)
    assert attribute(program) is None
    assert "no capabilities" in perfbox("setcap", "-r", program, status=1).err


def odd_files(tmp_path):
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to("target")
    os.mkfifo(tmp_path / "fifo")
    return {"link": tmp_path / "link", "directory": tmp_path, "fifo": tmp_path / "fifo", "device": "/dev/null",
            "procfs": "/proc/version", "missing": tmp_path / "missing", "empty": ""}


@pytest.mark.parametrize("what", ["link", "directory", "fifo", "device", "procfs", "missing", "empty"])
def test_a_file_that_cannot_have_any(perfbox, libcap, tmp_path, what):
    path = odd_files(tmp_path)[what]
    for args in ["cap_perfmon=ep", path], ["-r", path], ["-v", "cap_perfmon=ep", path]:
        assert libcap("setcap", *args, status=None).status == 1
        said = perfbox("setcap", *args, status=1)
        assert said.out == "" and said.err.count("\n") == 1 and str(path) in said.err
    assert attribute(tmp_path / "target") is None


@pytest.mark.parametrize("args", [[], ["cap_perfmon=ep"], ["-r"], ["-n"], ["-x", "file"], ["-q"], ["-v"], ["-h"]])
def test_usage_statuses(perfbox, libcap, args):
    assert perfbox("setcap", *args, status=None).status == libcap("setcap", *args, status=None).status


def test_overlong_texts_are_refused(perfbox, program):
    perfbox("setcap", "cap_perfmon," * 9000 + "bogus=ep", program, status=1)
    perfbox("setcap", "-", program, stdin="cap_perfmon=ep " * 9000, status=1)
    assert attribute(program) is None


def test_getcap_walks_like_libcap(perfbox, libcap, tmp_path):
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    odd_files(tmp_path)
    for name in "plain", "a/one", "a/b/c/two":
        (tmp_path / name).touch()
    os.setxattr(tmp_path / "a/one", ATTRIBUTE, PERFMON_EP)
    os.setxattr(deep / "two", ATTRIBUTE, PERFMON_EP)
    paths = [tmp_path / "plain", tmp_path / "a/one", tmp_path / "link", tmp_path / "fifo", tmp_path / "missing", tmp_path]
    for options in [], ["-v"], ["-r"], ["-r", "-v"], ["-rvn"]:
        theirs, ours = libcap("getcap", *options, *paths), perfbox("getcap", *options, *paths)
        assert sorted(ours.lines) == sorted(theirs.lines), options
        assert "missing" in ours.err


def test_getcap_says_where_it_stops(perfbox, tmp_path):
    deep = tmp_path
    for _ in range(70):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert "nested too deeply" in perfbox("getcap", "-r", tmp_path).err


def test_names_do_not_reach_the_terminal_raw(perfbox, tmp_path):
    path = tmp_path / "a\x1b[31m\nb"
    path.touch()
    os.setxattr(path, ATTRIBUTE, PERFMON_EP)
    said = perfbox("getcap", path)
    assert "\x1b" not in said.out and said.out.count("\n") == 1


@pytest.mark.parametrize("args", [["0"], ["1"], ["1", "0"], ["--verbose", "1"], ["--ugly", "1"], ["--legacy", "1"], ["--iab", "1"],
                                  ["--iab", "--verbose", "1"], ["x"], ["1x"], ["999999999"], ["999999999", "1"], ["-1"], []])
def test_getpcaps(perfbox, libcap, args):
    theirs, ours = libcap("getpcaps", *args, status=None), perfbox("getpcaps", *args, status=None)
    assert (ours.status, ours.out) == (theirs.status, theirs.out)
    if "--ugly" in args or "--legacy" in args:
        assert ours.err == theirs.err


def test_getpcaps_of_reduced_sets(perfbox, libcap):
    holder = subprocess.Popen(["/usr/sbin/capsh", "--drop=cap_chown,cap_bpf", "--iab=^cap_perfmon,%cap_kill,!cap_chown",
                               "--", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        assert perfbox("getpcaps", "--iab", holder.pid).out == libcap("getpcaps", "--iab", holder.pid).out
    finally:
        holder.kill()
        holder.communicate()
