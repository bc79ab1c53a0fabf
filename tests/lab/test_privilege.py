"""The two procedures of the kernel's "Perf events and tool security", on kernels that boot with
Debian's gate: a file for a group, and a shell for a user. Alice is in perf_users, bob is not."""

DOCUMENT = "CapInh:\t0000004000000000\nCapPrm:\t0000004000000000\nCapEff:\t0000004000000000\n"
RECORD = "record -a -e cpu-clock -o /dev/null true"
PARANOID = "/proc/sys/kernel/perf_event_paranoid"


def tried(machine, steps):
    """Runs the commands of {name: command} in turn, with $box a copy of perfbox on a tmpfs, in one go;
    gives {name: (status, what it said)}."""
    script = "box=/tmp/box; cp /bin/perfbox $box; chmod 755 $box; export box\n"
    for name, command in steps.items():
        script += f"echo '@@@ {name}'; ({command}) 2>&1; echo \"@@@ $?\"\n"
    parts = machine.run(script + f"rm -f $box; echo 3 >{PARANOID}", timeout=180).out.split("@@@ ")[1:]
    return {head.split("\n", 1)[0]: (int(status), head.split("\n", 1)[1]) for head, status in zip(parts[::2], parts[1::2])}


def as_user(name, command):
    return f"su {name} -c '{command}'"


def test_a_file_for_a_group(machine):
    got = tried(machine, {
        "gate": "perfbox grant $box",
        "gated": as_user("alice", f"$box {RECORD}"),
        "two": f"echo 2 >{PARANOID}",
        "grant": "perfbox grant $box",
        "state": "perfbox getcap $box; stat -c %a:%u:%g $box; perfbox setcap -v cap_perfmon=ep $box",
        "member": as_user("alice", f"$box {RECORD}"),
        "other": as_user("bob", "$box version"),
        "nnp": as_user("alice", f"setpriv --nnp $box {RECORD}"),
        "bounded": "perfbox capsh --drop=cap_perfmon --user=alice --shell=/bin/sh -- -c \"$box version\"",
        "chgrp": "chgrp 901 $box; perfbox setcap -v cap_perfmon=ep $box",
        "dry": "perfbox grant --dry-run $box >/tmp/script && sh -e /tmp/script; rm /tmp/script; stat -c %a:%u:%g $box",
        "revoke": "perfbox grant --revoke $box",
        "after": "perfbox getcap -v $box; stat -c %a:%u:%g $box",
        "nothing": as_user("alice", f"$box {RECORD}"),
        "runs": as_user("bob", "$box version"),
    })
    assert got["gate"][0] == 0 and "lets only CAP_SYS_ADMIN in" in got["gate"][1]
    assert got["gated"][0] == 1
    assert got["grant"][0] == 0 and "members of the group now: alice " in got["grant"][1]
    assert "CAP_SYS_ADMIN" not in got["grant"][1]
    assert got["state"] == (0, "/tmp/box cap_perfmon=ep\n750:0:900\n/tmp/box: OK\n")
    assert got["member"][0] == 0, got["member"]
    assert got["other"][0] == 126
    assert got["nnp"][0] == 1
    assert got["bounded"][0] == 126 and "perfbox version" not in got["bounded"][1]
    assert got["chgrp"] == (1, "/tmp/box differs in [pe]\n")
    assert got["dry"] == (0, "/tmp/box: OK\n750:0:900\n")
    assert got["revoke"][0] == 0 and got["after"] == (0, "/tmp/box\n755:0:0\n")
    assert got["nothing"][0] == 1 and got["runs"][0] == 0


