"""What a linked perfbox must be: static PIE, hardened, without a heap, small. Arguments: the most KiB
it may have, then binaries; each has its symbols beside it in BINARY.debug."""

import pathlib
import re
import subprocess
import sys

HEAP = re.compile(r"(__libc_|__simple_|__)?(malloc|calloc|realloc|free|aligned_alloc|memalign)(_impl)?|posix_memalign|"
                  r"strn?dup|v?asprintf|fopen|fdopen|opendir|getline|getdelim|getpw\w+|getgr(nam|gid|ent)\w*|setenv|putenv|"
                  r"atexit|realpath|localtime\w*|gmtime\w*|strftime|sbrk")


def tool(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def complaints(path, max_kib):
    headers = tool("readelf", "-hldW", path)
    symbols = {line.split()[-1] for line in tool("nm", f"{path}.debug").splitlines()}
    size = pathlib.Path(path).stat().st_size
    if size > max_kib * 1024:
        yield f"{size} bytes, more than {max_kib} KiB"
    if not re.search(r"Type:\s+DYN", headers) or "PIE" not in headers:
        yield "not a position-independent executable"
    if re.search(r"^\s+INTERP", headers, re.M) or "(NEEDED)" in headers:
        yield "not static"
    if "GNU_RELRO" not in headers or not re.search(r"BIND_NOW|FLAGS_1.*NOW", headers):
        yield "not full RELRO"
    if not re.search(r"GNU_STACK.*RW ", headers):
        yield "the stack is executable, or nothing says that it is not"
    if re.search(r"LOAD.*RWE", headers):
        yield "a segment is writable and executable"
    if "TEXTREL" in headers:
        yield "text relocations"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if re.search(r"\.symtab\b", tool("readelf", "-SW", path)):
        yield "not stripped"
    for name in sorted(filter(HEAP.fullmatch, symbols)):
        yield f"the heap: {name} is linked"


def main():
    found = [f"{path}: {what}" for path in sys.argv[2:]
             for what in complaints(path, int(sys.argv[1]))]
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))


main()
