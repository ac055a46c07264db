#!/usr/bin/env python3
"""tests_summary.py LOG JUNIT: count the test cases of a CTest run, from its log (the whole output) and its JUnit file (the
results); list what failed and what was skipped.

A cmocka program counts by its cases; a script by its last line "N passed, N failed, N skipped", where it prints one;
everything else is one case, with CTest's own result. The last line is the sum. Exit code 1: something failed, or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree

OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def results(path):
    """CTest's word on each test, by name: "run", "fail", "notrun" (skipped) or "disabled", from its JUnit file."""
    return {case.get("name"): case.get("status") for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase")}


def programs(text):
    """The (name, output) of each test in a log."""
    for part in re.split(r"^(?=\d+/\d+ Testing: )", text, flags=re.M)[1:]:
        name = re.match(r"\d+/\d+ Testing: (\S+)", part).group(1)
        yield name, part.partition("Output:\n")[2].rpartition("<end of output>")[0]


def cases_of(output):
    """cmocka's cases as {name: word}; a later word wins (a teardown may fail after OK)."""
    found = {}
    for line in output.splitlines():
        m = re.match(r"^\[\s+(OK|SKIPPED|FAILED|ERROR)\s+\] (\w+)$", line)
        if m:
            found[m.group(2)] = m.group(1)
    return found


def count(name, output, status):
    """(passed, failed, [skipped names]) of one program."""
    bad = status != "run" and status != "notrun"
    cases = cases_of(output)
    own = OWN.findall(output)
    if cases:
        skipped = [f"{name}: {c}" for c, w in cases.items() if w == "SKIPPED"]
        failed = sum(w in ("FAILED", "ERROR") for w in cases.values())
        passed = sum(w == "OK" for w in cases.values())
        return passed, max(failed, bad), skipped
    if own:
        passed, failed, skips = map(int, own[-1])
        return passed, max(failed, bad), [name] * skips
    if status == "notrun":
        reason = [line for line in output.splitlines() if line.strip(" -")]
        return 0, 0, [f"{name}{': ' + reason[-1] if reason else ''}"]
    return int(not bad), int(bad), []


def main():
    try:
        with open(sys.argv[1], errors="replace") as f:
            text = f.read()
        status = results(sys.argv[2])
    except (OSError, xml.etree.ElementTree.ParseError) as e:
        print(f"no test ran: {e}")
        return 1
    passed = failed = 0
    skipped, bad = [], []
    outputs = dict(programs(text))
    for name, word in status.items():
        p, f, s = count(name, outputs.get(name, ""), word)
        passed, failed = passed + p, failed + f
        skipped += s
        if f:
            bad.append(name)
    for title, names in (("failed", bad), ("skipped", skipped)):
        if names:
            print(f"{title}:")
            for n in dict.fromkeys(names):
                print(f"  {n}{f' ({names.count(n)} cases)' if names.count(n) > 1 else ''}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
