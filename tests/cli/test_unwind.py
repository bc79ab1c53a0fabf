"""Stacks unwound by call frame information: perf's recordings read by report, and record's own."""

import collections
import re
import subprocess

import pytest

CALLERS = {
    "spin_alloca": ["with_alloca", "finish", "main"],
    "spin_depth": ["dive"] * 200 + ["with_depth", "finish", "main"],
    "spin_interrupted": ["with_signal", "finish", "main"],
    "spin_sort": ["compare", "with_sort", "finish", "main"],
}
SOURCE = "tests/workload/frames.c"
CPP = """
#include <algorithm>
#include <ctime>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
struct Base { virtual ~Base() {} virtual long go(int n) = 0; };
struct Derived : Base {
    __attribute__((noinline)) long go(int n) override {
        std::map<int, std::string> m; std::vector<std::string> v;
        for (int i = 0; i < n; i++) m[i * 7919 % 1000] = std::to_string(i);
        for (auto &e : m) v.push_back(e.second);
        std::sort(v.begin(), v.end(), [](auto &a, auto &b) { return a > b; });
        return (long)v.size();
    }
};
__attribute__((noinline)) long thrower(int n) { if (!n) throw std::runtime_error("x"); return thrower(n - 1) + 1; }
int main() {
    Base *b = new Derived; long sum = 0;
    while (clock() < CLOCKS_PER_SEC / 2) { sum += b->go(300); try { sum += thrower(20); } catch (std::exception &) { sum++; } }
    return sum == 42;
}
"""
BUILDS = {
    "frame-pointers": "gcc -O2 -fno-omit-frame-pointer",
    "none": "gcc -O2 -fomit-frame-pointer",
    "stripped": "gcc -O2 -fomit-frame-pointer -s",
    "clang": "clang -O2 -fomit-frame-pointer",
    "debug_frame": "gcc -O2 -g -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables",
    "c++": "g++ -O2",
}


@pytest.fixture(scope="module")
def built(run, tmp_path_factory):
    """Programs by the name of their build."""
    at = tmp_path_factory.mktemp("unwind")
    (at / "program.cc").write_text(CPP)
    for name, command in BUILDS.items():
        run(*command.split(), "-o", at / name, at / "program.cc" if name == "c++" else SOURCE)
    return at


@pytest.mark.parametrize("name", ["frame-pointers", "none", "stripped", "clang", "c++"])
def test_perfs_recordings_fold_as_perf_unwinds_them(name, built, perf, perfbox, tmp_path):
    """The same stacks as perf script, by the names of their functions."""
    data = tmp_path / "perf.data"
    perf("record", "-q", "-F", "400", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, built / name, "0.5")
    script = perf("script", "--no-inline", "-F", "comm,ip,sym,dso", "--max-stack", "1024", "-i", data).out
    theirs, ours = collections.Counter(), collections.Counter()
    for block in script.split("\n\n"):
        frames = [re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line) for line in block.splitlines()[1:]]
        if frames:
            theirs[stack_of(f[1] for f in reversed(frames) if f)] += 1
    for line in perfbox("report", "--folded", "-i", data).lines:
        stack, weight = line.rsplit(" ", 1)
        ours[stack_of(stack.split(";")[1:])] += int(weight) // 2500000
    assert theirs.total() > 100
    same = sum(min(count, ours[stack]) for stack, count in theirs.items())
    print(name, same, theirs.total(), (theirs - ours).most_common(4), (ours - theirs).most_common(4))
    # inside libstdc++ the two choose among names of one place differently
    assert same >= (0.96 if name == "c++" else 0.99) * theirs.total()


def stack_of(names):
    """Names differ where a place has several; what has none is shown once for all in a row."""
    stack = []
    for name in map(plain, names):
        if name != "?" or stack[-1:] != ["?"]:
            stack.append(name)
    return ";".join(stack)


def plain(name):
    if name.startswith("[") or name == "":
        return "?"
    name = re.sub(r"\(.*|@.*", "", name)
    return re.sub(r"^(__GI_|_)+", "", name)


def known_share(folded):
    """{leaf: share of its samples whose callers are the known ones}"""
    ours = {name for names in CALLERS.values() for name in names}
    right, total = collections.Counter(), collections.Counter()
    for line in folded:
        stack, weight = line.rsplit(" ", 1)
        leaf, *callers = stack.split(";")[::-1]
        if leaf in CALLERS:
            total[leaf] += int(weight)
            right[leaf] += int(weight) * ([n for n in callers if n in ours] == CALLERS[leaf])
    return {leaf: right[leaf] / total[leaf] for leaf in total}


@pytest.mark.parametrize("name", ["frame-pointers", "none", "clang", "debug_frame"])
def test_stacks_unwound_while_recording(name, built, perfbox, tmp_path):
    data = tmp_path / "perf.data"
    said = perfbox("record", "-F", "500", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, built / name, "1")
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
