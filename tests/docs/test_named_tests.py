#!/usr/bin/env python3
"""Every test that docs/reference/parquet.md names exists, and every row but a heading names one.

A name without a folder lies in the folder that was named last, in its row or above.
"""
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/support"))
import unit  # noqa: E402

PAGE = SOURCE / "docs/reference/parquet.md"


def rows(text):
    """(line, cells of a table whose last column is "shown by")"""
    shown = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = [c.strip() for c in line.split("|")[1:-1]]
        if not cells:
            shown = False
        elif cells[-1] == "shown by":
            shown = True
        elif shown and set(cells[-1]) != {"-"}:
            yield number, cells


class NamedTests(unittest.TestCase):
    def test_they_exist(self):
        folder, seen = SOURCE / "tests", 0
        for number, cells in rows(PAGE.read_text(encoding="utf-8")):
            names = re.findall(r"`([^`]+)`", cells[-1])
            with self.subTest(f"line {number}: {cells[0]}"):
                self.assertTrue(names or cells[-1].startswith("the same"), "no test is named")
                for name in names:
                    where = SOURCE / name if "/" in name else folder / name
                    self.assertTrue(list(where.parent.glob(where.name)), f"{name}: there is no such test")
                    folder, seen = where if where.is_dir() else where.parent, seen + 1
        self.assertGreater(seen, 100)


unit.main()
