import hashlib
import re


def test_perfbox_runs_and_the_gate_is_debians(machine):
    assert re.fullmatch(r"perfbox version [\d.]+\n", machine.run("perfbox version").out)
    assert machine.run("cat /proc/sys/kernel/perf_event_paranoid").out == "3\n"


def test_the_kernel_is_the_one_asked_for(machine):
    assert machine.release.startswith(machine.version + ".") or machine.version == "7.2"
    assert machine.run("uname -m").out.strip() == {"arm64": "aarch64"}.get(machine.arch, machine.arch)


def test_output_status_and_user_come_back(machine):
    said = machine.run("id -u; echo oops >&2; exit 7", status=7, user="alice")
    assert (said.out, said.err) == ("1000\n", "oops\n")


def test_files_go_in_and_out_whole(machine):
    content = bytes(range(256)) * 64
    machine.push("/tmp/bytes", content)
    assert machine.run("sha256sum </tmp/bytes").out.startswith(hashlib.sha256(content).hexdigest())
    assert machine.pull("/tmp/bytes") == content
    machine.run("rm /tmp/bytes")
