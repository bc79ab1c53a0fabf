"""One table: perfbox beside Debian's perf, in the same run on the same machine, as ratios.

A row is measured in turns (perfbox, perf, perf, perfbox, ...), so that what else the machine does
meets both. CPU time is user + system of the program itself and of what it waited for (getrusage).
"""

import itertools
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

from perfdata import counts

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from stacks import BUILDS, agreement, build, known_share, same_share  # noqa: E402

HOME = ROOT / "build/bench"
PERFBOX, PERF = str(ROOT / "build/perfbox"), "/usr/bin/perf"
OPEN = str(ROOT / "build/guard/open")
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
BURN_SECONDS = 5
BIG_SAMPLES = 400_000

rows = []


def row(what, ours, theirs, limit, show="{:.1f}"):
    """limit: what the ratio may be, or a text that tells another condition."""
    ratio = ours / theirs if theirs else float("nan")
    allowed = f"<= {limit:g}" if isinstance(limit, (int, float)) else limit
    rows.append((what, show.format(ours), show.format(theirs), f"{ratio:.3f}" if theirs else "-", allowed))


def peak_mib(argv):
    """The most memory a program had resident, looked at while it runs: getrusage counts what this program had, too."""
    child, most = subprocess.Popen(argv, **QUIET), 0
    while child.poll() is None:
        try:
            found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())
        except (FileNotFoundError, ProcessLookupError):
            found = None
        most = max(most, int(found[1]) if found else 0)
        time.sleep(0.001)
    return most / 1024


def spent(argv, out=subprocess.DEVNULL):
    """CPU seconds and wall seconds of a program run to its end."""
    began = time.monotonic()
    child = subprocess.Popen(argv, **{**QUIET, "stdout": out})
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"bench: {' '.join(map(str, argv))} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began


def turns(count):
    for turn in range(count):
        yield from (PERFBOX, PERF) if turn % 2 == 0 else (PERF, PERFBOX)


def has(command):
    return command in subprocess.run([PERFBOX, "--list"], capture_output=True, text=True).stdout.split()


def size():
    libraries = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", PERF], capture_output=True, text=True).stdout)
    theirs = sum(os.stat(path).st_size for path in [PERF, *libraries])
    for path in sorted((ROOT / "build/daily").glob("*64*/perfbox")):
        row(f"size, record report stat list, {path.parent.name} (KiB)", path.stat().st_size / 1024, theirs / 1024, "300 KiB")
    for path in sorted((ROOT / "build").glob("*64*/perfbox")):
        row(f"size, all commands, {path.parent.name} (KiB)", path.stat().st_size / 1024, theirs / 1024, "512 KiB")


def start():
    took = {PERFBOX: [], PERF: []}
    for program in turns(30):
        took[program].append(spent([program, "stat", "true"])[0] * 1000)
    row("stat true, CPU (ms)", statistics.median(took[PERFBOX]), statistics.median(took[PERF]), 0.15, "{:.2f}")


def beyond_rings_kb(pid):
    """Resident memory of a recorder but for its ring pages."""
    total, ring = 0, False
    for line in open(f"/proc/{pid}/smaps"):
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            ring = "[perf_event]" in line
        elif line.startswith("Rss:") and not ring:
            total += int(line.split()[1])
    return total


def record_once(program, path, *how):
    argv = [program, "record", *(how or ("-F", "20000", "-g", "-a")), "-o", str(path)]
    child = subprocess.Popen(argv, **QUIET)
    time.sleep(BURN_SECONDS / 2)
    resident = beyond_rings_kb(child.pid)
    time.sleep(BURN_SECONDS / 2)
    child.send_signal(signal.SIGINT)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    samples, lost = counts(path)
    return usage.ru_utime + usage.ru_stime, resident, samples, lost


