#!/usr/bin/env python3
"""lint_shape.py [--stats] [ROOT]: lengths, banned calls, comments, and words that do not belong here.

The numbers are in the constants below. A function or file that has a good reason to be longer stands, with the reason, in
scripts/lint_exceptions.txt; an exception that is not needed any more is itself a finding.
"""
import os
import re
import sys

from lint_common import Findings, blank, project_files, read, read_rooms

FUNCTION_LINES = 60   # of the product: from the line of its name to its closing brace
TEST_LINES = 90       # of tests and benchmarks: long tables of steps read well
FILE_LINES = 800
EXCEPTIONS = "scripts/lint_exceptions.txt"

# Why each is banned, and what to use.
BANNED = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound: snprintf", "vsprintf": "no bound: vsnprintf",
    "gets": "no bound", "strtok": "hidden state", "atoi": "no errors: nl_parse_… or strtoll", "atol": "no errors",
    "atoll": "no errors", "atof": "no errors", "alloca": "the stack has a limit that the input does not know",
    "tmpnam": "a race", "mktemp": "a race: mkstemp", "system": "a shell: posix_spawn", "rand": "not random, shared state",
    "strerror_l": "strerror_r or %m", "setjmp": "leaks", "longjmp": "leaks",
}
# Only the program's own main may end the process, or change what all threads share.
ONLY_CLI = {"exit": "a library does not end its program", "setenv": "not thread-safe", "putenv": "not thread-safe",
            "setlocale": "changes the whole program", "signal": "use sigaction, in the cli room"}

# Put together at run time, so that this file does not find itself.
_W = [("/wo" + "rk/", "a path of one machine"), ("/tmp/ve" + "nv", "a path of one machine"),
      ("/ro" + "ot/", "a path of one machine"), ("registry.npm" + "js", "a registry's host"),
      ("pypi" + ".org", "a registry's host"), ("python" + "hosted", "a registry's host"),
      ("deb.debi" + "an.org", "a registry's host")]
_MARKS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b|\bfor n" + r"ow\b")

OPENING = re.compile(r"^\{", re.M)
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")
NO_NAME = {"__attribute__", "NL_PRINTF", "if", "for", "while", "switch", "sizeof"}


def functions(code):
    """(name, first line, last line) of each function: in our layout its braces stand alone in the first column."""
    lines = code.splitlines()
    for i, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        head = i
        while head > 0 and lines[head - 1].strip() and not re.search(r"[;}]\s*$", lines[head - 1]) \
                and not lines[head - 1].startswith("#"):
            head -= 1
        names = [n for n in NAME.findall(" ".join(lines[head:i])) if n not in NO_NAME]
        end = next((k for k in range(i, len(lines)) if lines[k].startswith("}")), len(lines) - 1)
        if names:
            first = next(k for k in range(head, i + 1) if names[0] in lines[k])
            yield names[0], first + 1, end + 1


def read_exceptions(root):
    """{(path, name): [line, used]}; name "-" is the file itself."""
    found, path = {}, os.path.join(root, EXCEPTIONS)
    if os.path.exists(path):
        for number, line in enumerate(open(path), 1):
            words = line.split("#")[0].split(None, 2)
            if words:
                found[tuple(words[:2])] = [number, False, len(words) > 2]
    return found


def excused(exceptions, path, name):
    entry = exceptions.get((path, name))
    if entry:
        entry[1] = True
    return bool(entry)


def check_lengths(path, text, code, exceptions, findings, lengths):
    count = text.count("\n")
    if count > FILE_LINES and not excused(exceptions, path, "-"):
        findings.add(path, 1, f"{count} lines, at most {FILE_LINES}")
    product = path.startswith(("src/", "include/"))
    most = FUNCTION_LINES if product else TEST_LINES
    for name, first, last in functions(code):
        n = last - first + 1
        if product:
            lengths.append(n)
        if n > most and not excused(exceptions, path, name):
            findings.add(path, first, f"{name} has {n} lines, at most {most}")


