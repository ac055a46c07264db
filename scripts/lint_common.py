"""lint_common.py: what the checks of the house share: which files there are, where rooms are, C without its comments."""
import os
import re
import subprocess
import sys


class Findings:
    """Collects "file:line: what" and says how it went."""

    def __init__(self, root):
        self.root, self.lines = root, []

    def add(self, path, line, what):
        self.lines.append(f"{path}:{line}: {what}")

    def finish(self, name, looked_at):
        for line in sorted(set(self.lines)):
            print(line)
        print(f"{name}: {looked_at}, {len(set(self.lines))} findings", file=sys.stderr)
        return 1 if self.lines else 0


def project_files(root):
    """Paths below root that git knows or would add; without git, every file."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                             capture_output=True).stdout.decode()
        paths = [p for p in out.split("\0") if p]
    except (OSError, subprocess.CalledProcessError):
        paths = [os.path.relpath(os.path.join(d, f), root) for d, _, files in os.walk(root) for f in files]
    return sorted(p for p in set(paths) if os.path.isfile(os.path.join(root, p)))


def read(root, path):
    """The text of a file; None for bytes that are no text."""
    with open(os.path.join(root, path), "rb") as f:
        data = f.read()
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return None


def read_rooms(root, findings):
    """src/ROOMS as {room: set of rooms it may include}, itself among them. A line may name only rooms above it: no circle."""
    rooms = {}
    for number, line in enumerate(read(root, "src/ROOMS").splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, rest = line.partition(":")
        if not colon or name in rooms:
            findings.add("src/ROOMS", number, f"'{name}' is not 'room: rooms', or there twice")
            continue
        for below in rest.split():
            if below not in rooms:
                findings.add("src/ROOMS", number, f"room {name} names {below}, which has no line above it")
        rooms[name] = {name, "base", *rest.split()}
    return rooms


def room_of(path, rooms):
    """The room of a path below src/ (or tests/): the longest that fits; None outside of all."""
    fits = [r for r in rooms if path.startswith(r + "/")]
    return max(fits, key=len) if fits else None


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, keep_strings=False):
    """C with comments (and the inside of literals) turned to spaces, line numbers as before."""
    def space(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s if keep_strings else s[0] + re.sub(r"[^\n]", " ", s[1:-1]) + s[-1]
        return re.sub(r"[^\n]", " ", s)
    return _TOKEN.sub(space, text)