def commits():
    """The share of a recorder's CPU that commits take: one write of 8 bytes a round, as dear as such writes from here."""
    path = HOME / "record.data"
    argv = [PERFBOX, "record", "-v", "-F", "20000", "-g", "-a", "-o", str(path), "sleep", str(BURN_SECONDS)]
    child = subprocess.Popen(argv, **{**QUIET, "stderr": subprocess.PIPE}, text=True)
    rounds = int(re.search(r"(\d+) rounds", child.stderr.read())[1])
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    writes, began = 20_000, time.process_time()
    with open(path, "r+b") as file:
        for _ in range(writes):
            os.pwrite(file.fileno(), bytes(8), 48)
    return rounds * (time.process_time() - began) / writes / (usage.ru_utime + usage.ru_stime)


def record():
    burner = str(ROOT / "build/workload/native/deep")
    sums = {PERFBOX: [0, 0, 0, 0], PERF: [0, 0, 0, 0]}
    busy = [subprocess.Popen([burner, "600"], **QUIET) for _ in range(os.cpu_count())]
    try:
        for program in turns(2):
            for at, value in enumerate(record_once(program, HOME / "record.data")):
                sums[program][at] = max(sums[program][at], value) if at == 1 else sums[program][at] + value
        committing = commits()
    finally:
        for child in busy:
            child.kill()
            child.wait()
    ours, theirs = sums[PERFBOX], sums[PERF]
    row("record -F 20000 -g -a, own CPU (s)", ours[0], theirs[0], 0.5, "{:.2f}")
    rows.append(("  of it for commits (%, at most)", f"{100 * committing:.2f}", "-", "-", "<= 2"))
    row("  samples", ours[2], theirs[2], "-", "{:.0f}")
    row("  lost", ours[3], theirs[3], "<= perf's", "{:.0f}")
    row("  memory beyond the rings (KiB)", ours[1], theirs[1], "6 MiB", "{:.0f}")


def loss():
    """What is lost with the same rings, all CPUs busy."""
    burner = str(ROOT / "build/workload/native/deep")
    busy = [subprocess.Popen([burner, "600"], **QUIET) for _ in range(os.cpu_count())]
    try:
        for pages, wanted in ((128, "0"), (16, "-"), (2, "-")):
            got = {program: record_once(program, HOME / "loss.data", "-F", "20000", "-g", "-a", "-m", str(pages))[2:] for program in turns(1)}
            (ours, our_loss), (theirs, their_loss) = got[PERFBOX], got[PERF]
            row(f"record -F 20000 -g -a -m {pages}, samples", ours, theirs, "-", "{:.0f}")
            row("  lost (%)", 100 * our_loss / (ours + our_loss), 100 * their_loss / (theirs + their_loss), wanted, "{:.2f}")
    finally:
        for child in busy:
            child.kill()
            child.wait()


def big():
    """A file of some 70 MB with callchains, recorded once by perf."""
    path = HOME / "big.data"
    for seconds in (10, 20, 40):
        if path.exists() and counts(path)[0] >= BIG_SAMPLES * 0.9:
            break
        work = f"end=$(($(date +%s)+{seconds})); while [ $(date +%s) -lt $end ]; do tar cf - /usr/include | xz -1 -T2 | cksum; done"
        subprocess.run([PERF, "record", "-F", "20000", "-g", "-m", "8M", "-o", path, "--", "sh", "-c", work],
                       check=True, **QUIET)
    return path


def percents(program, path):
    argv = [program, "report", "--stdio", "--no-children", "-g", "none", "-s", "comm,dso,symbol", "-i", str(path)]
    said = subprocess.run(argv, capture_output=True, text=True, errors="replace").stdout
    found = (line.split() for line in said.splitlines())
    # perf ends rows of files with addresses by two empty columns of its own
    return [(" ".join(words[1:]).removesuffix(" - -"), float(words[0][:-1])) for words in found if words and words[0].endswith("%")]


