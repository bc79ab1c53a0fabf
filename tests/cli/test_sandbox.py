"""The sandbox, and on whose behalf files are opened: what a command may still do once it reads what others made."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from people import MEMBER, OTHER, people, place, run_as  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set capabilities")

SECRET = "the secret of root"
SANDBOXED = {
    "report": ["report", "-i", "{in}"],
    "script": ["script", "-i", "{in}"],
    "inspect": ["inspect", "{in}"],
    "scrub": ["scrub", "-q", "--anonymize", "{in}", "{out}"],
    "recover": ["recover", "{in}", "{out}"],
    "record": ["record", "-o", "{out}", "true"],
    "top": ["top", "--stdio", "-d", "0.2", "--rounds", "2"],
}
CAPS = "cap_perfmon,cap_sys_ptrace,cap_syslog,cap_dac_override,cap_dac_read_search,cap_fowner,cap_chown=ep"


@pytest.fixture(scope="module", autouse=True)
def users():
    with people():
        yield


@pytest.fixture(scope="module")
def recording(build, tmp_path_factory):
    path = tmp_path_factory.mktemp("sandbox") / "perf.data"
    subprocess.run([build / "perfbox", "record", "-q", "-g", "-e", "cpu-clock,page-faults", "-o", path, "sh", "-c", "ls -R /usr/include"],
                   check=True, capture_output=True)
    return path


@pytest.fixture
def granted():
    """Where anybody may write, a copy of perfbox with every capability that opens files."""
    with place() as where:
        shutil.copy(build_dir() / "perfbox", where / "perfbox")
        (where / "perfbox").chmod(0o755)
        subprocess.run([build_dir() / "perfbox", "setcap", CAPS, where / "perfbox"], check=True)
        where.chmod(0o1777)
        yield where


def build_dir():
    import pathlib
    return pathlib.Path(__file__).resolve().parents[2] / "build"


def words(command, recording, tmp_path):
    return [w.replace("{in}", str(recording)).replace("{out}", str(tmp_path / "out")) for w in SANDBOXED[command]]


@pytest.mark.parametrize("command", SANDBOXED)
def test_breaking_out_is_death(build, run, recording, tmp_path, command):
    done = run(build / "guard/violate", *words(command, recording, tmp_path), status=None)
    assert done.status == -signal.SIGSYS


# Names in the product's own table, with the older ones that the C library makes on this machine.
def allowed():
    root = build_dir().parent
    text = (root / "src/access/sandbox_filter.c").read_text()
    names = set(re.findall(r"\{ SYS_(\w+),", text))
    for now, old in re.findall(r"\{ SYS_(\w+), SYS_(\w+) \}", (root / f"arch/{os.uname().machine}/host.c").read_text()):
        names |= {old} if now in names else set()
    return names


@pytest.mark.parametrize("command", SANDBOXED)
def test_system_calls_afterwards_are_in_the_list(build, run, recording, tmp_path, command):
    trace = tmp_path / "trace"
    run("strace", "-f", "-o", trace, build / "perfbox", *words(command, recording, tmp_path))
    lines = trace.read_text().splitlines()
    entered = next(i for i, line in enumerate(lines) if " seccomp(" in line)
    pid = lines[entered].split()[0]
    calls = {m[1] for line in lines[entered + 1:] if (m := re.match(pid + r"\s+(\w+)\(", line))}
    assert {"newfstatat" if c == "fstatat64" else c for c in calls} <= allowed() | {"exit_group"}
    assert len(calls) > 3
    opened = [line for line in lines[entered:] if re.match(pid + r"\s+open(at)?\(", line)]
    assert not any("O_WRONLY" in line or "O_RDWR" in line or "O_CREAT" in line for line in opened)


def test_what_v_shows_is_what_holds(perfbox, recording, tmp_path):
    for command in SANDBOXED:
        if command == "top":
            continue
        arguments = words(command, recording, tmp_path)
        said = perfbox(arguments[0], "-v", *[a for a in arguments[1:] if a != "-q"]).err
        assert re.search(r"sandbox: CapInh 0, CapPrm 0, CapEff 0, CapBnd 0, CapAmb 0; Uid 0 0 0; NoNewPrivs 1; Seccomp 2 \(\d+ ", said)
        assert "sandbox: Landlock ABI" in said or "sandbox: no Landlock" in said


def test_top_keeps_two_capabilities_that_are_not_in_effect(perfbox):
    said = perfbox("top", "-v", "--stdio", "-d", "0.2", "--rounds", "1").err
    assert re.search(r"sandbox: CapInh 0, CapPrm 400080000, CapEff 0, CapBnd 0, CapAmb 0; Uid 0 0 0; NoNewPrivs 1; Seccomp 2", said)


def test_top_gives_the_terminal_back_while_it_is_stopped(build):
    """Ctrl-Z, as its keys come through a terminal in raw mode: the signal of the line discipline."""
    pid, terminal = pty.fork()
    if not pid:
        os.execve(build / "perfbox", ["perfbox", "top", "-d", "0.2"], {"TERM": "xterm"})
    try:
        read_until(terminal, b"\x1b[?1049h")
        os.kill(pid, signal.SIGTSTP)
        read_until(terminal, b"\x1b[?1049l")
        _, status = os.waitpid(pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP
        os.kill(pid, signal.SIGCONT)
        read_until(terminal, b"\x1b[?1049h")
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        os.write(terminal, b"q")
        read_until(terminal, b"\x1b[?1049l")
        assert os.waitpid(pid, 0)[1] == 0
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(terminal)


def read_until(terminal, mark):
    seen, until = b"", time.monotonic() + 30
    while mark not in seen:
        assert select.select([terminal], [], [], max(0, until - time.monotonic()))[0], seen
        seen += os.read(terminal, 65536)


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(re.findall(r"(\w+):\s*(.*)", file.read()))


def test_the_recorder_has_nothing_left_and_the_command_what_the_caller_had(build, tmp_path):
    recorder = subprocess.Popen([build / "perfbox", "record", "-q", "-o", tmp_path / "d", "sleep", "60"])
    try:
        until = time.monotonic() + 30
        while status_of(recorder.pid)["Seccomp"] != "2" and time.monotonic() < until:
            time.sleep(0.05)
        ours = status_of(recorder.pid)
        assert {ours[f"Cap{s}"] for s in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16} and ours["NoNewPrivs"] == "1"
        with open(f"/proc/{recorder.pid}/limits", encoding="utf-8") as limits:
            assert re.search(r"Max core file size +0 +0", limits.read())
        with open(f"/proc/{recorder.pid}/task/{recorder.pid}/children", encoding="utf-8") as children:
            theirs = status_of(int(children.read()))
        own = status_of("self")
        for key in "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid":
            assert theirs[key] == own[key], key
        recorder.send_signal(signal.SIGTERM)
        assert recorder.wait(30) == 128 + signal.SIGTERM
    finally:
        recorder.kill()
        recorder.wait()


LEAKS = "ls -l /proc/self/fd | sed 's/.* \\([0-9]* -> .*\\)/\\1/'; grep -E '^(Cap|Uid|Gid|NoNew|Seccomp:)' /proc/self/status"


def leaks(text):
    """What a command sees of itself, without what differs from run to run."""
    kept = [line for line in text.splitlines() if "pipe:" not in line and "/fd" not in line]
    return [line for line in kept if "->" not in line or not line.startswith(("0 ", "1 ", "2 "))]


def test_nothing_leaks_into_the_command(build, run, granted, tmp_path):
    plain = leaks(run("sh", "-c", LEAKS).out)
    assert any(line.startswith("CapEff") for line in plain)
    for env in {}, {"SUDO_UID": "65534", "SUDO_GID": "65534"}:
        assert leaks(run(build / "perfbox", "record", "-q", "-o", tmp_path / "d", "sh", "-c", LEAKS, env=env).out) == plain
    plain = leaks(run_as(MEMBER, "sh", "-c", LEAKS).stdout)
    for command in ["record", "-q", "-o", granted / "d"], ["stat", "-o", "/dev/null"]:
        done = run_as(MEMBER, granted / "perfbox", *command, "sh", "-c", LEAKS)
        assert done.returncode == 0, done.stderr
        assert leaks(done.stdout) == plain


def test_twelve_ways_to_a_file_with_anothers_capabilities(granted, recording):
    """The file is root's; the user may run perfbox with capabilities that open everything."""
    secret, own = granted / "secret", granted / "own.data"
    shutil.copy(recording, secret)
    with open(secret, "ab") as file:
        file.write(SECRET.encode())
    secret.chmod(0o600)
    before = secret.read_bytes()
    shutil.copy(recording, own)
    own.chmod(0o644)
    closed = granted / "closed"
    closed.mkdir(mode=0o700)
    ways = [
        ["report", "-i", secret], ["script", "-i", secret], ["inspect", secret],
        ["recover", secret, granted / "a"], ["scrub", "--anonymize", secret, granted / "b"],
        ["scrub", "--anonymize", "--key-file", secret, own, granted / "c"],
        ["check", "--audit", secret],
        ["record", "-o", secret, "true"], ["record", "-o", closed / "made", "true"],
        ["stat", "-o", secret, "true"],
        ["report", "-i", own, "--flamegraph", secret], ["recover", own, closed / "made"],
    ]
    for way in ways:
        done = run_as(MEMBER, granted / "perfbox", *way)
        assert done.returncode == 1 and SECRET not in done.stdout + done.stderr, (way, done)
        assert re.search("denied|not permitted|cannot", done.stderr), (way, done)
        assert secret.read_bytes() == before and secret.stat().st_uid == 0
        assert not (granted / "secret.old").exists() and not list(closed.iterdir())
    for option in ["--kallsyms", secret], ["--symfs", closed]:
        assert SECRET not in run_as(MEMBER, granted / "perfbox", "report", "-i", own, *option).stdout


