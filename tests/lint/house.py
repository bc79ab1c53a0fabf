"""The rules of the house that a compiler does not know: which room may look into which, what a file
may be called, how large it may be. Prints what breaks one; exits 1 then."""

import pathlib
import re
import sys

# Who may be included, besides the room itself. Arrows point down; neighbours do not know each other.
BASE = {"base", "arch"}
BELOW = BASE | {"data", "access"}
ROOMS = {
    "base": set(),
    "arch": {"base"},
    "data": BASE,
    "access": BASE,
    "capture": BELOW,
    "profile": BELOW,
    "view": BELOW | {"capture", "profile"},
    "cmd": BELOW | {"capture", "profile", "view"},
    "main": BASE | {"access", "cmd"},
}
# The kernel's own structures are knowledge that access decides by, not a module.
ALSO = {("access", "data/abi.h")}
NAMELESS = re.compile(r"(util|helper|common|misc)", re.I)
MAX_BYTES = 24 * 1024
HEAP = re.compile(r"\b(malloc|calloc|realloc|free|strdup|strndup|asprintf|fopen|opendir|getline|alloca|v?f?s?scanf)\s*\(")


def room(path):
    return "arch" if path.parts[0] == "arch" else path.parts[1] if len(path.parts) > 2 else "main"


def included_room(name):
    return name.split("/")[0] if "/" in name else "arch"


def may_include(by, name):
    return included_room(name) in ROOMS[by] | {by} or (by, name) in ALSO


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"(?<!\.h\")", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)


def complaints(path):
    text = path.read_text()
    if path.stat().st_size > MAX_BYTES:
        yield 1, f"{path.stat().st_size} bytes do not fit in a head (at most {MAX_BYTES}): split it by noun"
    if NAMELESS.search(path.name):
        yield 1, "a name that says nothing"
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if include and not may_include(room(path), include[1]):
            yield number, f"{room(path)} must not include {include[1]}"
        if re.match(r"\s*#\s*include\s+<(linux|asm)", line):
            yield number, "kernel headers are not needed: src/data/abi.h is ours"
        if re.match(r"\s*#\s*(el)?if.*__(x86_64|aarch64|amd64)", line):
            yield number, "what differs between architectures is data in arch/"
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if HEAP.search(line):
            yield number, f"the heap: {line.strip()}"


def main():
    found = [f"{path}:{number}: {what}" for top in ("src", "arch")
             for path in sorted(pathlib.Path(top).rglob("*.[ch]")) for number, what in complaints(path)]
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))


main()