def report():
    path = big()
    samples, _ = counts(path)
    took = {PERFBOX: [], PERF: []}
    for program in turns(3):
        took[program].append(spent([program, "report", "--stdio", "-i", str(path)]))
    ours, theirs = ([min(values) for values in zip(*took[program])] for program in (PERFBOX, PERF))
    row(f"report of {path.stat().st_size >> 20} MiB, {samples} samples, CPU (s)", ours[0], theirs[0], 0.1, "{:.3f}")
    row("  wall (s)", ours[1], theirs[1], 0.1, "{:.3f}")
    row("  peak memory (MiB)", *(peak_mib([program, "report", "--stdio", "-i", str(path)]) for program in took), 0.25)
    mine, top = dict(percents(PERFBOX, path)), percents(PERF, path)[:20]
    apart = max((abs(mine.get(name, 0) - percent) for name, percent in top), default=100)
    rows.append(("  top 20 rows, farthest apart (points)", f"{apart:.2f}", "-", "-", "<= 0.01"))


def deep():
    """A file of some 60 MiB with deep call chains, recorded once by perf."""
    path = HOME / "deep.data"
    if not path.exists():
        subprocess.run([PERF, "record", "-F", "20000", "-g", "-m", "8M", "-o", path, "--",
                        ROOT / "build/workload/native/deep", "8"], check=True, **QUIET)
    return path


def script():
    """perf without inlined functions, which it is the faster for, and which are not shown here."""
    for path in (deep(), big()):
        took = {PERFBOX: [], PERF: []}
        for program in turns(3):
            how = ["--no-inline"] if program == PERF else []
            took[program].append(spent([program, "script", *how, "-i", str(path)]))
        ours, theirs = ([min(values) for values in zip(*took[program])] for program in (PERFBOX, PERF))
        row(f"script of {path.stat().st_size >> 20} MiB, {counts(path)[0]} samples, CPU (s)", ours[0], theirs[0], 0.1, "{:.3f}")
        row("  peak memory (MiB)", *(peak_mib([program, "script", "-i", str(path), *(["--no-inline"] if program == PERF else [])])
                                     for program in took), 0.25)
    ours, theirs = (subprocess.Popen([program, "script", *how, "-i", str(deep())], **{**QUIET, "stdout": subprocess.PIPE})
                    for program, how in ((PERFBOX, []), (PERF, ["--no-inline"])))
    lines = apart = 0
    for mine, other in itertools.zip_longest(ours.stdout, theirs.stdout):
        lines += 1
        apart += mine != other
    ours.wait(), theirs.wait()
    rows.append((f"  lines that are not perf's, of {lines}", str(apart), "-", "-", "0"))


def top():
    """Own CPU at 4 kHz on every CPU, both of them busy; memory after some refreshes and at the end."""
    burner = str(ROOT / "build/workload/native/deep")
    busy = [subprocess.Popen([burner, "600"], **QUIET) for _ in range(os.cpu_count())]
    try:
        began = time.monotonic()
        child = subprocess.Popen([PERFBOX, "top", "--stdio", "-F", "4000", "-a", "-d", "1", "--rounds", "10"], **QUIET)
        time.sleep(4)
        early = beyond_rings_kb(child.pid)
        time.sleep(5)
        late = beyond_rings_kb(child.pid)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        percent = 100 * (usage.ru_utime + usage.ru_stime) / (time.monotonic() - began)
    finally:
        for each in busy:
            each.kill()
            each.wait()
    rows.append(("top -F 4000 -a, own CPU (% of one)", f"{percent:.2f}", "-", "-", "<= 3"))
    rows.append(("  memory after 4 s and after 9 s (KiB)", f"{early}, {late}", "-", "-", "-"))


