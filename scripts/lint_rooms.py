#!/usr/bin/env python3
"""lint_rooms.py [ROOT]: every #include follows src/ROOMS.

A file of a room includes its own room, base, and what the room's line allows; a test, what its room may reach; a public
header, only public headers. Includes are written from src/ or include/ ("base/str.h", <neuralake/error.h>), never relative
to the file. Headers do not include each other in a circle.
"""
import os
import re
import sys

from lint_common import Findings, blank, project_files, read, read_rooms, room_of

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def includes(root, path):
    """(line, quote, target) of every #include of a file."""
    text = blank(read(root, path) or "", keep_strings=True)
    for m in INCLUDE.finditer(text):
        yield text.count("\n", 0, m.start(2)) + 1, m.group(1), m.group(2)


def reach(room, rooms):
    """All rooms below a room."""
    seen, queue = set(), [room]
    while queue:
        r = queue.pop()
        if r not in seen:
            seen.add(r)
            queue += rooms.get(r, ())
    return seen


def check_source(root, path, rooms, findings):
    """A file below src/."""
    room = room_of(path[4:], rooms)
    if not room:
        findings.add(path, 1, "is in no room of src/ROOMS")
        return
    for line, quote, target in includes(root, path):
        if quote == '"' and not os.path.isfile(os.path.join(root, "src", target)):
            findings.add(path, line, f'"{target}" is not a path below src/')
        elif quote == "<" and target.startswith("neuralake/"):
            if not os.path.isfile(os.path.join(root, "include", target)):
                findings.add(path, line, f"<{target}> is not a path below include/")
        elif quote == '"':
            other = room_of(target, rooms)
            if other not in rooms[room]:
                findings.add(path, line, f"room {room} may not include {target} (room {other})")


def check_test(root, path, rooms, findings):
    """A file below tests/: its room and those below; tests of no room (interop, fault, fuzz) see all."""
    room = room_of(path[6:], rooms)
    allowed = reach(room, rooms) if room else set(rooms)
    for line, quote, target in includes(root, path):
        if quote != '"':
            continue
        if os.path.isfile(os.path.join(root, "src", target)):
            other = room_of(target, rooms)
            if other not in allowed:
                findings.add(path, line, f"a test of room {room} may not include {target} (room {other})")
        elif not any(os.path.isfile(os.path.join(root, base, target)) for base in ("tests", os.path.dirname(path))):
            findings.add(path, line, f'"{target}" is neither below src/, nor below tests/, nor beside the file')


def check_public(root, path, findings):
    """A public header, or an example: a user has nothing but include/."""
    for line, quote, target in includes(root, path):
        if quote == '"' and not (path.startswith("examples/") and os.path.isfile(
                os.path.join(root, os.path.dirname(path), target))):
            findings.add(path, line, f'"{target}": only <neuralake/…> and system headers are public')


def check_circles(root, headers, findings):
    """No header reaches itself. Depth first, iterative; a path that comes back is a circle."""
    def below(path):
        for _, quote, target in includes(root, path):
            for base in ("src", "include") if quote == '"' else ("include",):
                if f"{base}/{target}" in headers:
                    yield f"{base}/{target}"
    state = {}
    for start in headers:
        stack = [(start, iter(below(start)))] if start not in state else []
        state.setdefault(start, "open")
        while stack:
            path, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[path] = "done"
                stack.pop()
            elif state.get(child) == "open":
                findings.add(path, 1, f"includes {child}, which includes it again: a circle")
            elif child not in state:
                state[child] = "open"
                stack.append((child, iter(below(child))))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings = Findings(root)
    rooms = read_rooms(root, findings)
    files = [p for p in project_files(root) if p.endswith((".c", ".h"))]
    for path in files:
        if path.startswith("src/"):
            check_source(root, path, rooms, findings)
        elif path.startswith("tests/") and not path.startswith("tests/scripts/"):
            check_test(root, path, rooms, findings)
        elif path.startswith(("include/", "examples/")):
            check_public(root, path, findings)
    check_circles(root, {p for p in files if p.endswith(".h")}, findings)
    return findings.finish("rooms", f"{len(files)} files in {len(rooms)} rooms")


if __name__ == "__main__":
    sys.exit(main())
