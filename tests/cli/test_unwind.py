"""Stacks unwound by call frame information: perf's recordings read by report, and record's own."""

import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from stacks import BUILDS, agreement, build as build_one, known_share, same_share  # noqa: E402

PERIOD_NS = 2500000  # of -F 400


@pytest.fixture(scope="module")
def built(run, tmp_path_factory):
    """Programs by the name of their build."""
    at = tmp_path_factory.mktemp("unwind")
    for name in BUILDS:
        build_one(run, at, name)
    return at


@pytest.mark.parametrize("name", ["frame-pointers", "none", "stripped", "clang", "c++", "rust-names"])
def test_perfs_recordings_fold_as_perf_unwinds_them(name, built, perf, perfbox, tmp_path):
    """The same stacks as perf script, by the names of their functions."""
    data = tmp_path / "perf.data"
    perf("record", "-q", "-F", "400", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, built / name, "0.5")
    script = perf("script", "--no-inline", "-F", "comm,ip,sym,dso", "--max-stack", "1024", "-i", data).out
    theirs, ours = agreement(script, perfbox("report", "--folded", "-i", data).lines, PERIOD_NS)
    assert theirs.total() > 100
    share = same_share(theirs, ours)
    print(name, share, (theirs - ours).most_common(4), (ours - theirs).most_common(4))
    # inside libstdc++ the two choose among names of one place differently
    assert share >= (0.96 if name == "c++" else 0.99)


@pytest.mark.parametrize("name", ["frame-pointers", "none", "clang", "debug_frame", "static-musl"])
def test_stacks_unwound_while_recording(name, built, perfbox, tmp_path):
    data = tmp_path / "perf.data"
    said = perfbox("record", "-F", "1000", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, built / name, "0.4")
    shares = known_share(perfbox("report", "--folded", "-i", data).lines)
    print(said.err, shares)
    assert set(shares) >= {"spin_alloca", "spin_depth", "spin_sort"}
    assert all(share > 0.98 for share in shares.values())


def test_a_process_that_runs_already(built, perfbox, tmp_path):
    data = tmp_path / "perf.data"
    child = subprocess.Popen([built / "none", "600"])
    try:
        perfbox("record", "-F", "500", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, "-p", child.pid, "sleep", "0.5")
    finally:
        child.kill()
        child.wait()
    shares = known_share(perfbox("report", "--folded", "-i", data).lines)
    assert "spin_sort" in shares and all(share > 0.98 for share in shares.values())


SECRET = """
#include <string.h>
#include <time.h>
int main(int c, char **v) {
    char secret[64]; volatile long n = 0;
    for (int i = 0; i < 60; i++) secret[i] = "hUnTeR2-"[i % 8];
    while (clock() < CLOCKS_PER_SEC / 5) n += secret[n % 60] + strlen(v[0]);
    return n == 1;
}
"""


def test_nothing_of_the_stack_is_stored(run, perfbox, perf, tmp_path):
    (tmp_path / "s.c").write_text(SECRET)
    run("gcc", "-O1", "-o", tmp_path / "s", tmp_path / "s.c")
    data, kept = tmp_path / "perf.data", tmp_path / "kept.data"
    record = ["record", "-F", "200", "-e", "cpu-clock:u", "--call-graph", "dwarf"]
    perfbox(*record, "-o", data, tmp_path / "s")
    perfbox(*record, "--keep-stacks", "-o", kept, tmp_path / "s")
    assert b"hUnTeR2-hUnTeR2-" in kept.read_bytes()
    assert b"hUnTeR2" not in data.read_bytes()
    attr = perf("evlist", "-v", "-i", data).lines[0]
    assert "CALLCHAIN" in attr and "REGS" not in attr and "STACK" not in attr
    assert "STACK_USER" in perf("evlist", "-v", "-i", kept).lines[0]


def test_kept_stacks_are_unwound_by_report_and_perf(built, perfbox, perf, tmp_path):
    data = tmp_path / "perf.data"
    perfbox("record", "-F", "200", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "--keep-stacks", "-o", data,
            built / "none", "0.5")
    shares = known_share(perfbox("report", "--folded", "-i", data).lines)
    assert shares and all(share > 0.98 for share in shares.values())
    assert perf("script", "-F", "ip,sym", "-i", data).out.count("main") > 50


def test_kernel_and_user_part_make_one_chain(built, perfbox, perf, tmp_path):
    data = tmp_path / "perf.data"
    perfbox("record", "-F", "500", "-e", "cpu-clock", "--call-graph", "dwarf", "-o", data, "sh", "-c",
            "for i in 1 2 3 4 5 6 7 8 9; do cat /proc/kallsyms >/dev/null; done", timeout=120)
    blocks = perf("script", "-F", "comm,ip,sym,dso", "-i", data).out.split("\n\n")
    mixed = [b for b in blocks if "[kernel.kallsyms]" in b and re.search(r"\((?!\[)[^)]*libc", b)]
    assert len(mixed) > 10


def test_wrong_sizes_are_refused(perfbox):
    for how in ("dwarf,0", "dwarf,1M", "dwarf,x", "dwarfs", "lbr,"):
        said = perfbox("record", "--call-graph", how, "true", status=2)
        assert "--call-graph" in said.err


