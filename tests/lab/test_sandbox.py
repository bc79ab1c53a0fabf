"""The sandbox on every kernel: what holds is read back, every command does its work in it, and where
there is no Landlock (5.10) that is said and nothing else. A call that is not in the list would end
a command with SIGSYS: status 159."""

import re

HOLDS = r"sandbox: CapInh 0, CapPrm 0, CapEff 0, CapBnd 0, CapAmb 0; Uid 0 0 0; NoNewPrivs 1; Seccomp 2 \((\d+) system calls\)"
NO_LANDLOCK = "sandbox: no Landlock ("

COMMANDS = """
perfbox record -v -g -F 500 -o /tmp/a /workload/deep 0.3
perfbox record -v -a --call-graph dwarf -F 200 -o /tmp/d /workload/deep 0.3
perfbox record -v -e sched:sched_switch -a -o /tmp/t /workload/deep 0.1
perfbox record -v -o - /workload/deep 0.1 >/tmp/s
perfbox record -v -D 10 -p 1 -o /tmp/p -- sleep 0.1
perfbox report -v -i /tmp/a >/dev/null
perfbox report -v -i /tmp/d --flamegraph /tmp/svg
cat /tmp/s | perfbox report -v -i - >/dev/null
perfbox script -v -i /tmp/t >/dev/null
perfbox inspect -v /tmp/d >/dev/null
perfbox scrub -v --anonymize --symbolize /tmp/a /tmp/b >/dev/null
perfbox recover -v /tmp/a /tmp/b
""".strip().splitlines()


def test_every_command_works_in_it(machine):
    for command in COMMANDS:
        said = machine.run(command, timeout=120).err
        calls = re.search(HOLDS, said)
        assert calls, (command, said)
        assert 18 <= int(calls[1]) <= 45
        assert (NO_LANDLOCK in said) == (not machine.at_least("6.1")), command
        assert ("files are read nowhere" in said) == (machine.at_least("6.1") and command.split()[1] in ("inspect", "recover"))
    assert machine.run("ls /tmp/b.*", status=None).out == "/tmp/b.old\n"
    machine.run("rm /tmp/[adtspb] /tmp/b.old /tmp/svg")


def test_kernel_names_are_found_without_the_right_to_ask_again(machine):
    """The addresses are told to whoever opened /proc/kallsyms with CAP_SYSLOG."""
    shown = machine.run("echo 1 >/proc/sys/kernel/kptr_restrict; perfbox record -q -a -F 500 -e cpu-clock -o /tmp/a /workload/kernel 0.5; "
                        "perfbox report -i /tmp/a --sort dso,sym; echo 0 >/proc/sys/kernel/kptr_restrict; rm /tmp/a", timeout=120)
    assert re.search(r"\[kernel\.kallsyms\] +\[k\] [a-z_]\w+", shown.out), shown


def test_a_granted_file_opens_files_as_its_caller(machine):
    ways = ("report -i /tmp/secret", "inspect /tmp/secret", "recover /tmp/secret /tmp/made", "scrub --anonymize /tmp/secret /tmp/made",
            "script -i /tmp/secret", "record -o /tmp/secret true", "stat -o /tmp/secret true", "check --audit /tmp/secret")
    machine.run("perfbox record -q -o /tmp/secret true; chmod 600 /tmp/secret; cp /bin/perfbox /tmp/box; chmod 755 /tmp/box; "
                "perfbox setcap cap_dac_override,cap_dac_read_search,cap_sys_admin,cap_perfmon,cap_sys_ptrace,cap_fowner=ep /tmp/box")
    before = machine.run("sha256sum /tmp/secret").out
    for way in ways:
        said = machine.run(f"/tmp/box {way}", user="alice", status=1).err
        assert re.search("denied|not permitted|cannot", said), (way, said)
    assert machine.run("sha256sum /tmp/secret; ls /tmp/secret.* /tmp/made 2>/dev/null; true").out == before
    done = machine.run("/tmp/box record -v -a -e cpu-clock -o /tmp/alice.data sleep 0.1", user="alice")
    assert "CapPrm 0, CapEff 0" in done.err and "Seccomp 2" in done.err
    machine.run("rm /tmp/secret /tmp/box /tmp/alice.data")


def test_the_ceiling_of_the_administrator(machine):
    machine.run("echo 2 >/proc/sys/kernel/perf_event_paranoid; echo 'max-category 3' >/etc/perfbox.policy; chmod 644 /etc/perfbox.policy")
    try:
        assert "perfbox.policy: max-category 3" in machine.run("perfbox record -o /tmp/x true", user="alice", status=1).err
        machine.run("perfbox stat -e page-faults:u true", user="alice")
        machine.run("perfbox record -o /tmp/x true; rm /tmp/x; echo nonsense >/etc/perfbox.policy")
        assert "malformed" in machine.run("perfbox stat -e page-faults:u true", user="alice", status=1).err
    finally:
        machine.run("rm /etc/perfbox.policy; echo 3 >/proc/sys/kernel/perf_event_paranoid")