def test_a_shell_for_a_user(machine):
    status = 'grep -E "Cap(Inh|Prm|Eff)" /proc/self/status'
    refused = {name: f"env {name} perfbox shell -- -c id" for name in
               ("SUDO_USER=", "SUDO_USER=root", "SUDO_USER=nobody-here", "SUDO_USER=bob SUDO_UID=1000")}
    got = tried(machine, {
        "gate": "SUDO_USER=bob perfbox shell -- -c true",
        "two": f"echo 2 >{PARANOID}",
        "sets": f"SUDO_USER=bob perfbox shell -- -c '{status}'",
        "ambient": "SUDO_USER=bob perfbox shell -- -c 'grep CapAmb /proc/self/status; id -u; id -G'",
        "record": f"SUDO_USER=bob perfbox shell -- -c 'perfbox {RECORD}'",
        "outside": as_user("bob", f"perfbox {RECORD}"),
        "capsh": f"perfbox capsh --iab=^cap_perfmon --secbits=239 --user=bob -- -c '{status}'",
        "setuid": "chmod 4755 $box; su bob -c '$box caps'",
        "inside": "SUDO_USER=bob perfbox shell -- -c '/tmp/box caps'",
        **refused,
    })
    assert got["gate"][0] == 0 and "lets only CAP_SYS_ADMIN in" in got["gate"][1]
    assert got["sets"] == got["capsh"] == (0, DOCUMENT)
    assert got["ambient"] == (0, "CapAmb:\t0000004000000000\n1001\n1001\n")
    assert got["record"][0] == 0 and got["outside"][0] == 1
    assert " =p" in got["setuid"][1]  # nothing is effective but while events are opened
    assert got["inside"][1].splitlines()[1].split()[6:9] == ["-", "0", "cap_perfmon=i"]
    for name in refused:
        assert got[name][0] == 1 and got[name][1].count("\n") == 1 and "uid=" not in got[name][1], name


def test_where_file_capabilities_count_for_nothing(machine):
    got = tried(machine, {
        "two": f"echo 2 >{PARANOID}",
        "mount": "mkdir /tmp/nosuid; mount -t tmpfs -o nosuid,mode=755 x /tmp/nosuid; cp $box /tmp/nosuid/box",
        "grant": "perfbox grant /tmp/nosuid/box",
        "caps": "perfbox caps /tmp/nosuid/box",
        "run": as_user("alice", f"/tmp/nosuid/box {RECORD}"),
        "umount": "umount /tmp/nosuid; rmdir /tmp/nosuid",
        "version 3": "perfbox setcap -n 1000 cap_perfmon=ep $box; perfbox getcap -n $box",
        "no root": as_user("bob", f"$box {RECORD}"),
        "procfs": "perfbox grant /proc/version",
    })
    assert "mounted nosuid" in got["grant"][1] and "counts here: no" in got["caps"][1] and got["run"][0] == 1
    assert got["version 3"] == (0, "/tmp/box cap_perfmon=ep [rootid=1000]\n") and got["no root"][0] == 1
    assert got["procfs"][0] == 1 and "perfbox shell" in got["procfs"][1]


def test_a_group_is_made_by_addgroup_or_its_line_is_told(machine):
    got = tried(machine, {
        "none": "perfbox grant --group newcomers $box; stat -c %a:%g $box",
        "addgroup": r"""cp /etc/group /tmp/group; printf '#!/bin/sh\necho "$1:x:902:" >>/etc/group\n' >/sbin/addgroup;
                        chmod 755 /sbin/addgroup""",
        "made": "perfbox grant --group newcomers $box; stat -c %a:%g $box",
        "restore": "cp /tmp/group /etc/group; rm /tmp/group /sbin/addgroup",
    })
    assert "add the line newcomers:x:999: to /etc/group" in got["none"][1] and got["none"][1].endswith("755:0\n")
    assert "group newcomers was made" in got["made"][1] and got["made"][1].endswith("750:902\n")


def test_sets_are_those_the_kernel_shows(machine):
    got = tried(machine, {
        "status": "grep CapEff /proc/self/status | cut -f2",
        "decode": "perfbox capsh --decode=$(grep CapEff /proc/self/status | cut -f2)",
        "init": "perfbox getpcaps 1",
        "current": "perfbox capsh --current",
        "caps": "perfbox caps 1",
    })
    assert got["decode"][1].startswith(f"0x{got['status'][1].strip()}=cap_chown,")
    assert got["decode"][1].endswith("cap_checkpoint_restore\n")
    assert got["init"] == (0, "1: =ep\n") and got["current"][1].startswith("Current: =ep\n")
    assert got["caps"][1].endswith(" =ep\n")
