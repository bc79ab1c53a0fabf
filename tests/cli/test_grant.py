"""grant, with throw-away users and a group: who may record, what is left after a failure."""

import os
import shutil
import stat
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from people import GROUP, MEMBER, OTHER, join, people, place, run_as  # noqa: E402

ATTRIBUTE = "security.capability"
PERFMON_EP = bytes.fromhex("0100000200000000000000004000000000000000")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set capabilities")


@pytest.fixture(scope="module", autouse=True)
def users():
    with people():
        yield


@pytest.fixture(autouse=True)
def no_group():
    yield
    subprocess.run(["groupdel", GROUP], capture_output=True)


@pytest.fixture
def program(build):
    with place() as where:
        shutil.copy(build / "perfbox", where / "perfbox")
        (where / "perfbox").chmod(0o755)
        yield where / "perfbox"


def state(path):
    st = os.stat(path)
    try:
        caps = os.getxattr(path, ATTRIBUTE).hex()
    except OSError:
        caps = None
    return st.st_uid, st.st_gid, oct(stat.S_IMODE(st.st_mode)), caps


def record_all(name, program):
    """The status of recording the whole machine for a moment, and what was said."""
    done = run_as(name, program, "record", "-a", "-e", "cpu-clock", "-o", "/dev/null", "--", "true")
    return done.returncode, done.stderr


def test_members_record_the_system_and_others_cannot_run_it(perfbox, program):
    assert record_all(MEMBER, program)[0] != 0
    said = perfbox("grant", "--group", GROUP, program)
    assert f"group {GROUP} was made" in said.out and "nobody is in the group yet" in said.out
    assert state(program)[2:] == ("0o750", PERFMON_EP.hex())
    join()
    assert f"members of the group now: {MEMBER} " in perfbox("grant", "--group", GROUP, program).out
    status, said = record_all(MEMBER, program)
    assert status == 0, said
    with pytest.raises(PermissionError):
        run_as(OTHER, program, "version")


def test_a_member_cannot_hand_the_capability_on(perfbox, program):
    """The group may run perfbox with it, not whatever it likes through perfbox capsh."""
    perfbox("grant", "--group", GROUP, "--caps", "cap_perfmon,cap_setfcap,cap_setpcap,cap_setuid,cap_setgid", program)
    join()
    own = program.with_name("own")
    shutil.copy("/bin/true", own)
    shutil.chown(own, MEMBER)
    assert "cap_perfmon" in run_as(MEMBER, program, "caps").stdout
    assert run_as(MEMBER, program, "capsh", "--current").stdout.startswith("Current: =\n")
    for attempt in (["capsh", "--iab=^cap_perfmon", "--", "-c", "id"], ["capsh", "--uid=0", "--", "-c", "id"],
                    ["capsh", "--inh=cap_perfmon", "--addamb=cap_perfmon", "--", "-c", "id"], ["setcap", "cap_perfmon=ep", own],
                    ["grant", "--group", GROUP, own], ["shell", "--user", OTHER, "--", "-c", "id"]):
        done = run_as(MEMBER, program, *attempt)
        assert done.returncode == 1 and done.stdout == "", attempt
    assert state(own)[3] is None
    done = run_as(MEMBER, program, "capsh", "--shell=/bin/sh", "--", "-c", "grep Cap[PEA] /proc/self/status")
    assert {line.split()[1] for line in done.stdout.splitlines()} == {"0" * 16}


def test_nothing_is_left_after_revoke(perfbox, program):
    before = state(program)
    perfbox("grant", "--group", GROUP, program)
    join()
    perfbox("grant", "--revoke", "--group", GROUP, program)
    assert state(program) == before
    assert record_all(MEMBER, program)[0] != 0
    assert run_as(OTHER, program, "version").returncode == 0


@pytest.mark.parametrize("args", [[], ["--caps", "cap_perfmon,cap_syslog,cap_ipc_lock"], ["--revoke"]])
def test_the_dry_run_is_a_script_that_does_the_same(perfbox, run, program, args):
    twin = program.with_name("it's a $twin")
    shutil.copy(program, twin)
    if "--revoke" in args:
        perfbox("grant", "--group", GROUP, program), perfbox("grant", "--group", GROUP, twin)
    before = state(twin)
    script = perfbox("grant", "--group", GROUP, "--dry-run", *args, twin).out
    assert state(twin) == before
    perfbox("grant", "--group", GROUP, *args, program)
    # The group is there by now; that the script would make it is seen in the next test.
    run("sh", "-ec", "".join(line + "\n" for line in script.splitlines() if "groupadd" not in line))
    assert state(twin) == state(program)


def test_the_dry_run_makes_the_group_first(perfbox, program):
    first = perfbox("grant", "--group", GROUP, "--dry-run", program).lines[0]
    assert first.split()[0].endswith(("groupadd", "addgroup")) and first.endswith(f" {GROUP}")
    assert subprocess.run(["getent", "group", GROUP]).returncode != 0


