"""Records, rotates and reports for so many minutes, and prints what it took, a row a minute.

soak.py MINUTES

One recorder goes on all the time, its files rotated every few seconds; each file that is complete is
reported, and a load that forks keeps the side-band busy. What must not grow: the recorder's descriptors
and its resident size, and a report's.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from recordings import PERFBOX, wrong_with_file

ROTATE_S = 5
KEPT_FILES = 4
WORKLOAD = pathlib.Path(__file__).resolve().parents[2] / "build/workload/native"
COLUMNS = "minute", "files", "open fds", "record KiB", "report KiB", "samples", "lost", "MB/h", "bad"


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def report(path):
    """Resident KiB at most, samples and lost of one file."""
    child = subprocess.Popen([PERFBOX, "report", "-i", path, "-g", "none"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    out = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    stats = subprocess.run([PERFBOX, "report", "--stats", "-i", path], capture_output=True, text=True).stdout
    samples = re.search(r"SAMPLE events:\s+(\d+)", stats)
    lost = re.search(r"Total Lost Samples: (\d+)", out)
    return used.ru_maxrss, int(samples.group(1)) if samples else 0, int(lost.group(1)) if lost else 0, status


class Soak:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.seen = set()
        self.bytes = self.samples = self.lost = self.bad = self.report_kib = 0
        self.status = self.began = 0
        said = subprocess.run([PERFBOX, "record", "--help"], capture_output=True, text=True)
        self.rotates = "--switch-output" in said.stdout + said.stderr
        self.begin()

    def begin(self):
        self.began += 1
        how = [self.folder / "soak", f"--switch-output={ROTATE_S}s", "--switch-max-files", str(KEPT_FILES)]
        self.since = time.monotonic()
        self.recorder = subprocess.Popen(
            [PERFBOX, "record", "-q", "-a", "-g", "-F", "500", "-o",
             *(how if self.rotates else [self.folder / f"soak.{self.began:06}"])], stdin=subprocess.DEVNULL)

    def turn(self):
        """A recorder that cannot rotate is begun anew."""
        if not self.rotates and time.monotonic() - self.since > ROTATE_S:
            self.end()
            self.begin()

    def load(self):
        """A little of everything for a moment: forks, threads, a deep stack."""
        for name, *args in (["deep", "0.2"], ["forks"], ["threads"]):
            subprocess.run(["timeout", "1", WORKLOAD / name, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def take_files(self):
        """All but the newest are complete."""
        for path in sorted(self.folder.glob("soak.*"))[:-1]:
            if path.name in self.seen:
                continue
            self.seen.add(path.name)
            self.bytes += path.stat().st_size
            kib, samples, lost, status = report(path)
            self.report_kib = max(self.report_kib, kib)
            self.samples += samples
            self.lost += lost
            self.bad += status != 0 or bool(len(self.seen) % 10 == 1 and wrong_with_file(path))
            if not self.rotates:
                path.unlink()

    def row(self, minute, seconds):
        pid = self.recorder.pid
        return (minute, len(self.seen), len(os.listdir(f"/proc/{pid}/fd")), resident_kib(pid), self.report_kib, self.samples,
                self.lost, round(self.bytes / 1e6 * 3600 / seconds, 1), self.bad)

    def end(self):
        self.recorder.send_signal(signal.SIGINT)
        self.status = self.recorder.wait() or self.status
        return self.status


def main():
    minutes, began, rows = float(sys.argv[1]), time.monotonic(), []
    print("".join(f"{name:>12}" for name in COLUMNS), flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(folder)
        while soak.recorder.poll() is None and time.monotonic() - began < minutes * 60:
            soak.load()
            soak.turn()
            soak.take_files()
            time.sleep(1)
            spent = time.monotonic() - began
            if spent > 60 * (len(rows) + 1) or spent > minutes * 60:
                rows.append(soak.row(round(spent / 60, 1), spent))
                print("".join(f"{cell:>12}" for cell in rows[-1]), flush=True)
        status = soak.end()
    grew = rows and (rows[-1][2] > rows[0][2] or rows[-1][3] > rows[0][3] * 1.2)
    print(f"record ended with {status}; {rows[-1][1] if rows else 0} files reported, {soak.bad} bad"
          f"{'; what record takes has grown' if grew else ''}")
    sys.exit(bool(status or soak.bad or grew or not rows))


if __name__ == "__main__":
    main()
