"""Fails every system call of a command in turn, and tells how the command took it.

`make faults` runs the whole matrix and prints a table, calls x faults; test_faults.py runs a sample.
strace tells which calls there are; fault.c does the failing and the short writes (strace's own failing is a
call numbered -1, which a sandbox rightly kills for). Two occurrences of a call are the same when the same
thing is asked of the same kind of file: of those the first is failed once. Of each call, the first and all
that follow are failed as well.
"""

import argparse
import collections
import errno
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from recordings import LIMIT_S, PERFBOX, samples_by_perfbox, wrong_with_file

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FAULT = ROOT / "build/faults/fault"
DEEP = ROOT / "build/workload/native/deep"
ERRORS = ("ENOSPC", "EIO", "EINTR", "EAGAIN", "ENOMEM", "EMFILE")
LASTING = ("ENOSPC", "EIO", "ENOMEM", "EMFILE")  # what stays: a caller may retry the others for ever
FAULTS = ERRORS + tuple(error + "+" for error in LASTING) + ("short",)
# No program outlives these: the C library's start, and the end. close(2) closes even where it fails,
# and then it would stay open.
BEYOND = {"execve", "arch_prctl", "set_tid_address", "exit_group", "exit", "rt_sigreturn", "vfork", "close"}
WRITES = {"write", "pwrite64", "writev", "pwritev"}
MOST_WRITES = 12
# What they are about makes no difference: the first and the last are enough.
PLAIN = {"fcntl", "rt_sigprocmask", "mprotect"}

# {in}: a recording; {out}: what is written. Each ends by itself.
COMMANDS = {
    "record": ["record", "-g", "-F", "2000", "-o", "{out}", DEEP, "0.05"],
    "record stacks": ["record", "--call-graph", "dwarf", "-F", "1000", "-o", "{out}", DEEP, "0.05"],
    "record -a": ["record", "-a", "-o", "{out}", "--", "sleep", "0.05"],
    "record -o -": ["record", "-g", "-F", "2000", "-o", "-", DEEP, "0.05"],
    "report": ["report", "-i", "{in}"],
    "report svg": ["report", "-i", "{in}", "--flamegraph", "{out}"],
    "stat": ["stat", "-e", "task-clock,page-faults,cpu-clock:u", DEEP, "0.02"],
    "stat -a": ["stat", "-a", "-I", "20", "--", "sleep", "0.05"],
    "script": ["script", "-i", "{in}"],
    "recover": ["recover", "{in}", "{out}"],
    "scrub": ["scrub", "--anonymize", "{in}", "{out}"],
    "top": ["top", "--stdio", "--rounds", "2", "-d", "0.1"],
}
RECORDINGS = {"record", "record stacks", "record -a", "record -o -", "recover", "scrub"}

Call = collections.namedtuple("Call", "name number nth site")
Run = collections.namedtuple("Run", "status out err reached file")
Case = collections.namedtuple("Case", "command call fault")


def file_kind(path):
    """Images are alike, and so are processes; files of the kernel's are not."""
    if path.startswith(("/proc/", "/sys/")):
        return re.sub(r"(cpu|rq-)?\d+", "#", path)
    return path.rpartition("/")[2] if "/faults-" in path else re.sub(r"\d+", "#", path) if path.startswith(("pipe:", "anon_inode:")) else "image"