FAILURES = ["fchown:error=EPERM:when=1", "fchmod:error=EROFS:when=1", "fsetxattr:error=ENOSPC:when=1",
            "fsetxattr:error=EOPNOTSUPP:when=1", "fsetxattr:retval=0:when=1", "fchmod:retval=0:when=1",
            "fchown:retval=0:when=1", "fgetxattr:error=EIO:when=4"]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("had", [None, "cap_syslog=p", "cap_chown=ep"])
def test_all_or_nothing(build, run, program, failure, had):
    subprocess.run(["groupadd", GROUP], check=True)
    program.chmod(0o711)
    if had:
        run("/usr/sbin/setcap", had, program)
    before = state(program)
    done = run("strace", "-qq", "-o", "/dev/null", "-e", f"inject={failure}",
               build / "perfbox", "grant", "--group", GROUP, program, status=1)
    assert state(program) == before, failure
    assert "what they were" in done.err


def test_a_failure_that_cannot_be_undone_is_said(build, run, program):
    subprocess.run(["groupadd", GROUP], check=True)
    run("/usr/sbin/setcap", "cap_syslog=p", program)
    done = run("strace", "-qq", "-o", "/dev/null", "-e", "inject=fsetxattr:error=ENOSPC:when=1+",
               build / "perfbox", "grant", "--group", GROUP, program, status=1)
    assert "could not be restored" in done.err


def test_changing_the_group_later_erases_the_capability(perfbox, program):
    perfbox("grant", "--group", GROUP, program)
    join()
    assert record_all(MEMBER, program)[0] == 0
    shutil.chown(program, group=GROUP)
    assert perfbox("setcap", "-v", "cap_perfmon=ep", program, status=1).out.endswith("differs in [pe]\n")
    assert record_all(MEMBER, program)[0] != 0


def test_no_new_privs_drops_it_silently(perfbox, run, program):
    perfbox("grant", "--group", GROUP, program)
    join()
    done = run_as(MEMBER, "setpriv", "--no-new-privs", program, "record", "-a", "-e", "cpu-clock", "-o", "/dev/null", "true")
    assert done.returncode != 0
    for command in ["grant", "--group", GROUP, "--dry-run", program], ["caps", program]:
        said = run("setpriv", "--no-new-privs", program, *command)
        assert "no_new_privs is set here" in said.out + said.err


def test_a_small_bounding_set_makes_it_fail(perfbox, run, program):
    perfbox("grant", "--group", GROUP, program)
    join()
    with_less = ["setpriv", "--bounding-set", "-perfmon"]
    said = run(*with_less, "/bin/sh", "-c", f"{program} version", status=None)
    assert said.status != 0 and "not permitted" in said.err
    said = run(*with_less, perfbox("version").argv[0], "grant", "--group", GROUP, "--dry-run", program)
    assert "bounding set of this session lacks" in said.err
    said = run(*with_less, perfbox("version").argv[0], "caps", program)
    assert "counts here: no" in said.out


def in_mount(options, script):
    return ["unshare", "-m", "sh", "-ec", f"mount -t tmpfs -o mode=0755,{options} x /mnt; {script}"]


def test_a_nosuid_mount_is_warned_of(build, run):
    box = build / "perfbox"
    for option, word in ("nosuid", "mounted nosuid"), ("noexec", "mounted noexec"):
        said = run(*in_mount(option, f"cp {box} /mnt/perf; {box} grant --group nogroup /mnt/perf; {box} caps /mnt/perf"))
        assert word in said.err and word in said.out and "counts here: no" in said.out


def test_without_extended_attributes_it_points_to_the_shell(perfbox):
    said = perfbox("grant", "--group", "nogroup", "/proc/version", status=1)
    assert "'perfbox shell'" in said.err


def test_a_read_only_file_system(build, run):
    box = build / "perfbox"
    script = f"cp {box} /mnt/perf; mount -o remount,ro /mnt; {box} grant --group nogroup /mnt/perf"
    said = run(*in_mount("nodev", script), status=1)
    assert "read-only" in said.err


def test_what_others_may_write_is_warned_of(perfbox, program):
    program.chmod(0o757)
    assert "others than its owner may write it" in perfbox("grant", "--group", "nogroup", "-n", program).err
    program.chmod(0o755)
    os.chown(program, 65534, 0)
    assert "its owner is not root" in perfbox("grant", "--group", "nogroup", "-n", program).err
    os.chown(program, 0, 0)
    os.link(program, program.with_name("again"))
    assert "hard links" in perfbox("grant", "--group", "nogroup", "-n", program).err
    program.with_name("again").unlink()
    assert perfbox("grant", "--group", "nogroup", "-n", program).err == ""
    program.parent.chmod(0o777)
    said = perfbox("grant", "--group", "nogroup", "-n", program).err
    assert f"({program.parent})" in said
    program.parent.chmod(0o1777)
    assert perfbox("grant", "--group", "nogroup", "-n", program).err == ""


