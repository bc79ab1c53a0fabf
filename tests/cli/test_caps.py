"""caps: who may do more than an ordinary user, and which files give more."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from people import MEMBER, people, place, run_as  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set capabilities")


@pytest.fixture
def holder():
    """Starts a process that waits, through a program that changes it first; gives its pid."""
    started = []

    def start(*before):
        process = subprocess.Popen([*before, "/bin/sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"\n"
        until = time.monotonic() + 30
        while pathlib.Path(f"/proc/{process.pid}/comm").read_text() != "sleep\n" and time.monotonic() < until:
            time.sleep(.01)
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.communicate()


def row(said, pid):
    found, = [line for line in said.lines if line.split()[:1] == [str(pid)]]
    return found


def test_sets_and_limits_of_a_process(perfbox, holder):
    pid = holder("/usr/sbin/capsh", "--drop=cap_chown,cap_bpf", "--iab=^cap_perfmon", "--no-new-privs", "--secbits=239",
                 "--user=nobody", "--shell=/bin/sh", "--", "-c", 'exec "$@"', "sh")
    said = perfbox("caps", "-v", pid)
    line = row(said, pid)
    assert line.split()[1:3] == ["nobody", "sleep"]
    assert line.split()[3:8] == ["yes", "no", "initial", "perfmon", "0"]
    assert "cap_perfmon=eip; ambient cap_perfmon; bounding set lacks cap_chown," in line and "cap_bpf" in line
    assert "for monitoring: cap_perfmon\n" in said.out and "excess:         none\n" in said.out


def test_root_is_all_excess(perfbox, holder):
    pid = holder()
    said = perfbox("caps", "-v", pid)
    permitted = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("CapPrm")).split()[1], 16)
    useful = sum(1 << n for n in (14, 19, 34, 38))
    assert int(row(said, pid).split()[7]) == bin(permitted & ~useful).count("1")
    assert "cap_sys_admin" in said.out.split("excess:")[1]


def test_an_ordinary_process_is_left_out_of_all(perfbox, holder):
    privileged = holder()
    ordinary = holder("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    inheritable = holder("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+kill")
    said = perfbox("caps", "--all")
    shown = {line.split()[0] for line in said.lines[1:]}
    assert str(privileged) in shown and str(inheritable) in shown and str(ordinary) not in shown
    assert "processes of ordinary users" in said.out and "kernel threads" in said.out
    assert "=" in row(perfbox("caps", ordinary), ordinary)


def test_a_user_namespace_is_seen(perfbox, holder):
    pid = holder("unshare", "-U", "--map-root-user")
    assert row(perfbox("caps", pid), pid).split()[5] == "other"


def test_itself_with_securebits(perfbox, run, build):
    assert "securebits 0x0\n" in perfbox("caps").out
    said = run("/usr/sbin/capsh", "--secbits=5", "--", "-c", f"{build}/perfbox caps")
    assert "securebits 0x5 noroot no-setuid-fixup\n" in said.out


def test_a_name_does_not_reach_the_terminal_raw(perfbox, tmp_path):
    shutil.copy("/bin/sleep", tmp_path / "x\x1b[31m\ny")
    process = subprocess.Popen([tmp_path / "x\x1b[31m\ny", "60"])
    try:
        said = perfbox("caps", process.pid)
        assert "\x1b" not in said.out and len(said.lines) == 2
    finally:
        process.kill()
        process.wait()


def test_files(perfbox, run):
    with place() as where:
        program = where / "program"
        shutil.copy("/bin/true", program)
        assert "no capabilities" in perfbox("caps", program).out
        run("/usr/sbin/setcap", "cap_perfmon,cap_chown=ep", program)
        program.chmod(0o750)
        said = perfbox("caps", program)
        assert said.lines == [f"{program}: mode 0750, user 0 (root), group 0 (root), cap_chown,cap_perfmon=ep",
                              "    for monitoring: cap_perfmon", "    excess: cap_chown", "    counts here: yes"]
        program.chmod(0o777)
        said = perfbox("caps", program).out
        assert "every user may execute it" in said and "others than its owner may write it" in said
        run("/usr/sbin/setcap", "-n", "1000", "cap_perfmon=ep", program)
        said = perfbox("caps", program).out
        assert "counts here: no" in said and "[rootid=1000]" in said


@pytest.mark.parametrize("operand", ["999999999", "/nonexistent", "/dev/null", "/tmp", "-1", "4294967296"])
def test_operands_that_are_none(perfbox, operand):
    said = perfbox("caps", operand, status=2 if operand == "-1" else 1)
    assert said.err.count("\n") == 1


def test_without_proc(build, run):
    script = f"mount -t tmpfs x /mnt; cp {build}/perfbox /mnt/p; chroot /mnt /p caps --all || chroot /mnt /p caps"
    said = run("unshare", "-m", "sh", "-c", script, status=1)
    assert "/proc" in said.err and said.err.count("\n") == 2


def test_an_ordinary_user_may_ask(build):
    with people(), place() as where:
        shutil.copy(build / "perfbox", where / "perfbox")
        (where / "perfbox").chmod(0o755)
        done = run_as(MEMBER, where / "perfbox", "caps", "--all")
        assert done.returncode == 0 and " root " in done.stdout
