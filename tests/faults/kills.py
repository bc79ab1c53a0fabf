"""Kills recordings at random moments and opens what they leave in perfbox and in stock perf.

kills.py COUNT goes on until so many were killed after their file was begun.
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from recordings import PERFBOX, wrong_with_file

# A header is there about a hundredth of a second after the start.
LATEST_S = 0.3
WAYS = [["-g", "-a"], ["-a", "-c", "100000"], ["--call-graph", "dwarf", "-a"]]


def kill_one(path, way, after_s):
    """None before there is a header, which is written once all it tells of is there; "" when it opened; else what is wrong with it."""
    path.unlink(missing_ok=True)
    recorder = subprocess.Popen([PERFBOX, "record", "-q", "-F", "10000", *way, "-o", path],
                                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    recorder.kill()
    recorder.wait()
    if not path.exists() or not path.read_bytes().startswith(b"PERFILE2"):
        return None
    return wrong_with_file(path) or ""


def kill(count, seed):
    """Killed, opened, and a line for each that did not open."""
    choice = random.Random(seed)
    killed, wrong = 0, []
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        path = pathlib.Path(folder) / "perf.data"
        for _ in range(count * 5):
            if killed == count:
                break
            way, after_s = choice.choice(WAYS), choice.uniform(0, LATEST_S)
            said = kill_one(path, way, after_s)
            killed += said is not None
            if said:
                wrong.append(f"record {' '.join(way)} killed after {after_s:.3f} s: {said}")
    return killed, killed - len(wrong), wrong


def main():
    count, seed = int(sys.argv[1]), time.time_ns()
    killed, opened, wrong = kill(count, seed)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{killed} recordings killed, {opened} open in perfbox and perf")
    sys.exit(opened != count)


if __name__ == "__main__":
    main()