def demangling():
    """What readable names cost report: a recording of a C++ compiler at work."""
    path = HOME / "names.data"
    source = HOME / "names.cc"
    source.write_text("#include <regex>\n#include <map>\nint main() { return std::regex_match(\"a\", std::regex(\"a*\")); }\n")
    if not path.exists():
        subprocess.run([PERF, "record", "-F", "10000", "-g", "-o", path, "--", "g++", "-O2", "-c", "-o", HOME / "names.o", source],
                       check=True, **QUIET)
    took = {"--demangle": [], "--no-demangle": []}
    for how in ("--demangle", "--no-demangle") * 5:
        took[how].append(spent([PERFBOX, "report", how, "-i", str(path)])[0])
    ours, plain = min(took["--demangle"]), min(took["--no-demangle"])
    rows.append(("report, C++ names readable and as linked, CPU (s)", f"{ours:.3f}", f"{plain:.3f}", f"{ours / plain:.3f}", "<= 1.1"))


def streams():
    """What reads a whole file and keeps nothing of it: as fast as the wall clock has it; perf has nothing like it."""
    out, cut = HOME / "scrubbed.data", HOME / "cut.data"
    cut.write_bytes(big().read_bytes()[:-big().stat().st_size // 10])
    for what, path, wanted in (("inspect", big(), ">= 0.5"), ("scrub --max-category 3", big(), ">= 0.5"),
                               ("scrub --anonymize", big(), ">= 0.5"), ("scrub --symbolize", big(), "-"),
                               ("recover", cut, ">= 1")):
        took = []
        for _ in range(4):
            out.unlink(missing_ok=True)
            took.append(spent([PERFBOX, *what.split(), path, *([] if what == "inspect" else [out])]))
        out.unlink(missing_ok=True)
        cpu, wall = (min(values) for values in zip(*took))
        size = path.stat().st_size / 1e9
        rows.append((f"{what} (GB/s)", f"{size / wall:.2f}", "-", "-", wanted))
        rows.append(("  of CPU time (GB/s)", f"{size / cpu:.2f}", "-", "-", "-"))
    cut.unlink()


def frames(path):
    """Frames of a sample, on the average."""
    stacks = [line.rsplit(" ", 1) for line in subprocess.run([PERFBOX, "report", "--folded", "-i", str(path)],
                                                             capture_output=True, text=True).stdout.splitlines()]
    return sum(stack.count(";") * int(weight) for stack, weight in stacks) / max(sum(int(weight) for _, weight in stacks), 1)


def unwind():
    """Stacks by call frame information: recorded by both, and perf's recording reported by both. What perf's children
    (addr2line, more than perf itself) spend is not in its CPU time, as it does not wait for them; the wall has it."""
    burner = str(ROOT / "build/workload/native/frames")
    sums = {PERFBOX: [0, 0, 0, 0, 0], PERF: [0, 0, 0, 0, 0]}
    files = {PERFBOX: HOME / "stacks.data", PERF: HOME / "stacks.perf.data"}
    busy = [subprocess.Popen([burner, "600", "aqs"[at % 3]], **QUIET) for at in range(os.cpu_count())]
    try:
        for program in turns(2):
            took = record_once(program, files[program], "-F", "5000", "--call-graph", "dwarf", "-e", "cpu-clock:u",
                               "-p", ",".join(str(child.pid) for child in busy))
            for at, value in enumerate((*took, files[program].stat().st_size)):
                sums[program][at] = max(sums[program][at], value) if at == 1 else sums[program][at] + value
    finally:
        for child in busy:
            child.kill()
            child.wait()
    ours, theirs = sums[PERFBOX], sums[PERF]
    row("record -F 5000 --call-graph dwarf, own CPU (s)", ours[0], theirs[0], 1, "{:.2f}")
    row("  samples", ours[2], theirs[2], "-", "{:.0f}")
    row("  lost", ours[3], theirs[3], "0", "{:.0f}")
    row("  bytes a sample", ours[4] / max(ours[2], 1), theirs[4] / max(theirs[2], 1), 0.01, "{:.0f}")
    rows.append(("    of them frames, 8 bytes each", f"{8 * frames(files[PERFBOX]):.0f}", "-", "-", "-"))
    took = {PERFBOX: [], PERF: []}
    for program in turns(2):
        took[program].append(spent([program, "report", "--stdio", "--no-children", "-i", str(files[PERF])]))
    ours, theirs = ([min(values) for values in zip(*took[program])] for program in (PERFBOX, PERF))
    row(f"report of perf's {files[PERF].stat().st_size >> 20} MiB of stacks, CPU (s)", ours[0], theirs[0], 0.3, "{:.2f}")
    row("  wall (s)", ours[1], theirs[1], 0.3, "{:.2f}")


def right(stacks):
    """The percentage of samples, of those whose callers are known."""
    shares = known_share(f"comm;{stack} {count}" for stack, count in stacks.items())
    weight = {leaf: sum(count for stack, count in stacks.items() if stack.split(";")[-1] == leaf) for leaf in shares}
    return f"{100 * sum(shares[leaf] * weight[leaf] for leaf in shares) / sum(weight.values()):.2f}" if shares else "-"


def agree():
    """How many samples of perf's recordings get the stack that their program knows, and (in place of a ratio) the one
    that perf's unwinder finds. perf finds none where there is only .debug_frame, or musl's own code."""
    for name in BUILDS:
        program, data = build(lambda *argv: subprocess.run(argv, check=True, cwd=ROOT), HOME, name), HOME / "agree.data"
        subprocess.run([PERF, "record", "-q", "-F", "1000", "-e", "cpu-clock:u", "--call-graph", "dwarf,16384", "-o", data, program, "1"],
                       check=True, **QUIET)
        said = [subprocess.run(argv, capture_output=True, text=True, errors="replace").stdout for argv in (
            [PERF, "script", "--no-inline", "-F", "comm,ip,sym,dso", "--max-stack", "1024", "-i", data],
            [PERFBOX, "report", "--folded", "-i", data])]
        theirs, ours = agreement(said[0], said[1].splitlines(), 1000000)
        known = (right(stacks) for stacks in (ours, theirs))
        rows.append((f"stacks right, {name} (%; ratio: as perf has them)", *known, f"{same_share(theirs, ours):.4f}", ">= 99"))


def sandbox():
    """What entering it costs: CPU of 50 runs that do little else, beside a perfbox that never enters it."""
    data, runs = str(HOME / "sandbox.data"), 50
    subprocess.run([PERFBOX, "record", "-q", "-o", data, "true"], check=True, **QUIET)
    for words in ["inspect", data], ["report", "-i", data], ["record", "-o", "/dev/null", "true"]:
        spare = {program: 0.0 for program in (PERFBOX, OPEN)}
        for turn in range(runs):
            for program in (PERFBOX, OPEN) if turn % 2 else (OPEN, PERFBOX):
                spare[program] += spent([program, *words])[0] * 1000 / runs
        row(f"sandbox, {words[0]} (ms CPU; ours within, theirs without; difference < 3)", *spare.values(), "+3 ms", "{:.2f}")


def main():
    HOME.mkdir(parents=True, exist_ok=True)
    if not os.access(PERF, os.X_OK):
        sys.exit("bench: no /usr/bin/perf to compare with")
    size()
    for command, measure in (("stat", start), ("record", record), ("record", loss), ("report", report), ("report", demangling),
                             ("script", script), ("top", top), ("report", unwind), ("report", agree), ("scrub", streams),
                             ("inspect", sandbox)):
        if has(command):
            measure()
    rows.insert(0, ("", "perfbox", "perf", "ratio", "wanted"))
    widths = [max(len(line[at]) for line in rows) for at in range(5)]
    for line in rows:
        print("  ".join([line[0].ljust(widths[0])] + [line[at].rjust(widths[at]) for at in range(1, 5)]))


main()