# Each loops in what it is about and has main -> middle above it. At -F 2000 a third of a second is
# plenty.
PROGRAMS = {
    "vdso": """
#include <time.h>
__attribute__((noinline)) int middle(void) {
    struct timespec t; int sum = 0;
    while (clock() < CLOCKS_PER_SEC / 3) for (int i = 0; i < 1000; i++) { clock_gettime(CLOCK_REALTIME_COARSE, &t); sum += (int)t.tv_nsec; }
    return sum;
}
int main(void) { middle(); return 0; }
""",
    "plt": """
#include <time.h>
int tiny(int);
__attribute__((noinline)) int middle(void) {
    int sum = 0;
    while (clock() < CLOCKS_PER_SEC / 3) for (int i = 0; i < 100000; i++) sum += tiny(sum);
    return sum;
}
int main(void) { middle(); return 0; }
""",
    "jit": """
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
/* keeps a frame pointer, counts its argument down to 0, returns */
#if defined(__x86_64__)
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0x89, 0xf9, 0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3 };
#else
static const unsigned code[] = { 0xa9bf7bfd, 0x910003fd, 0x71000400, 0x54ffffe1, 0xa8c17bfd, 0xd65f03c0 };
#endif
__attribute__((noinline)) int middle(int (*jitted)(int)) {
    while (clock() < CLOCKS_PER_SEC / 3) jitted(100000);
    return 1;
}
int main(void) {
    char path[64];
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(at, code, sizeof(code));
    __builtin___clear_cache(at, (char *)at + sizeof(code));
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
    FILE *map = fopen(path, "w");
    fprintf(map, "%lx %lx jitted\\n", (unsigned long)at, (unsigned long)sizeof(code));
    fclose(map);
    puts(path);
    return middle((int (*)(int))at) == 0;
}
""",
    "i386": """
#define APART __attribute__((noinline, noclone))
volatile unsigned sum;
APART void leaf(int n) { for (int i = 0; i < n; i++) sum += (unsigned)i; }
APART void middle(int n) { volatile char room[300]; room[n % 300] = 1; leaf(n * 1000); sum += (unsigned)room[0]; }
APART int main(void) { for (int i = 0; i < 4000; i++) middle(100); return 0; }
__asm__(".globl _start\\n_start: xor %ebp,%ebp\\n call main\\n xor %ebx,%ebx\\n mov $1,%eax\\n int $0x80\\n");
""",
}
LEAVES = {"vdso": r".*vdso.*", "plt": r"tiny(@plt)?|\[?plt.*", "jit": "jitted", "i386": "leaf"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_code_of_its_own_kind(name, run, perfbox, tmp_path):
    program, data = tmp_path / name, tmp_path / "perf.data"
    (tmp_path / "p.c").write_text(PROGRAMS[name])
    how = ["-O2", "-fomit-frame-pointer"]
    if name == "plt":
        (tmp_path / "tiny.c").write_text("int tiny(int n) { return n ^ 1; }")
        run("gcc", *how, "-shared", "-fPIC", "-o", tmp_path / "libtiny.so", tmp_path / "tiny.c")
        how += [tmp_path / "libtiny.so", "-Wl,-z,lazy", f"-Wl,-rpath,{tmp_path}", "-fno-pie", "-no-pie"]
    if name == "i386":
        if platform.machine() != "x86_64":
            pytest.skip("i386 programs run on x86_64")
        how += ["-m32", "-nostdlib", "-static", "-ffreestanding", "-fasynchronous-unwind-tables", "-fno-pie", "-no-pie", "-fno-stack-protector"]
    run("gcc", tmp_path / "p.c", "-o", program, *how)
    said = perfbox("record", "-F", "2000", "-e", "cpu-clock:u", "--call-graph", "dwarf", "-o", data, program)
    folded = perfbox("report", "--folded", "-i", data).lines
    for path in re.findall(r"^/tmp/perf-\d+\.map$", said.out, re.M):
        pathlib.Path(path).unlink()
    total = right = 0
    for line in folded:
        stack, weight = line.rsplit(" ", 1)
        names = stack.split(";")
        if re.fullmatch(LEAVES[name], names[-1]):
            total += int(weight)
            right += int(weight) * ("main;middle;" in stack + ";")
    print(name, said.err, folded[:4])
    assert total > 0 and right >= 0.99 * total, folded


def test_stacks_get_shorter_before_samples_get_lost(built, perfbox, tmp_path, build):
    """A recorder that was held up finds its rings full: it drains them with short stacks, and says so."""
    data = tmp_path / "perf.data"
    busy = subprocess.Popen([built / "none", "600", "d"])
    recorder = subprocess.Popen([build / "perfbox", "record", "-F", "2000", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384",
                                 "-m", "256K", "-o", data, "-p", str(busy.pid)], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: data.exists() and data.stat().st_size > 100000)
        recorder.send_signal(signal.SIGSTOP)
        ran = cpu_seconds(busy.pid)
        wait_for(lambda: cpu_seconds(busy.pid) > ran + 0.3)
        recorder.send_signal(signal.SIGCONT)
        grown = data.stat().st_size
        wait_for(lambda: data.stat().st_size > grown + 100000)
        recorder.send_signal(signal.SIGINT)
        said = recorder.communicate(timeout=60)[1]
    finally:
        for child in (busy, recorder):
            child.kill()
            child.wait()
    cut = re.search(r"(\d+) stacks were cut to keep up", said)
    assert cut, said
    depths = [line.count(";") for line in perfbox("report", "--folded", "-i", data).lines if ";spin_depth " in line]
    assert min(depths) <= 32 and max(depths) > 200


def cpu_seconds(pid):
    return sum(map(int, pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
