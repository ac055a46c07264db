#!/usr/bin/env python3
"""tests_summary.py LOG: count the test cases in a CTest log (LastTest.log), list what was skipped and why it failed.

A cmocka program counts by its cases; a script by its last line "N passed, N failed, N skipped", where it prints one;
everything else is one case, with CTest's own result. The last line is the sum. Exit code 1: something failed, or nothing ran.
"""
import re
import sys

OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def programs(text):
    """The (name, output, result) of each test; result is CTest's word."""
    for part in re.split(r"^-{20,}\n(?=\d+/\d+ Testing: )", text, flags=re.M)[1:]:
        name = re.match(r"\d+/\d+ Testing: (\S+)", part).group(1)
        output = part.partition("Output:\n")[2].rpartition("<end of output>")[0]
        result = re.findall(r"^Test (Passed|Failed|Skipped|time = .*)", part, flags=re.M)
        word = next((w for w in ("Passed", "Skipped") if re.search(rf"^Test {w}\.", part, flags=re.M)), "Failed")
        yield name, output, word if result else "Failed"


def cases_of(output):
    """cmocka's cases as {name: word}; a later word wins (a teardown may fail after OK)."""
    found = {}
    for line in output.splitlines():
        m = re.match(r"^\[\s+(OK|SKIPPED|FAILED|ERROR)\s+\] (\w+)$", line)
        if m:
            found[m.group(2)] = m.group(1)
    return found


def count(name, output, word):
    """(passed, failed, [skipped names]) of one program."""
    cases = cases_of(output)
    own = OWN.findall(output)
    if cases:
        skipped = [f"{name}: {c}" for c, w in cases.items() if w == "SKIPPED"]
        failed = sum(w in ("FAILED", "ERROR") for w in cases.values())
        passed = sum(w == "OK" for w in cases.values())
        return passed, max(failed, word == "Failed"), skipped
    if own:
        passed, failed, skips = map(int, own[-1])
        return passed, max(failed, word == "Failed"), [name] * skips
    if word == "Skipped":
        reason = output.strip().splitlines()
        return 0, 0, [f"{name}{': ' + reason[-1] if reason else ''}"]
    return word == "Passed", word == "Failed", []


def main():
    try:
        with open(sys.argv[1], errors="replace") as f:
            text = f.read()
    except OSError as e:
        print(f"no test ran: {e}")
        return 1
    passed = failed = 0
    skipped, bad = [], []
    for program in programs(text):
        p, f, s = count(*program)
        passed, failed = passed + p, failed + f
        skipped += s
        if f:
            bad.append(program[0])
    for title, names in (("failed", bad), ("skipped", skipped)):
        if names:
            print(f"{title}:")
            for n in dict.fromkeys(names):
                print(f"  {n}{f' ({names.count(n)} cases)' if names.count(n) > 1 else ''}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