def test_an_access_list_is_warned_of(perfbox, program):
    # user::rwx, user:65534:r-x, group::r-x, mask::r-x, other::---
    entries = [(1, 7, 2**32 - 1), (2, 5, 65534), (4, 5, 2**32 - 1), (16, 5, 2**32 - 1), (32, 0, 2**32 - 1)]
    value = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + perm.to_bytes(2, "little") + who.to_bytes(4, "little") for tag, perm, who in entries)
    os.setxattr(program, "system.posix_acl_access", value)
    assert "access list" in perfbox("grant", "--group", "nogroup", "-n", program).err


def odd_files(where):
    (where / "link").symlink_to("perfbox")
    (where / "script").write_text("#!/bin/sh\n")
    (where / "text").write_text("E")
    os.mkfifo(where / "fifo")
    return {"link": where / "link", "directory": where, "fifo": where / "fifo", "device": "/dev/null",
            "missing": where / "missing", "script": where / "script", "text": where / "text"}


@pytest.mark.parametrize("what", ["link", "directory", "fifo", "device", "missing", "script", "text"])
def test_files_that_cannot_be_granted(perfbox, program, what):
    before = state(program)
    path = odd_files(program.parent)[what]
    said = perfbox("grant", "--group", GROUP, path, status=1)
    assert said.out == "" and said.err.count("\n") == 1 and state(program) == before
    assert subprocess.run(["getent", "group", GROUP]).returncode != 0


BAD = [(["--group", "a:b"], 2), (["--group", ""], 2), (["--group", "-x"], 2), (["--group", "a\nb"], 2), (["--group", "x" * 40], 2),
       (["--caps", "bogus"], 2), (["--caps", ""], 2), (["--caps", "cap_perfmon=ep"], 2), (["--revoke", "--caps", "cap_bpf"], 2)]


@pytest.mark.parametrize("args,status", BAD)
def test_bad_arguments_change_nothing(perfbox, program, args, status):
    before = state(program)
    said = perfbox("grant", *args, program, status=status)
    assert said.err.count("\n") <= 2 and state(program) == before


def test_without_privilege_nothing_begins(perfbox, program):
    shutil.copy(program, program.with_name("own"))
    shutil.chown(program.with_name("own"), OTHER)
    done = run_as(OTHER, program, "grant", "--group", GROUP, program.with_name("own"))
    assert done.returncode == 1 and "sudo" in done.stderr
    assert subprocess.run(["getent", "group", GROUP]).returncode != 0


def test_a_group_by_number(perfbox, program):
    perfbox("grant", "--group", "54321", program)
    assert state(program)[1:] == (54321, "0o750", PERFMON_EP.hex())


def test_no_program_to_make_a_group(build, run):
    """In a root without groupadd and addgroup the line for /etc/group is given."""
    script = (f"cp {build}/perfbox /mnt/p; mkdir /mnt/etc /mnt/proc; mount -t proc p /mnt/proc; "
              "exec chroot /mnt /p grant /p")
    said = run(*in_mount("nodev", script), status=1)
    assert " perf_users:x:999: " in said.err and said.err.count("\n") == 1


def test_a_user_namespace_gets_version_3(build, run, program):
    own = program.with_name("own")
    shutil.copy(program, own)
    shutil.chown(own, OTHER, "nogroup")
    uid = os.stat(own).st_uid
    done = run_as(OTHER, "unshare", "-Ur", program, "setcap", "cap_perfmon=ep", own)
    if "unshare" in done.stderr:
        pytest.skip("user namespaces are not allowed to users here")
    assert done.returncode == 0, done.stderr
    assert run(program, "getcap", "-n", own).out == f"{own} cap_perfmon=ep [rootid={uid}]\n"
    assert len(os.getxattr(own, ATTRIBUTE)) == 24
    assert "count only in the user namespace" in run(program, "caps", own).out
    assert run_as(OTHER, "unshare", "-Ur", program, "getcap", own).stdout == f"{own} cap_perfmon=ep\n"
    done = run_as(OTHER, "unshare", "-Ur", program, "grant", "--caps", "cap_perfmon", "-n", "--group", "0", own)
    assert "not the initial user namespace" in done.stderr


def test_a_link_swapped_in_is_never_followed(build, program):
    """While a name flips between a file and a link to another, that other gets nothing."""
    name, victim = program.with_name("name"), program.with_name("victim")
    victim.touch()
    stop = threading.Event()

    def flip():
        spare = program.with_name("spare")
        while not stop.is_set():
            spare.touch()
            os.rename(spare, name)
            os.symlink(victim, spare)
            os.rename(spare, name)

    flipper = threading.Thread(target=flip)
    name.touch()
    flipper.start()
    try:
        seen = set()
        for _ in range(150):
            done = subprocess.run([build / "perfbox", "setcap", "cap_perfmon=ep", name], capture_output=True, text=True)
            seen.add(done.returncode)
            assert state(victim)[3] is None
    finally:
        stop.set()
        flipper.join()
    assert 1 in seen
