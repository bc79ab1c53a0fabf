"""capsh against libcap's: output, status, and what the shell it runs may do."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import captexts  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may set capabilities")

STATE = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/self/status"


@pytest.fixture
def both(perfbox, run):
    """Runs the same with both; gives (status, output) of each."""
    def both(*args, **how):
        theirs = run("/usr/sbin/capsh", *args, status=None, **how)
        ours = perfbox("capsh", *args, status=None, **how)
        return (ours.status, ours.out), (theirs.status, theirs.out)
    return both


SAME = """
--print
--current
--mode
--decode=0000004000000000
--decode=3
--decode=0
--decode=0x4000000000
--decode=ffffffffffffffff
--supports=cap_perfmon
--supports=38
--supports=41
--supports=63
--supports=bogus
--supports=
--has-p=cap_perfmon
--has-p=41
--has-p=bogus
--has-i=cap_chown
--has-a=cap_chown
--has-a=64
--has-b=cap_chown
--has-b=bogus
--has-ambient
--has-no-new-privs
--no-new-privs --has-no-new-privs
--explain=41
--explain=64
--explain=bogus
--secbits=239 --print
--secbits=0xef --mode
--secbits=057 --print
--secbits=16 --print
--secbits=
--secbits=239x
--secbits=bogus
--secbits=239 --secbits=0
--keep=1 --print
--keep=2
--keep=x
--uid=1 --print
--uid=4242 --print
--uid=x
--gid=4242 --groups=1,2,77777 --print
--gid=x
--groups=daemon,sys,4 --print
--groups= --print
--groups=x
--groups=1,,2 --print
--user=daemon --print
--user=root --print
--user=
--user=0
--user=no-such-user
--is-uid=0
--is-uid=1
--is-gid=0
--is-gid=x
--drop=cap_chown --print
--drop=CAP_CHOWN,38 --current
--drop=all --current
--drop=
--drop=bogus
--drop=41
--inh=cap_chown,38 --print
--inh=cap_chown --inh=cap_kill --current
--inh= --current
--inh=bogus
--inh=cap_chown,
--caps=cap_chown=p --print
--caps=cap_chown,cap_kill=eip --current
--caps== --current
--caps= --current
--caps=bogus
--caps=cap_chown=p --caps=cap_kill=p
--addamb=cap_chown
--inh=cap_chown --addamb=cap_chown --print
--inh=cap_chown,cap_kill --addamb=cap_chown,cap_kill --delamb=cap_kill --current
--iab=^cap_chown,^cap_kill --noamb --current
--iab=^cap_chown --iab=cap_chown --current
--iab=^cap_chown,^cap_kill --iab=^cap_chown --print
--iab=!cap_chown --iab= --current
--iab=^cap_perfmon --secbits=239 --user=daemon --print
--user=daemon --drop=cap_chown --current
--user=daemon --inh=cap_chown --current
--user=daemon --iab=^cap_chown --current
--user=daemon --secbits=0x2f --print
--user=daemon --gid=3
--user=daemon --addamb=cap_chown
--user=daemon --strict --drop=cap_chown
--keep=1 --uid=1 --caps=cap_kill=ep --print
--inh=cap_chown --secbits=0xef --mode
--drop=all --secbits=0xef --caps= --mode
--iab=^cap_chown --secbits=0xef --mode
--shell=/bin/sh
--noenv
--quiet --current
--strict --strict --current
-- -c pwd
--shell=/bin/sh -- -c false
--shell=/nowhere -- -c true
--user=daemon -- -c id
--iab=!cap_chown,^cap_kill,%cap_bpf -- -c true
""".strip().splitlines()


@pytest.mark.parametrize("line", SAME)
def test_same_output_and_status(both, line):
    args = line.split()
    ours, theirs = both(*args)
    assert ours == theirs


def test_nothing_to_do_and_what_is_not_known(both):
    for args in [], ["x"], [""], ["--bogus"], ["-x"], ["--decode"], ["--print=x"]:
        ours, theirs = both(*args)
        assert ours[0] == theirs[0]


def test_every_tuple_is_taken_or_refused_alike(both):
    taken = 0
    for text in captexts.tuples(220):
        # Beyond what the kernel knows libcap says nothing; neither may the text make it fail.
        ours, theirs = both(f"--iab={text}", "--current")
        assert ours == theirs, text
        taken += theirs[0] == 0
    assert 40 < taken < 180


SHELLS = ["--iab=^cap_perfmon --secbits=239 --user=nobody",
          "--user=nobody",
          "--iab=^cap_perfmon,^cap_syslog --user=nobody",
          "--iab=!cap_chown,%cap_kill --user=daemon",
          "--inh=cap_perfmon --secbits=0x2f --user=nobody --addamb=cap_perfmon",
          "--no-new-privs --user=nobody",
          "--keep=1 --gid=2 --groups=3,4 --uid=5",
          "--drop=cap_chown --caps=cap_kill,cap_perfmon=eip"]


@pytest.mark.parametrize("line", SHELLS)
def test_the_shell_may_do_the_same(both, line):
    ours, theirs = both(*line.split(), "--shell=/bin/sh", "--", "-c", STATE)
    assert theirs[0] == 0 and ours == theirs


def test_the_document_s_shell(perfbox, run, tmp_path):
    perfbox("--install", tmp_path)
    said = run(tmp_path / "capsh", "--iab=^cap_perfmon", "--secbits=239", "--user=nobody", "--", "-c",
               f"{STATE}; echo $HOME $USER")
    sets = dict(line.split(":\t") for line in said.lines if line.startswith("Cap"))
    assert {name: sets[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == \
        dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), "0000004000000000")
    assert said.lines[-1] == "/nonexistent nobody"


# Where libcap misreads what it is given, perfbox refuses it.
@pytest.mark.parametrize("arg", ["--decode=xyz", "--decode=1g", "--decode=-1", "--decode=fffffffffffffffff",
                                 "--has-p=cap_chown,cap_kill", "--has-a=63", "--has-b=63", "--uid=4294967296", "--uid=-1",
                                 "--groups=4294967296", "--secbits=99999999999", "--noamb=1"])
def test_refuses(perfbox, arg):
    said = perfbox("capsh", arg, status=1)
    assert said.out == "" and said.err.count("\n") == 1


def test_explains_in_one_sentence(perfbox):
    said = perfbox("capsh", "--explain=cap_perfmon")
    assert said.lines[0] == "cap_perfmon (38) [/proc/self/status:CapXXX: 0x0000004000000000]"
    assert "performance" in said.lines[2]


def test_an_unknown_user_changes_nothing(perfbox):
    said = perfbox("capsh", "--user=no-such-user", "--", "-c", "id", status=1)
    assert said.out == "" and "no-such-user" in said.err
