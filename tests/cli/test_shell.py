"""The capability shell: what it may do, what it refuses, and all of it through a real sudo."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from people import MEMBER, people, place, run_as  # noqa: E402

STATUS = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/self/status"
PERFMON = "0000004000000000"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a capability shell")


@pytest.fixture(scope="module", autouse=True)
def users():
    with people():
        yield


@pytest.fixture
def where(build):
    with place() as path:
        shutil.copy(build / "perfbox", path / "perfbox")
        (path / "perfbox").chmod(0o755)
        yield path


@pytest.fixture
def shell(perfbox):
    def shell(script, *options, user=MEMBER, **how):
        return perfbox("shell", *options, "--", "-c", script, env={"SUDO_USER": user}, **how)
    return shell


def sets(lines):
    return dict(line.split(":\t") for line in lines if line.startswith("Cap"))


def bounding():
    return sets(pathlib.Path("/proc/self/status").read_text().splitlines())["CapBnd"]


DOCUMENT = {"CapInh": PERFMON, "CapPrm": PERFMON, "CapEff": PERFMON, "CapAmb": PERFMON}


def test_the_status_file_shows_the_document_s_sets(shell):
    lines = shell(STATUS).lines
    user = pwd.getpwnam(MEMBER)
    assert sets(lines) == {**DOCUMENT, "CapBnd": bounding()}
    assert f"Uid:\t{user.pw_uid}\t{user.pw_uid}\t{user.pw_uid}\t{user.pw_uid}" in lines
    assert f"Gid:\t{user.pw_gid}\t{user.pw_gid}\t{user.pw_gid}\t{user.pw_gid}" in lines


def test_the_same_as_libcap_s(shell, run):
    theirs = run("/usr/sbin/capsh", "--iab=^cap_perfmon", "--secbits=239", f"--user={MEMBER}", "--shell=/bin/sh", "--", "-c",
                 STATUS + "; /usr/sbin/capsh --print 2>/dev/null | grep -i secure")
    ours = shell(STATUS + "; /usr/sbin/capsh --print 2>/dev/null | grep -i secure")
    assert ours.out == theirs.out


def test_securebits_are_set_and_locked(shell, run, where):
    said = shell(f"{where}/perfbox capsh --print")
    assert "Securebits: 0357/0xef/8'b11101111 (no-new-privs=0)" in said.out
    assert shell(f"{where}/perfbox capsh --secbits=0", status=1).out == ""
    assert shell(f"{where}/perfbox capsh --inh=cap_perfmon --addamb=cap_syslog", status=1).out == ""


def test_it_records_the_system(shell, where):
    assert run_as(MEMBER, where / "perfbox", "record", "-a", "-e", "cpu-clock", "-o", "/dev/null", "true").returncode != 0
    shell(f"{where}/perfbox record -a -e cpu-clock -o /dev/null true")


def test_a_set_id_program_gains_nothing(shell, where):
    shutil.copy("/bin/grep", where / "setuid-grep")
    (where / "setuid-grep").chmod(0o4755)
    assert sets(run_as(MEMBER, where / "setuid-grep", "Cap", "/proc/self/status").stdout.splitlines())["CapEff"] != "0" * 16
    got = sets(shell(f"{where}/setuid-grep Cap /proc/self/status").lines)
    assert {int(got[name], 16) & ~int(PERFMON, 16) for name in DOCUMENT} == {0}


def test_the_environment_is_new(build):
    environment = {"SUDO_USER": MEMBER, "SUDO_UID": str(pwd.getpwnam(MEMBER).pw_uid), "LD_PRELOAD": "", "EVIL": "1",
                   "TERM": "vt100", "LC_ALL": "C", "PATH": "/evil", "IFS": "x", "BASH_ENV": "/evil"}
    done = subprocess.run([build / "perfbox", "shell", "--", "-c", "env"], capture_output=True, text=True, env=environment)
    got = dict(line.split("=", 1) for line in done.stdout.splitlines())
    for own in "PWD", "OLDPWD", "_", "SHLVL":
        got.pop(own, None)
    assert got == {"TERM": "vt100", "LC_ALL": "C", "HOME": "/", "USER": MEMBER, "LOGNAME": MEMBER, "SHELL": "/bin/sh",
                   "PATH": "/usr/local/bin:/usr/bin:/bin"}


def test_no_descriptor_of_root_s_is_left(build):
    secret = os.open("/etc/shadow", os.O_RDONLY)
    os.set_inheritable(secret, True)
    try:
        done = subprocess.run([build / "perfbox", "shell", "--user", MEMBER, "--", "-c", f"cat <&{secret}"],
                              pass_fds=[secret], capture_output=True)
    finally:
        os.close(secret)
    assert done.returncode != 0 and done.stdout == b""


def test_a_login_shell_reads_commands(perfbox):
    said = perfbox("shell", "--user", MEMBER, stdin=f"{STATUS}\nexit 7\n", status=7)
    assert sets(said.lines)["CapEff"] == PERFMON


@pytest.mark.parametrize("environment", [{"SUDO_USER": ""}, {"SUDO_USER": "root"}, {"SUDO_USER": "no-such-user"},
                                         {"SUDO_USER": "0"}, {"SUDO_USER": "../root"}, {"SUDO_USER": MEMBER, "SUDO_UID": "0"},
                                         {"SUDO_USER": MEMBER, "SUDO_UID": "x"}, {"SUDO_USER": MEMBER, "SUDO_UID": ""}])
def test_who_is_refused(perfbox, environment):
    said = perfbox("shell", "--", "-c", "id", env=environment, status=1)
    assert said.out == "" and said.err.count("\n") == 1


def test_root_by_any_name_is_refused(build, run):
    script = ("mount -t tmpfs x /mnt; mkdir -p /mnt/etc /mnt/proc; mount -t proc p /mnt/proc; "
              "echo 'toor:x:0:0::/:/bin/sh' >/mnt/etc/passwd; "
              f"cp {build}/perfbox /mnt/p; exec chroot /mnt /p shell --user toor")
    said = run("unshare", "-m", "sh", "-ec", script, status=1)
    assert "is root" in said.err


CALLS = "capset", "setresgid", "setgroups", "setresuid", "prctl"


def traced(build, run, *options):
    return run("strace", "-qq", *options, build / "perfbox", "shell", "--user", MEMBER, "--", "-c", STATUS, status=None)


def changing_calls(build, run):
    """The calls that change what the process is, each as (name, how many of that name up to it)."""
    count, found = dict.fromkeys(CALLS, 0), []
    for line in traced(build, run, "-e", "trace=" + ",".join(CALLS), "-o", "/dev/stdout").lines:
        name = line.partition("(")[0]
        if name not in count or "execve" in line:
            continue
        count[name] += 1
        if name != "prctl" or "PR_SET_SECUREBITS" in line or "PR_CAP_AMBIENT_RAISE" in line:
            found.append((name, count[name]))
    return found


def test_every_step_fails_closed(build, run):
    calls = changing_calls(build, run)
    assert {name for name, _ in calls} == set(CALLS) and len(calls) >= 9
    for name, which in calls:
        done = traced(build, run, "-o", "/dev/null", "-e", f"inject={name}:error=EPERM:when={which}")
        assert done.status == 1 and done.out == "" and "no shell was started" in done.err, (name, which)


def test_a_step_that_lies_is_found_out(build, run):
    """A call that does nothing and says that it did: either nothing starts, or it made no difference."""
    caught = 0
    for name, which in changing_calls(build, run):
        done = traced(build, run, "-o", "/dev/null", "-e", f"inject={name}:retval=0:when={which}")
        if done.status == 0:
            assert sets(done.lines) == {**DOCUMENT, "CapBnd": bounding()} and name == "capset", (name, which)
        else:
            assert done.out == "" and "no shell was started" in done.err
            caught += 1
    assert caught >= 6


def test_groups_are_those_of_the_user_only(build, run):
    done = run("setpriv", "--groups", "0,4,42", build / "perfbox", "shell", "--user", MEMBER, "--", "-c", "id -G")
    assert done.out.split() == [str(pwd.getpwnam(MEMBER).pw_gid)]


def test_without_the_right_to_it_nothing_starts(run, build, where):
    done = run_as(MEMBER, where / "perfbox", "shell", "--user", MEMBER, "--", "-c", "id")
    assert done.returncode == 1 and done.stdout == "" and "sudo" in done.stderr
    said = run("setpriv", "--bounding-set", "-perfmon", "/bin/sh", "-c",
               f"{build}/perfbox shell --user {MEMBER} -- -c id", status=1)
    assert "cap_perfmon: not permitted here, nor in the bounding set" in said.err


def test_no_new_privs_is_warned_of(run, build):
    said = run("setpriv", "--no-new-privs", build / "perfbox", "shell", "--user", MEMBER, "--", "-c", STATUS)
    assert "no_new_privs is set here" in said.err
    assert sets(said.lines)["CapEff"] == PERFMON


def test_a_user_namespace_is_warned_of(build, run):
    done = subprocess.run(["unshare", "-U", "--map-root-user", build / "perfbox", "shell", "--user", MEMBER], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "not the initial user namespace" in done.stderr


@pytest.mark.parametrize("args,status", [(["--caps", "bogus"], 2), (["--caps", ""], 2), (["--caps", "63"], 1), (["stray"], 2),
                                         (["--user", ""], 1), (["--bogus"], 2)])
def test_bad_arguments(perfbox, args, status):
    said = perfbox("shell", "--user", MEMBER, *args, status=status)
    assert said.out == "" and said.err.count("\n") == 1


def test_several_capabilities(shell):
    got = sets(shell(STATUS, "--caps", "cap_perfmon,cap_syslog,14").lines)
    assert {got[name] for name in DOCUMENT} == {"0000004400004000"}


@pytest.fixture
def sudo(perfbox, where):
    """The document's second procedure, as --print-setup says it, for the throw-away user."""
    if not shutil.which("sudo"):
        pytest.skip("no sudo")
    text = perfbox("shell", "--print-setup").out
    script = text[text.index("#!"):text.index("\n\n# 2.")] + "\n"
    rule, = [line for line in text.splitlines() if line.startswith("%perf_users")]
    (where / "perf.shell").write_text(script.replace(str(perfbox("version").argv[0]), str(where / "perfbox")))
    (where / "perf.shell").chmod(0o755)
    rules = pathlib.Path("/etc/sudoers.d/perfbox-test")
    rules.write_text(rule.replace("%perf_users", MEMBER).replace("ALL=(root) /usr/local/bin", f"ALL=(root) NOPASSWD: {where}")
                     + "\n")
    rules.chmod(0o440)
    try:
        yield where / "perf.shell"
    finally:
        rules.unlink()


def test_through_sudo(sudo):
    done = run_as(MEMBER, "sudo", "-n", sudo, input=f"{STATUS}; echo $HOME $USER $SUDO_USER; "
                  f"{sudo.parent}/perfbox record -a -e cpu-clock -o /dev/null true && echo recorded\n")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sets(lines) == {**DOCUMENT, "CapBnd": bounding()}
    assert f"/ {MEMBER}" in lines and "recorded" in lines


def test_sudo_allows_no_arguments(sudo):
    done = run_as(MEMBER, "sudo", "-n", sudo, "--user", "root")
    assert done.returncode != 0 and "Cap" not in done.stdout


def test_sudo_within_the_shell_gains_nothing(sudo):
    done = run_as(MEMBER, "sudo", "-n", sudo, input=f"sudo -n {sudo}\n")
    assert done.returncode != 0