def site(line):
    """What a call is: its name and number, the files it names, and its first constants."""
    number, name, rest = re.match(r"(?:\[ *(\d+)\] )?(\w*)(.*)", line).groups()
    rest = rest.rpartition(" = ")[0]
    if name in PLAIN:
        return name, number, ""
    files = [file_kind(path) for path in re.findall(r"\d<([^>]*)>", rest)]
    if name in ("open", "stat", "lstat", "access", "unlink", "rename"):
        files += [file_kind(path) for path in re.findall(r'"([^"]*)"', rest)[:1]]
    words = re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", re.sub(r'"[^"]*"|<[^>]*>', "", rest))
    return name, number, " ".join(files[:2] + words[:1 if name == "prctl" else 3])


class Bench:
    """A folder to work in, with a recording to read."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.input = self.folder / "in.data"
        self.output = self.folder / "out"
        self.log = self.folder / "log"
        self.execute([PERFBOX, "record", "-q", "-g", "-F", "1000", "-o", self.input, DEEP, "0.1"])

    def argv(self, command):
        return [str(a).replace("{in}", str(self.input)).replace("{out}", str(self.output))
                for a in [PERFBOX, *COMMANDS[command]]]

    def execute(self, argv, **how):
        """A run to its end: status None when it did not end by itself."""
        for path in (self.output, self.log, self.output.with_suffix(".old")):
            path.unlink(missing_ok=True)
        stdout = self.folder / "stdout"
        with open(stdout, "wb") as to:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=to, stderr=subprocess.PIPE, cwd=self.folder,
                                     start_new_session=True, **how)
            try:
                err, status = child.communicate(timeout=LIMIT_S)[1], child.returncode
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                err, status = child.communicate()[1], None
        out = stdout.read_bytes()
        if not self.output.exists() and out.startswith(b"PERFILE2"):
            shutil.copy(stdout, self.output)
        return Run(status, out, err.decode(errors="replace"), True, self.output if self.output.exists() else None)

    def calls(self, command):
        """Every call worth failing, as often as it differs."""
        self.execute(["strace", "-y", "-n", "-s", "200", "-o", self.log, *self.argv(command)])
        seen, sites = collections.Counter(), collections.defaultdict(list)
        for line in self.log.read_text(errors="replace").splitlines():
            name, number, about = site(line)
            if not number or not name or name in BEYOND:
                continue
            seen[name, number] += 1
            sites[name, number, about].append(seen[name, number])
        chosen = {Call(name, number, nth, about) for (name, number, about), nths in sites.items() for nth in (nths[0], nths[-1])
                  if nth == nths[0] or name in PLAIN}
        for name, number in {key for key in seen if key[0] in WRITES}:
            count = seen[name, number]
            chosen |= {Call(name, number, nth, "write") for nth in range(1, count + 1, max(1, count // MOST_WRITES))
                       if not any(c.name == name and c.nth == nth for c in chosen)}
        return sorted(chosen)

    def inject(self, case):
        argv = self.argv(case.command)
        lasts = "+" if case.fault.endswith("+") else ""
        error = getattr(errno, case.fault.rstrip("+"), "short")
        run = self.execute([FAULT, case.call.number, f"{case.call.nth}{lasts}", str(error), self.log, *argv])
        return run._replace(reached=self.log.exists())

    def cases(self, command):
        calls = self.calls(command)
        for call in calls:
            for error in ERRORS:
                yield Case(command, call, error)
        first = {}
        for call in calls:
            first.setdefault(call.name, call)
        for call in first.values():
            for error in LASTING:
                yield Case(command, call, error + "+")
        writes = sum(1 for line in self.log.read_text(errors="replace").splitlines() if site(line)[0] in WRITES)
        for nth in range(1, writes + 1, max(1, writes // MOST_WRITES)):
            yield Case(command, Call("write*", "write", nth, "short"), "short")


def wrong_with(case, run):
    """What a run did that it must not; None when it survived."""
    said = [line for line in run.err.splitlines() if line and not line.startswith(" ")]
    if run.status is None:
        return "hangs"
    if run.status < 0:
        return f"dies of signal {-run.status}"
    if run.status not in (0, 1, 126, 127):
        return f"status {run.status}"
    cannot_speak = case.call.name == "write" and case.fault.endswith("+")
    if run.status and not cannot_speak and not any(line.startswith("perfbox") for line in said):
        return "fails without a word"
    if run.status and len(said) > 8:
        return f"says {len(said)} lines"
    if case.command in RECORDINGS and run.file:
        if run.file.stat().st_size == 0:
            return "leaves an empty file"
        wrong = wrong_with_file(run.file)
        if wrong:
            return wrong
    if case.command in RECORDINGS and run.status == 0 and not run.file:
        return "no file"
    told = re.search(r"(\d+) samples, \d+ lost", run.err)
    if told and run.status == 0 and run.file and samples_by_perfbox(run.file) != int(told.group(1)):
        return f"says {told.group(1)} samples, wrote {samples_by_perfbox(run.file)}"
    return None


def print_table(table, faults=FAULTS):
    print(f"{'call':<18}" + "".join(f"{fault:>9}" for fault in faults))
    for name in sorted({key[0] for key in table}):
        cells = [table.get((name, fault)) for fault in faults]
        print(f"{name:<18}" + "".join(f"{'' if not cell else f'{cell[0]}/{cell[1]}':>9}" for cell in cells))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--calls", default="", help="only these, by comma")
    chosen = parser.parse_args()
    failed = injected = survived = 0
    overall = collections.defaultdict(lambda: [0, 0])
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        bench = Bench(folder)
        for command in chosen.commands.split(","):
            table = collections.defaultdict(lambda: [0, 0])
            for case in list(bench.cases(command)):
                if chosen.calls and case.call.name not in chosen.calls.split(","):
                    continue
                run = bench.inject(case)
                if not run.reached:
                    continue
                wrong = wrong_with(case, run)
                for counts in (table[case.call.name, case.fault], overall[case.call.name, case.fault]):
                    counts[0] += wrong is None
                    counts[1] += 1
                if wrong:
                    print(f"{command}: {case.call.name} #{case.call.nth} {case.fault}: {wrong}\n    {case.call.site}\n"
                          f"    status {run.status}: {run.err.strip()[-300:]}", flush=True)
            survived_here, injected_here = (sum(counts[i] for counts in table.values()) for i in (0, 1))
            print(f"{command}: {injected_here} faults injected, {survived_here} survived", flush=True)
            injected += injected_here
            survived += survived_here
    print_table(overall)
    print(f"{injected} faults injected, {survived} survived")
    sys.exit(survived != injected)


if __name__ == "__main__":
    main()
