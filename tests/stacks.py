"""Programs of many builds whose stacks are known, and how far two tools agree on them."""

import collections
import platform
import re

SOURCE = "tests/workload/frames.c"
# The callers of each leaf of SOURCE, from the leaf outwards.
CALLERS = {
    "spin_alloca": ["with_alloca", "finish", "main"],
    "spin_depth": ["dive"] * 200 + ["with_depth", "finish", "main"],
    "spin_signal": ["handler", "with_signal", "finish", "main"],
    "spin_interrupted": ["with_signal", "finish", "main"],
    "spin_sort": ["compare", "with_sort", "finish", "main"],
}
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
# Rust's names, old and new, on functions of C.
RUST = {"dive": "_ZN5diver4deep4dive17h0123456789abcdefE", "compare": "_RNvNtCs1234_5sorts5order7compare"}
MUSL = f"gcc -specs /usr/lib/{platform.machine()}-linux-musl/musl-gcc.specs -static"
BUILDS = {
    "frame-pointers": "gcc -O2 -fno-omit-frame-pointer",
    "none": "gcc -O2 -fomit-frame-pointer",
    "stripped": "gcc -O2 -fomit-frame-pointer -s",
    "clang": "clang -O2 -fomit-frame-pointer",
    "debug_frame": "gcc -O2 -g -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables",
    "c++": "g++ -O2",
    "rust-names": "gcc -O2 -fomit-frame-pointer",
    "static-musl": f"{MUSL} -O2 -fomit-frame-pointer",
}


def build(run, at, name):
    """The program of that build in directory `at`."""
    source = SOURCE
    if name == "c++":
        source = at / "program.cc"
        source.write_text(CPP)
    elif name == "rust-names":
        source = at / "rust.c"
        text = open(SOURCE).read()
        for plain_name, rust in RUST.items():
            text = re.sub(rf"^APART (static \w+ {plain_name}\([^{{]*\))$", rf'APART \1 __asm__("{rust}");\nAPART \1', text, flags=re.M)
        source.write_text(text)
    run(*BUILDS[name].split(), "-o", at / name, source)
    return at / name


def plain(name):
    """Names differ where a place has several."""
    if name.startswith("[") or name == "":
        return "?"
    name = re.sub(r"\(.*|@.*", "", name)
    return re.sub(r"^(__GI_|_)+", "", name)


def stack_of(names):
    """What has no name is shown once for all in a row."""
    stack = []
    for name in map(plain, names):
        if name != "?" or stack[-1:] != ["?"]:
            stack.append(name)
    return ";".join(stack)


def agreement(perf_script, folded, period):
    """Stacks by perf's unwinder and ours, from the outermost: two Counters."""
    theirs, ours = collections.Counter(), collections.Counter()
    for block in perf_script.split("\n\n"):
        frames = [re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line) for line in block.splitlines()[1:]]
        if frames:
            theirs[stack_of(f[1] for f in reversed(frames) if f)] += 1
    for line in folded:
        stack, weight = line.rsplit(" ", 1)
        ours[stack_of(stack.split(";")[1:])] += int(weight) // period
    return theirs, ours


def same_share(theirs, ours):
    return sum(min(count, ours[stack]) for stack, count in theirs.items()) / theirs.total()


def known_share(folded):
    """{leaf: share of its samples whose callers are the known ones}"""
    ours = {name for names in CALLERS.values() for name in names}
    right, total = collections.Counter(), collections.Counter()
    for line in folded:
        stack, weight = line.rsplit(" ", 1)
        leaf, *callers = [name.split("::")[-1] for name in stack.split(";")[::-1]]
        if leaf in CALLERS:
            total[leaf] += int(weight)
            right[leaf] += int(weight) * ([n for n in callers if n in ours] == CALLERS[leaf])
    return {leaf: right[leaf] / total[leaf] for leaf in total}
