#!/usr/bin/env python3
"""tidy.py BUILD [FILE…]: clang-tidy over the sources that BUILD compiles, two or more at a time.

A source that was clean is not looked at again until it, a header that it includes, its flags or the checks change: the keys
of clean ones lie in BUILD/tidy-cache. Prints each finding once, although a header shows it in many sources.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRELUDE = os.path.join(ROOT, "scripts", "lint", "analyzer.h")
NO_PRELUDE = {"src/base/error.c"}  # it defines what the prelude wraps


def read(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        return f.read()


def key_of(entry, path, common):
    """What the result depends on."""
    command = [a for a in shlex.split(entry["command"]) if not a.endswith("ccache")]
    command = command[:command.index("-MD")] if "-MD" in command else command[:command.index("-o")]
    out = subprocess.run([*command, "-MM", os.path.join(ROOT, path)], capture_output=True, text=True, check=False,
                         cwd=entry["directory"])
    if out.returncode:
        return None
    digest = hashlib.sha256(common + " ".join(command).encode())
    for name in out.stdout.replace("\\\n", " ").split()[1:]:
        digest.update(read(name))
    return digest.hexdigest()


def look_at(build, entry, path, common):
    """The output of clang-tidy; "" for a clean source."""
    key = key_of(entry, path, common)
    mark = os.path.join(build, "tidy-cache", str(key))
    if key and os.path.exists(mark):
        return ""
    extra = [] if path in NO_PRELUDE else [f"--extra-arg=-I{ROOT}/src", "--extra-arg=-include", f"--extra-arg={PRELUDE}"]
    r = subprocess.run(["clang-tidy", "-p", build, "--quiet", *extra, path], cwd=ROOT, capture_output=True, text=True,
                       check=False)
    if r.returncode == 0 and not r.stdout.strip():
        if key:
            open(mark, "w").close()
        return ""
    return r.stdout.replace(ROOT + "/", "") or f"{path}:1: error: clang-tidy failed: {r.stderr}\n"


def main():
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json")) as f:
        entries = {os.path.relpath(e["file"], ROOT): e for e in json.load(f)}
    wanted = sys.argv[2:] or [p for p in sorted(entries) if p.startswith(("src/", "tests/", "bench/", "examples/"))]
    os.makedirs(os.path.join(build, "tidy-cache"), exist_ok=True)
    common = read(".clang-tidy") + read("tests/.clang-tidy") + read(PRELUDE)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(lambda p: look_at(build, entries[p], p, common), wanted))
    seen = set()
    for block in outputs:
        for finding in re.split(r"^(?=\S+:\d+:\d+: (?:error|warning):)", block, flags=re.M):
            if finding.strip() and finding.splitlines()[0] not in seen:
                seen.add(finding.splitlines()[0])
                print(finding, end="")
    print(f"clang-tidy: {len(wanted)} sources, {len(seen)} findings", file=sys.stderr)
    return 1 if any(outputs) else 0


if __name__ == "__main__":
    sys.exit(main())