def test_the_capabilities_still_measure(granted):
    done = run_as(MEMBER, granted / "perfbox", "record", "-v", "-a", "-e", "cpu-clock", "-o", granted / "d", "sleep", "0.1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"sandbox: CapInh 0, CapPrm 0, CapEff 0, .*NoNewPrivs 1; Seccomp 2", done.stderr)
    assert (granted / "d").stat().st_uid != 0


@pytest.mark.parametrize("whose", ["the caller's", "everybody's", "root's", "out of the caller's reach"])
def test_under_sudo_the_output_is_the_callers(build, run, recording, granted, tmp_path, whose):
    """New and in place of an older one, in directories that the caller may change or not."""
    sudo = {"SUDO_UID": "65534", "SUDO_GID": "65533"}
    theirs = (tmp_path if whose == "out of the caller's reach" else granted) / "theirs"
    theirs.mkdir()
    theirs.chmod(0o1777 if whose == "everybody's" else 0o755)
    if "caller's" in whose:
        os.chown(theirs, 65534, 65533)
    tmp_path.chmod(0o700)
    out = theirs / "out"
    for command in "scrub", "recover", "record":
        for last in "new", "replaced":
            if whose == "out of the caller's reach" and last == "replaced" and command != "record":
                continue  # without capabilities nobody may
            done = run(build / "perfbox", *words(command, recording, theirs), env=sudo)
            assert (out.stat().st_uid, out.stat().st_gid, oct(out.stat().st_mode)) == (65534, 65533, "0o100600"), (command, last)
            assert "belongs to user 65534" in done.err
        for path in theirs.iterdir():
            path.unlink()


def test_sudos_word_counts_for_root_only(build, run, tmp_path):
    sudo = {"SUDO_UID": "65534", "SUDO_GID": "65533"}
    for bad in {"SUDO_UID": "nobody", "SUDO_GID": "1"}, {"SUDO_UID": "-1", "SUDO_GID": "1"}, {"SUDO_UID": "1000"}, {"SUDO_UID": "0", "SUDO_GID": "0"}:
        run(build / "perfbox", "record", "-q", "-o", tmp_path / "mine", "true", env=bad)
        assert (tmp_path / "mine").stat().st_uid == 0
    done = run_as(MEMBER, build / "perfbox", "recover", "/dev/null", "/dev/null", env={**os.environ, **sudo})
    assert "belongs" not in done.stderr


def test_links_at_the_output_lead_nowhere(perfbox, recording, tmp_path):
    target, out, old = tmp_path / "target", tmp_path / "out", tmp_path / "out.old"
    target.write_text("untouched")
    for command in "scrub", "recover", "record":
        out.symlink_to(target)
        said = perfbox(*words(command, recording, tmp_path), status=1).err
        assert "symbolic link" in said and out.is_symlink()
        out.unlink()
        out.write_text("before")
        old.symlink_to(target)
        perfbox(*words(command, recording, tmp_path))
        assert not old.is_symlink() and old.read_text() == "before" and not out.is_symlink()
        out.unlink()
        old.unlink()
    assert target.read_text() == "untouched"


def test_anothers_file_in_a_sticky_directory_stays(build, recording, granted):
    theirs = granted / "out"
    theirs.write_text("of another")
    shutil.chown(theirs, OTHER)
    readable = granted / "in.data"
    shutil.copy(recording, readable)
    readable.chmod(0o644)
    for command in "scrub", "recover", "record":
        done = run_as(MEMBER, granted / "perfbox", *words(command, readable, granted))
        assert done.returncode == 1 and "out" in done.stderr, done
        assert theirs.read_text() == "of another"
        assert sorted(p.name for p in granted.iterdir()) == ["in.data", "out", "perfbox"]


def test_a_bad_input_leaves_the_output_alone(perfbox, tmp_path):
    out, old, bad = tmp_path / "out", tmp_path / "out.old", tmp_path / "bad"
    out.write_text("new"), old.write_text("old"), bad.write_text("no recording")
    for command in "scrub", "recover":
        perfbox(*words(command, bad, tmp_path), status=1)
        assert (out.read_text(), old.read_text()) == ("new", "old")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["bad", "out", "out.old"]


def test_a_fifo_or_device_as_an_image_is_left_alone(perfbox, recording, tmp_path):
    symfs = tmp_path / "symfs"
    images = {line.split()[-1] for line in perfbox("script", "-i", recording, "-F", "ip,dso").lines if "(/" in line}
    paths = [image.strip("()") for image in images]
    assert paths
    for path in paths:
        place_of = symfs / path.lstrip("/")
        place_of.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(place_of) if len(path) % 2 else os.mknod(place_of, 0o600 | 0o020000, os.makedev(1, 5))
    assert perfbox("report", "-i", recording, "--symfs", symfs, timeout=20).out


POLICY = "mount --bind {etc} /etc && exec setpriv --reuid 65534 --regid 65534 --clear-groups {words}"


@pytest.mark.parametrize("text, owner, mode, status, said", [
    ("max-category 3\n", 0, 0o644, 1, "/etc/perfbox.policy: max-category 3: every sample"),
    ("# all\nmax-category 4\n", 0, 0o644, 0, ""),
    ("max-category 3\n", 65534, 0o644, 0, "is not honoured"),
    ("max-category 3\n", 0, 0o664, 0, "is not honoured"),
    ("max-category\n", 0, 0o644, 1, "malformed"),
    ("max-category 9\n", 0, 0o644, 1, "malformed"),
    ("max-category 4\n", 0, 0o600, 1, "Permission denied"),
])
def test_the_administrators_ceiling(build, run, granted, text, owner, mode, status, said):
    etc = granted / "etc"
    etc.mkdir(mode=0o755)
    for name in "passwd", "group", "ld.so.cache":
        shutil.copy(f"/etc/{name}", etc)
    policy = etc / "perfbox.policy"
    policy.write_text(text)
    policy.chmod(mode)
    os.chown(policy, owner, 0)
    words_of = f"{granted}/perfbox record -e cpu-clock:u -o /dev/null true"
    done = run("unshare", "-m", "sh", "-c", POLICY.format(etc=etc, words=words_of), status=None)
    assert done.status == status and said in done.err
    done = run("unshare", "-m", "sh", "-c", f"mount --bind {etc} /etc; {words_of}")
    assert "policy" not in done.err
