#!/usr/bin/env python3
"""Every page of the documentation is run (run.py), and every relative link in it leads somewhere.

ctest: duckdb
"""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ["NEURALAKE"]


def pages():
    roots = ["README.md", "ONBOARDING.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    return [SOURCE / p for p in roots] + sorted((SOURCE / "docs").rglob("*.md"))


def broken_links():
    rooms = sorted((SOURCE / "src").rglob("README.md")) + [SOURCE / "examples/demo/README.md"]
    for page in pages() + [r for r in rooms if r.exists()]:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                yield f"{page.relative_to(SOURCE)}: the link to {target} leads nowhere"


def main():
    broken = list(broken_links())
    for line in broken:
        print(line)
    run = subprocess.run([sys.executable, str(SOURCE / "tests/docs/run.py"), "--program", PROGRAM, "--source", str(SOURCE)]
                         + [str(p) for p in pages()], check=False)
    return 1 if broken or run.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
