"""perfbox check on this machine, as callers of many kinds. No sysctl is touched: what a file shows is
changed by mounting over it, in a mount namespace of the test's own."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

PERFMON, ADMIN, SYSLOG = 38, 21, 34
PARANOID = pathlib.Path("/proc/sys/kernel/perf_event_paranoid")


def caps(*numbers):
    return f"{sum(1 << n for n in numbers):x}"


@pytest.fixture(scope="module")
def public(build, workload):
    """perfbox and the caller where every user can run them."""
    with tempfile.TemporaryDirectory(prefix="check-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        for path in (build / "perfbox", workload("caller")):
            shutil.copy(path, folder)
        yield pathlib.Path(folder)


@pytest.fixture(scope="module")
def check(public, run):
    """check(words of tests/workload/caller.c, options): the JSON."""
    def ask(words="", *options, status=0):
        said = run(public / "caller", *words.split(), "--", public / "perfbox", "check", "--json",
                   *options, status=status)
        assert said.err == ""
        return json.loads(said.out)
    return ask


def rows(found):
    return {row["key"]: row for row in found["operations"]}


CALLERS = {
    "root": "",
    "nobody": "uid 12345",
    "perfmon": f"uid 12345 caps {caps(PERFMON)}",
    "perfmon and syslog": f"uid 12345 caps {caps(PERFMON, SYSLOG)}",
    "admin": f"uid 12345 caps {caps(ADMIN)}",
    "root of a user namespace": "uid 12345 userns",
    "filter EPERM": f"uid 12345 caps {caps(PERFMON)} seccomp eperm",
    "filter ENOSYS": f"uid 12345 caps {caps(PERFMON)} seccomp enosys",
    "filter kill": f"uid 12345 caps {caps(PERFMON)} seccomp kill",
}


@pytest.mark.parametrize("caller", CALLERS)
def test_rules_and_probes_agree(check, caller):
    found = check(CALLERS[caller])
    wrong = [row for row in found["operations"] if not row["agrees"]]
    assert not wrong
    assert found["agreement"]["agree"] == found["agreement"]["compared"] >= 20


@pytest.mark.parametrize("kind,result", [("eperm", "EPERM"), ("enosys", "ENOSYS"), ("kill", "killed")])
def test_a_filter_is_named_and_costs_no_more_than_its_rows(check, kind, result):
    found = rows(check(f"uid 12345 caps {caps(PERFMON)} seccomp {kind}"))
    for key in ("count-user", "system-kernel", "breakpoint-user"):
        assert found[key]["layer"] == "seccomp" and found[key]["probed"] == result
        assert "seccomp" in found[key]["fix"]
    assert found["kallsyms"]["layer"] != "seccomp"


def test_walls_of_the_level(check):
    level = int(PARANOID.read_text())
    if level < 2:
        pytest.skip("perf_event_paranoid is below 2")
    nobody, inside = rows(check("uid 12345")), rows(check("uid 12345 userns"))
    expected = "gate" if nobody["count-user"]["layer"] == "gate" else "paranoid"
    assert nobody["sample-kernel"]["layer"] == nobody["system-user"]["layer"] == expected
    assert inside["sample-kernel"]["layer"] == inside["system-user"]["layer"] == "user-namespace"
    assert "outside the user namespace" in inside["sample-kernel"]["fix"]


def test_the_fix_that_is_shown_opens_it(check, public, run):
    if int(PARANOID.read_text()) != 2:
        pytest.skip("perf_event_paranoid is not 2")
    before = rows(check("uid 12345"))
    assert {before[key]["fix"] for key in ("sample-kernel", "process-other", "system-kernel")} == {"CAP_PERFMON"}
    granted = public / "granted"
    shutil.copy(public / "perfbox", granted)
    run(public / "perfbox", "setcap", "cap_perfmon=ep", granted)
    said = run(public / "caller", "uid", "12345", "--", granted, "check", "--json")
    after = rows(json.loads(said.out))
    for key in ("sample-kernel", "process-own", "process-other", "system-kernel", "tracepoint-raw"):
        assert after[key]["probed"] == "opened", after[key]


def test_who_is_told_by_name(check):
    who = check(f"uid 12345 caps {caps(PERFMON, ADMIN)}")["who"]
    assert (who["uid"], who["gid"], who["seccomp"]) == (12345, 12345, "none")
    assert who["effective"] == who["ambient"] == ["cap_sys_admin", "cap_perfmon"]
    assert who["excess"] == ["cap_sys_admin"]
    inside = check("uid 12345 userns")["who"]
    assert inside["initial_user_namespace"] == 0 and inside["uid_map"].split() == ["0", "12345", "1"]


@pytest.mark.parametrize("limit", [4, 16, 64])
def test_few_descriptors_change_nothing_but_the_resources(check, limit):
    usual, few = check("uid 12345"), check(f"uid 12345 nofile {limit}")
    assert [row["probed"] for row in few["operations"]] == [row["probed"] for row in usual["operations"]]
    assert few["resources"]["nofile_soft"] == few["resources"]["nofile_hard"] == limit
    if limit < few["resources"]["descriptors_wanted"]:
        assert "limits" in [fix["key"] for fix in few["fixes"]]


def test_ring_memory_that_another_process_holds_is_missed(check):
    alone = check("uid 12346 memlock 0")["resources"]
    held = check("uid 12346 memlock 0 hold 512")["resources"]
    assert alone["ring_kb"] == alone["ring_free_kb"] == held["ring_kb"]
    assert held["ring_free_kb"] == alone["ring_free_kb"] - 512
    assert check("uid 12346 memlock 0")["resources"] == alone  # given back


def test_sessions_share_what_is_free(check):
    one, four = (check("uid 12346 memlock 0", "--sessions", n)["resources"] for n in ("1", "4"))
    assert four["session_pages"] and four["session_kb"] * 4 <= four["ring_free_kb"]
    assert four["session_pages"] < one["session_pages"]
    assert check("uid 12346 memlock 0", "--sessions", "60000")["resources"]["session_pages"] == 0


def test_capability_lifts_the_ring_limit(check):
    found = check(f"uid 12346 memlock 0 caps {caps(14)}")["resources"]
    assert found["unlimited_rings"] is True and found["ring_kb"] == "unlimited"


def test_for_answers_in_the_status(public, run, check):
    as_user = [public / "caller", "uid", "12345", "--", public / "perfbox", "check", "--for"]
    if int(PARANOID.read_text()) == 2:
        assert "For stat" in run(*as_user, "stat", status=1).out.splitlines()[-2]
        partly = check("uid 12345", "--for", "record", status=1)["for"]
        assert partly["answer"] == "partly" and partly["missing"] == ["sample-kernel"]
        assert check("uid 12345", "--for", "system-wide", status=1)["for"]["answer"] == "no"
    assert check("", "--for", "system-wide")["for"]["answer"] == "yes"
    bpf = check(f"uid 12345 caps {caps(PERFMON, SYSLOG)}", "--for", "bpftrace-profile", status=1)["for"]
    assert bpf["missing_capabilities"] == ["cap_bpf"]
    run(public / "perfbox", "check", "--for", "nothing", status=2)
    names = [line.split()[0] for line in run(public / "perfbox", "check", "--for", "list").lines]
    assert {"stat", "record", "top", "rr", "perf"} <= set(names)


def test_a_process_that_is_gone_is_said(check):
    gone = subprocess.Popen(["true"])
    gone.wait()
    row = rows(check("uid 12345", "-p", str(gone.pid)))["process-other"]
    assert (row["predicted"], row["probed"], row["layer"]) == ("unknown", "ESRCH", "target")


def test_events_of_ones_own_are_tried(check):
    found = check("uid 12345", "-a", "-e", "cpu-clock,page-faults:u", "-e", "dummy")
    extra = [row for row in found["operations"] if row["key"] == "event"]
    assert [row["text"] for row in extra] == ["cpu-clock", "page-faults:u", "dummy"]
    assert all(row["agrees"] for row in extra)
    assert found["resources"]["events"] == 3


def test_wrong_questions_are_usage_errors(perfbox):
    for wrong in (["-p", "x"], ["--sessions", "0"], ["operand"], ["-e", "no-such-event"], ["-p", "99999999999"]):
        said = perfbox("check", *wrong, status=2)
        assert said.out == "" and said.err.count("\n") >= 1


# Machines that show less, or nonsense.

def test_an_empty_root_is_all_unknown(public, run):
    (public / "empty").mkdir()
    shutil.copy(public / "perfbox", public / "empty/perfbox")
    said = run("unshare", "-m", "chroot", public / "empty", "/perfbox", "check", "--json")
    found = json.loads(said.out)
    unknown = found["kernel"]["unknown"]
    assert unknown["perf_event_paranoid"] == unknown["online_cpus"] == "not there"
    assert found["who"]["unknown"]["initial_user_namespace"] == "not there"
    assert all(row["agrees"] for row in found["operations"])
    assert run("unshare", "-m", "chroot", public / "empty", "/perfbox", "check", "-v").out


@pytest.mark.parametrize("content,reason", [
    ("", "holds no sensible value"), ("two\n", "holds no sensible value"),
    ("99999999999999999999\n", "holds no sensible value"), ("2" * 5000, "holds no sensible value")])
def test_an_absurd_sysctl_is_unknown(public, run, content, reason):
    (public / "sysctl").write_text(content)
    said = run("unshare", "-m", "sh", "-c",
               f"mount --bind {public}/sysctl {PARANOID} && exec {public}/perfbox check --json")
    kernel = json.loads(said.out)["kernel"]
    assert kernel["perf_event_paranoid"] is None
    assert kernel["unknown"]["perf_event_paranoid"] == reason


def test_an_unreadable_sysctl_is_unknown_and_no_guess(public, run):
    (public / "secret").write_text("2\n")
    (public / "secret").chmod(0)
    said = run("unshare", "-m", "sh", "-c", f"mount --bind {public}/secret {PARANOID} && exec "
               f"{public}/caller uid 12345 -- {public}/perfbox check --json")
    found = json.loads(said.out)
    assert found["kernel"]["unknown"]["perf_event_paranoid"] == "may not be read"
    assert rows(found)["sample-kernel"]["predicted"] == "unknown"


def test_a_lie_about_the_level_is_shown_as_a_difference(public, run):
    if int(PARANOID.read_text()) < 2:
        pytest.skip("perf_event_paranoid is below 2")
    (public / "lie").write_text("-1\n")
    said = run("unshare", "-m", "sh", "-c", f"mount --bind {public}/lie {PARANOID} && exec "
               f"{public}/caller uid 12345 -- {public}/perfbox check")
    assert "rules and probe differ" in said.out


def test_text_says_the_same_as_json(public, run, check):
    text = run(public / "caller", "uid", "12345", "--", public / "perfbox", "check").out
    for row in check("uid 12345")["operations"]:
        line = next(line for line in text.splitlines() if line.startswith(f"  {row['text']} "))
        assert row["probed"] in line and (row["layer"] == "none" or row["layer"] in line)


# Audit records.

RECORD = ('type=AVC msg=audit(1779929095.817:{serial}): avc:  denied  {{ {permission} }} for  pid=1 '
          'comm="{name}" capability={number}  scontext=u:r:{name}_t:s0 tclass={cls} permissive=0\n')


def pair(serial, name):
    return (RECORD.format(serial=serial, name=name, permission="perfmon", number=38, cls="capability2")
            + RECORD.format(serial=serial, name=name, permission="sys_admin", number=21, cls="capability"))


def test_audit_tells_pairs_from_singles(perfbox):
    log = pair(1, "perf") + pair(2, "perf") + RECORD.format(
        serial=3, name="other", permission="perfmon", number=38, cls="capability2") + "junk\n"
    found = json.loads(perfbox("check", "--json", "--audit", "-", stdin=log).out)
    programs = {p["name"]: p for p in found["programs"]}
    assert programs["perf"]["pairs_untold"] == 2 and programs["perf"]["perfmon_only"] == 0
    assert programs["other"]["pairs_untold"] == 0 and programs["other"]["perfmon_only"] == 1
    assert programs["perf"]["advice"] == "grant CAP_PERFMON alone, not CAP_SYS_ADMIN"
    assert (found["lines"], found["denials"], found["malformed"]) == (6, 5, 0)


def test_audit_pastes_no_path_that_a_shell_would_read(perfbox):
    log = pair(1, "perf") + ('type=SYSCALL msg=audit(1779929095.817:1): arch=c000003e syscall=298 '
                             'success=no comm="perf" exe="/tmp/x;reboot"\n')
    said = perfbox("check", "--audit", "-", stdin=log).out
    assert "setcap cap_perfmon=ep FILE" in said and ";reboot" not in said


def test_audit_takes_any_bytes(perfbox, tmp_path):
    bad = bytes(range(256)) * 600 + b"type=AVC msg=audit(1.1:1): avc:  denied  { perfmon } comm=\x1b[2J tclass=cap\n"
    (tmp_path / "log").write_bytes(bad)
    said = perfbox("check", "--audit", tmp_path / "log")
    assert "\x1b" not in said.out
    perfbox("check", "--audit", tmp_path / "missing", status=1)
    perfbox("check", "--audit", tmp_path, status=1)


# What other commands say when they are refused.

def test_a_refused_recording_says_it_in_four_lines(public, run):
    if int(PARANOID.read_text()) < 2:
        pytest.skip("perf_event_paranoid is below 2")
    said = run(public / "caller", "uid", "12345", "--", public / "perfbox", "record", "-a", "-e",
               "cpu-clock:u", "-o", "/dev/null", "--", "true", status=None)
    assert said.status not in (0, 2) and said.err.count("\n") <= 4
    assert "kernel.perf_event_paranoid" in said.err and "CAP_PERFMON" in said.err
    assert "perfbox check" in said.err