def check_calls(path, code, findings):
    for m in re.finditer(r"(?<![\w.>])([a-z_]\w*)\s*\(", code):
        name, line = m.group(1), code.count("\n", 0, m.start()) + 1
        if name in BANNED:
            findings.add(path, line, f"{name}() is banned: {BANNED[name]}")
        elif name in ONLY_CLI and path.startswith("src/") and not path.startswith("src/cli/"):
            findings.add(path, line, f"{name}() outside src/cli: {ONLY_CLI[name]}")


def check_opening(path, text, findings):
    name = os.path.basename(path)
    first = text.split("\n", 1)[0]
    if not first.startswith("/* ") or name not in first:
        findings.add(path, 1, f'does not open with "/* {name}: what it is for"')


# A prototype at the first column, after comments are blanked: type, name, parameters, attributes, semicolon.
PROTOTYPE = re.compile(r"^(?!typedef|struct \w+ \{|static inline|return)[A-Za-z_][\w\s\*]*?[\s\*]([a-z]\w*)\([^;{}]*\)[^;{}=]*;",
                       re.M)


def check_prototypes(path, text, code, findings):
    """A block of prototypes without an empty line between them shares the comment above; one beside it counts too."""
    lines, bare = text.splitlines(), code.splitlines()
    for m in PROTOTYPE.finditer(code):
        first, last = code.count("\n", 0, m.start()), code.count("\n", 0, m.end())
        if any(lines[k].strip() != bare[k].strip() for k in range(first, last + 1)):
            continue
        k = first - 1
        while k >= 0 and bare[k].strip():
            if lines[k].strip() != bare[k].strip():
                break
            k -= 1
        if k < 0 or not lines[k].strip():
            findings.add(path, first + 1, f"{m.group(1)} has no comment")


def check_words(path, text, findings):
    for number, line in enumerate(text.splitlines(), 1):
        for word, why in _W:
            if word in line:
                findings.add(path, number, f'"{word}": {why}')
        if path.endswith((".c", ".h", ".py", ".sh", ".cmake")) or path.endswith("CMakeLists.txt"):
            m = _MARKS.search(line)
            if m:
                findings.add(path, number, f'"{m.group(0)}": do it, or file it where work is planned')


def main():
    args = [a for a in sys.argv[1:] if a != "--stats"]
    root = args[0] if args else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings, lengths = Findings(root), []
    exceptions = read_exceptions(root)
    files = project_files(root)
    for path in files:
        text = read(root, path)
        if text is None:
            continue
        check_words(path, text, findings)
        if not path.endswith((".c", ".h")):
            continue
        code = blank(text)
        check_lengths(path, text, code, exceptions, findings, lengths)
        check_calls(path, code, findings)
        check_opening(path, text, findings)
        if path.endswith(".h") and path.startswith(("src/", "include/", "tests/support/")):
            check_prototypes(path, text, code, findings)
    for room in read_rooms(root, findings):
        if any(p.startswith(f"src/{room}/") for p in files) and f"src/{room}/README.md" not in files:
            findings.add(f"src/{room}", 1, "the room has no README.md")
    for (path, name), (number, used, reason) in exceptions.items():
        if not used:
            findings.add(EXCEPTIONS, number, f"{path} {name} needs no exception any more")
        elif not reason:
            findings.add(EXCEPTIONS, number, f"{path} {name} gives no reason")
    if "--stats" in sys.argv and lengths:
        lengths.sort()
        share = 100 * sum(n > FUNCTION_LINES for n in lengths) / len(lengths)
        print(f"{len(lengths)} functions of the product: median {lengths[len(lengths) // 2]} lines, 90th percentile "
              f"{lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}, over {FUNCTION_LINES}: {share:.1f}%")
    return findings.finish("shape", f"{len(files)} files")


if __name__ == "__main__":
    sys.exit(main())
