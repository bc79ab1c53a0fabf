"""Packages of any Debian release, of both architectures, through an apt of its own.

It keeps its lists under build/, leaves the system's apt alone but for reading which mirror that one
uses, and so checks signatures and checksums as apt does.
"""

import contextlib
import fcntl
import pathlib
import re
import subprocess
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/kernels"
DEBIAN = {"x86_64": "amd64", "arm64": "arm64"}


@contextlib.contextmanager
def alone():
    """Two workers may want a package at the same time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def mirror():
    """The address that the system's apt has for the release that runs here."""
    release = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    rows = subprocess.run(["apt-get", "indextargets", "--format", "$(RELEASE) $(CODENAME) $(REPO_URI)",
                           "Created-By: Packages"], capture_output=True, text=True, check=True)
    for row in rows.stdout.splitlines():
        *names, address = row.split()
        if release and release[1] in names and "security" not in address:
            return address
    raise RuntimeError("apt has no Debian mirror configured for the release in /etc/os-release")


class Archive:
    def __init__(self, suite):
        self.suite, self.home = suite, CACHE / "apt" / suite
        if (self.home / "ready").exists():
            return
        for folder in ("lists/partial", "cache/archives/partial"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        (self.home / "sources.list").write_text(f"deb {mirror()} {suite} main\n")
        self.apt("apt-get", "update")
        (self.home / "ready").touch()

    def apt(self, program, *args, cwd=None):
        options = {
            "Dir::Etc::SourceList": self.home / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::TrustedParts": "/usr/share/keyrings",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": self.home / "lists",
            "Dir::Cache": self.home / "cache",
            "APT::Architectures": "amd64,arm64",
            "APT::Default-Release": "",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        argv = [program] + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        done = subprocess.run(argv + list(args), capture_output=True, text=True, cwd=cwd)
        if done.returncode:
            raise RuntimeError(f"{program} {' '.join(args)} ({self.suite}): {done.stderr.strip()}")
        return done.stdout

    def names(self, pattern):
        """Names of packages that match, sorted by version-like order."""
        found = [name for name in self.apt("apt-cache", "pkgnames").split() if re.fullmatch(pattern, name)]
        return sorted(found, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])

    def fetch(self, package, arch, pattern, to):
        """The one file of the package whose path matches, written to `to`; gives its path there."""
        for old in self.home.glob("*.deb"):
            old.unlink()
        self.apt("apt-get", "download", f"{package}:{DEBIAN[arch]}", cwd=self.home)
        deb, = self.home.glob("*.deb")
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as unpack:
            with tarfile.open(fileobj=unpack.stdout, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and re.fullmatch(pattern, member.name):
                        to.parent.mkdir(parents=True, exist_ok=True)
                        to.with_suffix(".new").write_bytes(tar.extractfile(member).read())
                        found = member.name
        deb.unlink()
        to.with_suffix(".new").rename(to)
        return found
