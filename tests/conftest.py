"""What every test can ask for.

    perfbox(*args, ...)   runs build/perfbox; a Result with .status .out .err (.lines of .out)
    perf(*args, ...)      the same for Debian's perf, the oracle; skips where there is none
    run(argv, ...)        the same for anything; all three take status=0 (None: any), stdin="",
                          env={...} (added), cwd=, timeout=60 and text=False for bytes
    tmp_path              a directory of the test's own (pytest's)
    workload(name)        path of tests/workload/NAME.c, compiled with frame pointers
    tree                  a tar file of a real tree (headers, some 20 MB), made once
    compress              argv of a real compressor at work on that tree for about a second
    build                 the build directory (environment: BUILD)

Unit tests in C (tests/unit/*_test.c) are tests of the same session. The last line counts:
"N passed, N failed[, N skipped]". A skip whose reason is not in skips.txt fails a run with CI=true.

Two tests run at a time (pytest-xdist), of different groups: a file is a group; so is a kernel of the
lab, and so are all tests that make users.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import xml.etree.ElementTree

import pytest

# What a shell starts in the background ignores SIGINT, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
OTHER = {"x86_64": "arm64", "aarch64": "x86_64"}[os.uname().machine]


def pytest_addoption(parser):
    parser.addoption("--kernels", default="6.1", help="kernels of the lab, by comma, or all")


class Result:
    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"{self.argv}: status {self.status}\nout: {self.out[-4000:]!r}\nerr: {self.err[-4000:]!r}"


def run_program(*argv, status=0, stdin="", env=None, cwd=None, timeout=60, text=True):
    """Runs a program to its end. A death by signal N is status -N."""
    argv = [str(a) for a in argv]
    decode = {"encoding": "utf-8", "errors": "surrogateescape"} if text else {}
    if not text and isinstance(stdin, str):
        stdin = stdin.encode()
    with build_ids_kept_apart(" ".join(argv)):
        done = subprocess.run(argv, input=stdin, capture_output=True, cwd=cwd, timeout=timeout,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, **decode)
    result = Result(argv, done.returncode, done.stdout, done.stderr)
    if status is not None and result.status != status:
        pytest.fail(f"expected status {status}\n{result}")
    return result


@contextlib.contextmanager
def build_ids_kept_apart(command):
    """While one recorder asks for build IDs in mappings, the kernel gives them to others, and stock
    perf 6.1 dies of that. So such a recording runs while no stock perf records, and the other way."""
    alone = "--buildid-mmap" in command
    if not alone and not re.search(r"\bperf record\b", command):
        yield
        return
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "buildid.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def build():
    return BUILD


@pytest.fixture(scope="session")
def run():
    return run_program


@pytest.fixture(scope="session")
def perfbox():
    return lambda *args, **how: run_program(BUILD / "perfbox", *args, **how)


@pytest.fixture(scope="session")
def perf():
    if not os.access("/usr/bin/perf", os.X_OK):
        pytest.skip("no /usr/bin/perf to compare with")
    return lambda *args, **how: run_program("/usr/bin/perf", *args, **how)


@pytest.fixture(scope="session")
def workload():
    return lambda name: BUILD / "workload/native" / name


@pytest.fixture(scope="session")
def tree():
    path = BUILD / "test/tree.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        with tarfile.open(new, "w") as tar:
            tar.add("/usr/include", "include")
        new.rename(path)
    return path


@pytest.fixture(scope="session")
def compress(tree):
    return ["gzip", "-6", "-c", str(tree)]


# What may run side by side, the slowest first.

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=lambda item: item.path.parent.name != "lab")


def group_of(item):
    if hasattr(item, "callspec") and "booted" in item.callspec.params:
        return "-".join(item.callspec.params["booted"])
    if "people" in vars(getattr(item, "module", pytest)):
        return "people"
    return item.path.stem


# Unit tests: one test per row of a program's cmocka table, the program run once per build.

def pytest_collect_file(file_path, parent):
    if file_path.name.endswith("_test.c") and file_path.parent.name == "unit":
        return UnitFile.from_parent(parent, path=file_path)
    return None


class UnitFile(pytest.File):
    def collect(self):
        names = re.findall(r"\bcmocka_unit_test\w*\(\s*(\w+)", self.path.read_text())
        for variant, runner in UNIT_RUNNERS.items():
            program = UnitProgram(BUILD / "unit" / variant / self.path.stem, runner, names)
            for name in names:
                yield UnitTest.from_parent(self, name=f"{name}[{variant}]", program=program, test=name)


class UnitProgram:
    def __init__(self, path, runner, names):
        self.path, self.runner, self.names, self.results = path, runner, names, None

    def result(self, test):
        """None when it passed, else what it said."""
        if self.results is None:
            self.results = self.run()
        return self.results[test]

    def run(self):
        """A program that dies writes no report: all its tests have failed, for what it said."""
        report = BUILD / "test" / "report" / self.path.parent.name / f"{self.path.name}.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        done = run_program(*self.runner, self.path, status=None, timeout=120, cwd=BUILD,
                           env={"CMOCKA_MESSAGE_OUTPUT": "XML", "CMOCKA_XML_FILE": str(report)})
        results = dict.fromkeys(self.names, f"did not run\n{done}")
        if report.exists():
            for case in xml.etree.ElementTree.parse(report).iter("testcase"):
                said = [child.text or child.tag for child in case if child.tag != "skipped"]
                results[case.get("name")] = "\n".join(said) + f"\n{done.err}" if said else None
                if case.find("skipped") is not None:
                    results[case.get("name")] = UNIT_SKIPPED
        if done.status != 0 and not any(results.values()):
            results = dict.fromkeys(self.names, f"all passed, and yet\n{done}")
        return results


class UnitTest(pytest.Item):
    def __init__(self, *, program, test, **how):
        super().__init__(**how)
        self.program, self.test = program, test

    def runtest(self):
        said = self.program.result(self.test)
        if said is UNIT_SKIPPED:
            pytest.skip(f"{self.nodeid}: skip() in C")
        if said is not None:
            raise UnitFailed(said)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, UnitFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, 0, f"{self.path.stem}: {self.name}"


class UnitFailed(Exception):
    pass


UNIT_SKIPPED = "skip()"
UNIT_RUNNERS = {
    "native": [],
    "sanitized": ["env", "ASAN_OPTIONS=detect_leaks=0", "UBSAN_OPTIONS=print_stacktrace=1"],
    OTHER: ["qemu-{}-static".format("aarch64" if OTHER == "arm64" else OTHER)],
}


# The count at the end.

def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    stats = reporter.stats
    unexpected = sorted({reason for reason in map(skip_reason, stats.get("skipped", []))
                         if not any(re.fullmatch(known, reason) for known in known_skips())})
    session.config.stash[UNEXPECTED] = unexpected
    if unexpected and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly or UNEXPECTED not in config.stash:
        return
    for reason in config.stash[UNEXPECTED]:
        print(f"unexpected skip (not in tests/skips.txt): {reason}")
    count = {key: len(reporter.stats.get(key, [])) for key in ("passed", "failed", "error", "skipped")}
    line = f"{count['passed']} passed, {count['failed'] + count['error']} failed"
    print(line + (f", {count['skipped']} skipped" if count["skipped"] else ""), flush=True)


UNEXPECTED = pytest.StashKey()


def skip_reason(report):
    where = report.longrepr
    return where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)


def known_skips():
    lines = (ROOT / "tests/skips.txt").read_text().splitlines()
    return [line.partition(" # ")[0] for line in lines if line and not line.startswith("#")]
