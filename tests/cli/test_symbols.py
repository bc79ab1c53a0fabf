"""Where names come from when the files are not simply there: replaced files, mount namespaces,
JIT code, the vDSO, hidden kernel addresses. Stock perf is asked too where it can know."""

import os
import re
import subprocess
import time

import pytest


def symbols(text):
    """{symbol: percent} of report -s symbol"""
    return {name: float(percent) for percent, name in
            re.findall(r"^ +([\d.]+)%.*?\[[.k]\] (\S+) *(?:- .*)?$", text, re.M)}


@pytest.fixture
def compiled(run, tmp_path):
    def compiled(source, name="program", *flags):
        (tmp_path / f"{name}.c").write_text(source)
        run("gcc", "-O1", "-w", "-D_GNU_SOURCE", *flags, "-o", tmp_path / name, tmp_path / f"{name}.c")
        return tmp_path / name
    return compiled


@pytest.fixture
def recorded(perfbox, tmp_path):
    def recorded(*command):
        path = tmp_path / "perf.data"
        perfbox("record", "-q", "-F", 2000, "-o", path, "--", *command)
        return path
    return recorded


SPIN = "volatile int x; int {0}(void) {{ while (x < {1}) x++; return 0; }} int main(void) {{ return {0}(); }}"


def test_another_build_is_told_and_not_used(perfbox, compiled, recorded):
    program = compiled(SPIN.format("recorded_function", 200000000), "program", "-Wl,--build-id")
    data = recorded(program)
    assert symbols(perfbox("report", "-i", data, "-s", "symbol").out)["recorded_function"] > 90
    program.unlink()
    compiled(SPIN.format("other_function", 1), "program", "-Wl,--build-id")
    done = perfbox("report", "-i", data, "-s", "symbol")
    assert "_function" not in done.out
    assert f"{program}: no names" in done.err and "another build" in done.err
    program.unlink()
    done = perfbox("report", "-i", data, "-s", "symbol", "-v")
    assert f"{program}: no names" in done.err and "No such file" in done.err


def test_files_of_a_mount_namespace(perfbox, compiled, tmp_path):
    program = compiled(SPIN.format("inner_function", 2000000000))
    inside = tmp_path / "inside"
    inside.mkdir()
    data = tmp_path / "perf.data"
    script = f"mount -t tmpfs none {inside} && cp {program} {inside}/hidden && exec {inside}/hidden"
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stderr=subprocess.PIPE)
    try:
        for _ in range(1000):
            if os.readlink(f"/proc/{process.pid}/exe").endswith("/hidden"):
                break
            if process.poll() is not None:
                pytest.fail(process.stderr.read().decode())
            time.sleep(0.02)
        perfbox("record", "-q", "-F", 2000, "-p", process.pid, "-o", data, "--", "sleep", "0.2")
        assert not (inside / "hidden").exists()
        assert symbols(perfbox("report", "-i", data, "-s", "symbol").out)["inner_function"] > 90
    finally:
        process.kill()
        process.communicate()
    assert "inner_function" not in perfbox("report", "-i", data, "-s", "symbol").out


JIT = """
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static volatile int x;
__attribute__((noinline)) void loop(volatile int *at) { for (int i = 0; i < 200000000; i++) *at = i; }
int main(void) {
	char *code = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), name[64];
	memcpy(code, (char *)loop, 256);
	__builtin___clear_cache(code, code + 256);
	snprintf(name, sizeof(name), "/tmp/perf-%d.map", getpid());
	FILE *f = fopen(name, "w");
	fprintf(f, "%lx 100 made::by<jit> at run time\\n", (long)code);
	fclose(f);
	printf("%s", name);
	fflush(stdout);
	((void (*)(volatile int *))code)(&x);
}
"""


def test_jit_code_is_named_by_its_map(perfbox, perf, run, compiled, tmp_path):
    program = compiled(JIT)
    data = tmp_path / "perf.data"
    name = perfbox("record", "-q", "-F", 2000, "-o", data, "--", program).out
    try:
        for report in (perfbox("report", "-i", data), perf("report", "--stdio", "-i", data)):
            assert re.search(r"(?:9\d|100)\.\d\d%  program  \[JIT\] tid \d+ +\[\.\] made::by<jit> at run time", report.out)
    finally:
        os.unlink(name)
    done = perfbox("report", "-i", data)
    assert "made::by" not in done.out and "[JIT] tid" in done.out


VDSO = """
#include <time.h>
int main(void) { struct timespec t; for (int i = 0; i < 3000000; i++) clock_gettime(CLOCK_MONOTONIC, &t); }
"""


def test_vdso_has_names(perfbox, perf, compiled, recorded):
    data = recorded(compiled(VDSO))
    ours = symbols(perfbox("report", "-i", data, "--dsos", "[vdso]", "-s", "symbol").out)
    theirs = symbols(perf("report", "--stdio", "-i", data, "--dsos", "[vdso]", "-s", "symbol").out)
    assert ours and ours == theirs
    assert any("gettime" in name for name in ours)


def test_hidden_kernel_addresses_are_told(perfbox, workload, tmp_path):
    data = tmp_path / "perf.data"
    perfbox("record", "-q", "-F", 2000, "-e", "cpu-clock:k", "-o", data, "--", workload("kernel"))
    assert any(not name.startswith("0x") for name in symbols(perfbox("report", "-i", data, "-s", "symbol").out))
    zeroes = tmp_path / "kallsyms"
    zeroes.write_text("0000000000000000 T _text\n0000000000000000 T schedule\n")
    done = perfbox("report", "-i", data, "-s", "symbol", "--kallsyms", zeroes)
    assert "[kernel.kallsyms]: no names" in done.err and "kptr_restrict" in done.err
    assert "schedule" not in done.out
