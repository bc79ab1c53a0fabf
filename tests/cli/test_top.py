"""top: what runs is on top, as text and on a real terminal (tmux), which is left as it was."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

DEADLINE = 30


def wait_for(condition, what=""):
    deadline = time.monotonic() + DEADLINE
    while True:
        got = condition()
        if got:
            return got
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.05)


@pytest.fixture
def spinning(workload):
    """A process that is in spin() all the time."""
    process = subprocess.Popen([workload("deep"), "1000"])
    yield process.pid
    process.kill()
    process.wait()


class Screen:
    """A shell in a tmux window of its own server."""

    def __init__(self, build, path, columns, lines, term="screen"):
        self.build, self.path, self.socket = build, path, f"top-{os.getpid()}-{path.name}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                  f"cd {build.parent} && TERM={term} PS1='$ ' exec sh -i")
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.socket, *words], check=True, capture_output=True, text=True).stdout

    def type(self, text, *keys):
        self.tmux("send-keys", "-l", text)
        for key in keys:
            self.tmux("send-keys", key)

    def key(self, *keys):
        self.tmux("send-keys", *keys)

    def lines(self):
        return self.tmux("capture-pane", "-p").splitlines()

    def text(self):
        return self.tmux("capture-pane", "-p")

    def flag(self, name):
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def shows(self, pattern):
        return wait_for(lambda: re.search(pattern, self.text(), re.M), lambda: f"{pattern} is not in\n{self.text()}")

    def shows_not(self, pattern):
        wait_for(lambda: not re.search(pattern, self.text(), re.M), lambda: f"{pattern} is in\n{self.text()}")

    def start(self, *options):
        """perfbox top between two looks at the terminal; its pid."""
        pid = self.path / "pid"
        self.command(f"stty -g >{self.path}/before; sh -c 'echo $$ >{pid}; exec {self.build}/perfbox top {' '.join(options)}'")
        wait_for(lambda: pid.exists() and pid.read_text().strip(), "did not start")
        return int(pid.read_text())

    def command(self, command):
        """Its end, or stop, is seen by ended()."""
        (self.path / "done").unlink(missing_ok=True)
        self.type(f"{command}; echo $? >{self.path}/status; stty -g >{self.path}/after; touch {self.path}/done", "Enter")

    def ended(self):
        """The status, once the shell has it; the terminal must be as it was."""
        wait_for((self.path / "done").exists, lambda: f"did not end:\n{self.text()}")
        assert (self.path / "after").read_text() == (self.path / "before").read_text()
        assert self.flag("alternate_on") == "0" and self.flag("cursor_flag") == "1" and self.flag("wrap_flag") == "1"
        return int((self.path / "status").read_text())


@pytest.fixture
def screen(build, tmp_path):
    screens = []

    def make(columns=80, lines=24, **how):
        screens.append(Screen(build, tmp_path, columns, lines, **how))
        return screens[-1]
    yield make
    for made in screens:
        made.tmux("kill-server")


def blocks(out):
    """Headline and rows (share, rest) of each block of text."""
    found = []
    for block in out.split("perfbox top: ")[1:]:
        lines = block.splitlines()
        rows = [re.match(r" *([\d.]+)%  (.*)", line) for line in lines[1:]]
        found.append((lines[0], [(float(row[1]), row[2]) for row in rows if row]))
    return found


def test_text_has_a_block_per_refresh_with_the_busiest_on_top(perfbox, spinning):
    said = perfbox("top", "--rounds", "3", "-d", "0.3", "-p", spinning)
    found = blocks(said.out)
    assert len(found) == 3 and "\033" not in said.out
    for headline, rows in found:
        assert re.match(r"\d+ samples/s, kernel [\d.]+%, lost 0, own CPU [\d.]+%, tables [\d.]+M, \S+, "
                        f"process {spinning}$", headline)
        assert re.fullmatch(r"deep +\[\.\] spin", rows[0][1]) and rows[0][0] > 50
        assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
        assert sum(row[0] for row in rows) < 100.5


def test_the_whole_system_is_the_default(perfbox, spinning):
    headline, rows = blocks(perfbox("top", "--stdio", "--rounds", "2", "-d", "0.5", "-s", "pid,comm,symbol").out)[-1]
    assert headline.endswith(", all CPUs")
    assert any(re.fullmatch(rf" *{spinning}  deep +\[\.\] spin", row) for _, row in rows)
    assert not any("idle" in row for _, row in rows)


def test_call_graphs(perfbox, spinning):
    said = perfbox("top", "-g", "--rounds", "1", "-d", "0.5", "-p", spinning)
    first = re.search(r"\[\.\] spin\n(.*?)(?:\n\n|\n +[\d.]+%  )", said.out, re.S)[1]
    assert first.count("dive") == 40 and "main" in first


@pytest.mark.parametrize("key, row", [("comm", "deep"), ("dso", "deep"), ("symbol", r"\[\.\] spin"),
                                      ("cpu", r"\d{3}"), ("comm,dso,symbol", r"deep +deep +\[\.\] spin")])
def test_sort_keys(perfbox, spinning, key, row):
    _, rows = blocks(perfbox("top", "-s", key, "--rounds", "1", "-d", "0.3", "-p", spinning).out)[0]
    assert re.fullmatch(rf"{row} *", rows[0][1])


def test_without_the_kernel_or_user_space(perfbox, spinning, workload):
    process = subprocess.Popen([workload("kernel"), "1000"])
    try:
        user, kernel = (perfbox("top", which, "--rounds", "1", "-d", "0.3").out for which in ("-K", "-U"))
    finally:
        process.kill()
        process.wait()
    assert "[.]" in user and "[k]" not in user
    assert "[k]" in kernel and "[.]" not in kernel


def stream(build, *options):
    return subprocess.Popen([build / "perfbox", "top", "--stdio", *options], stdout=subprocess.PIPE, text=True)


def share_of(process, word):
    """The share of a row with the word in the next block."""
    share, rows = 0.0, 0
    for line in process.stdout:
        row = re.match(r" *([\d.]+)%  (.*)", line)
        rows += row is not None
        share += float(row[1]) if row and row[2].startswith(word) else 0
        if rows and not line.strip():
            return share
    return None


@pytest.mark.parametrize("zero", [False, True])
def test_what_has_ended_fades(build, workload, tmp_path, zero):
    """With -z it is gone at once: two blocks later at most, since one is half before its end."""
    shutil.copy(workload("deep"), tmp_path / "fading")
    process = subprocess.Popen([tmp_path / "fading", "1000"])
    top = stream(build, "-d", "0.2", "-s", "comm", *(["-z"] if zero else []))
    try:
        wait_for(lambda: share_of(top, "fading") > 5)
        process.kill()
        process.wait()
        share_of(top, "fading")
        shares = [share_of(top, "fading") for _ in range(4)]
        assert (shares[1:] == [0, 0, 0]) if zero else min(shares) > 0
        if not zero:
            wait_for(lambda: share_of(top, "fading") < min(shares) / 4)
    finally:
        process.kill()
        top.kill()
        top.wait()


def test_ends_with_what_it_looks_at(perfbox, workload):
    process = subprocess.Popen([workload("deep"), "1"])
    said = perfbox("top", "--stdio", "-d", "60", "-p", process.pid)
    process.wait()
    assert " spin" in said.out


def test_a_closed_pipe_ends_it_quietly(build, run):
    said = run("sh", "-c", f"{build}/perfbox top --stdio -e cpu-clock -d 0.1 | head -n 1; exit 0")
    assert said.out.startswith("perfbox top: ") and said.err == ""


def test_names_cannot_reach_the_terminal(perfbox, workload, tmp_path):
    name = "\033[31mred"
    shutil.copy(workload("deep"), tmp_path / name)
    process = subprocess.Popen([tmp_path / name, "1000"])
    try:
        said = perfbox("top", "-s", "comm,dso,symbol", "--rounds", "1", "-d", "0.5", "-p", process.pid)
    finally:
        process.kill()
        process.wait()
    assert "\033" not in said.out and r"\x1b[31mred" in said.out


def test_small_tables_are_carried_over_and_keep_what_counts(build, spinning, workload):
    """Processes come and go; tables for a few hundred of them last."""
    top = subprocess.Popen([build / "perfbox", "top", "--stdio", "-v", "-F", "1000", "-d", "0.1", "--memory", "3M", "-s", "comm"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(6):
            subprocess.run([workload("forks"), "200"], check=True, stdout=subprocess.DEVNULL)
            share = share_of(top, "deep")
            assert share > 5
        rss = int(re.search(r"VmRSS:\s*(\d+)", open(f"/proc/{top.pid}/status").read())[1])
    finally:
        top.send_signal(signal.SIGINT)
        _, err = top.communicate(timeout=DEADLINE)
    moves = re.search(r"carried over (\d+) times", err)
    assert moves and int(moves[1]) >= 1, err
    assert rss < 8 * 1024


@pytest.mark.parametrize("words, status, said", [
    (["-s", "colour"], 2, "'colour' is no sort key"),
    (["-d", "0"], 2, "the delay is 0"),
    (["-F", "many"], 2, "-F many"),
    (["-m", "x"], 2, "-m x"),
    (["-e", "nothing"], 2, "-e nothing"),
    (["ls"], 2, "top runs no command"),
    (["--memory", "64K"], 1, "--memory"),
    (["-p", "999999999"], 1, "999999999"),
])
def test_what_is_asked_wrongly(perfbox, words, status, said):
    assert said in perfbox("top", "--rounds", "1", *words, status=status).err


@pytest.mark.parametrize("columns, lines", [(80, 24), (200, 50)])
def test_a_screen(screen, spinning, columns, lines):
    s = screen(columns, lines)
    s.start("-d", "0.3", "-p", str(spinning))
    s.shows(r"^ +[\d.]+%  deep +\[\.\] spin")
    shown = s.lines()
    assert len(shown) == lines and s.flag("alternate_on") == "1"
    assert shown[0].startswith("perfbox top: ") and shown[2].startswith(" Overhead") and shown[-1].startswith("q quit")
    s.key("q")
    assert s.ended() == 0


def test_a_screen_that_changes_its_size(screen, spinning):
    s = screen(80, 24)
    s.start("-g", "-d", "0.3", "-p", str(spinning))
    s.shows(r" spin")
    for columns, lines in ((200, 50), (40, 10), (20, 4), (1, 1), (2, 3)):
        s.tmux("resize-window", "-x", str(columns), "-y", str(lines))
        wait_for(lambda: len(s.lines()) == lines and s.lines()[0].startswith("perfbox top:"[:columns]))
    s.tmux("resize-window", "-x", "80", "-y", "24")
    s.shows(r"^q quit")
    s.shows(r"^ +[\d.]+%  deep +\[\.\] spin")
    s.key("q")
    assert s.ended() == 0


def test_keys(screen, spinning, workload, tmp_path):
    shutil.copy(workload("deep"), tmp_path / "other")
    other = subprocess.Popen([tmp_path / "other", "1000"])
    try:
        s = screen()
        s.start("-g", "-d", "0.3")
        s.shows(r"  deep +\[\.\] spin")
        s.key("?")
        s.shows(r"^ +q +quit")
        s.key("x")
        s.shows_not(r"^ +q +quit")
        s.key("s")
        s.shows(r"^ Overhead  Command +Shared Object +Symbol")
        s.type("/dee")
        s.shows(r"^filter: dee_")
        s.key("BSpace")
        s.shows(r"^filter: de_")
        s.type("ep", "Enter")
        s.shows(r'with "deep"')
        s.shows_not(r"  other ")
        s.shows(r"  deep +deep +\[\.\] spin")
        s.key("Escape")
        s.shows(r"  other +other +\[\.\] spin")
        s.type("p")
        s.shows("^process: _")
        s.type(str(other.pid), "Enter")
        s.shows(f"process {other.pid}")
        s.shows_not("  deep ")
        s.shows("  other ")
        s.key("Escape")
        s.shows("  deep ")
        s.type("/other", "Enter")
        s.shows_not("  deep ")
        s.key("Home", "Enter")
        s.shows(f"process {other.pid}")
        s.key("Escape")
        s.type("f")
        s.shows("FROZEN")
        before = s.lines()[3:-1]
        s.type("n")
        s.shows("  Samples")
        s.type("n")
        s.shows_not("  Samples")
        assert s.lines()[3:-1] == before
        s.type("f")
        s.shows_not("FROZEN")
        s.key("C-z")
        assert s.ended() == 128 + signal.SIGSTOP
        s.command("fg")
        s.shows("  deep ")
        s.type("q")
        assert s.ended() == 0
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_a_signal_leaves_the_terminal_as_it_was(screen, spinning, name):
    s = screen()
    pid = s.start("-d", "0.3", "-p", str(spinning))
    s.shows(" spin")
    os.kill(pid, getattr(signal, "SIG" + name))
    assert s.ended() == 0


def test_a_dumb_terminal_gets_text(screen, spinning):
    s = screen(term="dumb")
    s.start("-d", "0.3", "-E", "3", "--rounds", "2", "-p", str(spinning))
    assert s.ended() == 0
    assert re.search(r"deep +\[\.\] spin", s.text()) and "q quit" not in s.text()
