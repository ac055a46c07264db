#!/usr/bin/env python3
"""run.py itself: what fits, what does not, and that a page which drifted fails."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import run  # noqa: E402  (beside this file)


def run_page(text):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.md"
        page.write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, str(HERE / "run.py"), "--program", "/bin/echo", "--source", folder, str(page)],
                              capture_output=True, text=True, check=False)


class Matching(unittest.TestCase):
    def test_what_fits(self):
        for expected, printed in [("a\n", "a\n"), ("a…c\n", "abbbc\n"), ("…\n", "any\nlines\n"), ("…\n", ""), ("a\n…\nz\n", "a\nz\n"),
                                  ("a\n…\nz\n", "a\nb\nc\nz\n"), ("a  \n", "a\n"), ("(x) [y]\n", "(x) [y]\n")]:
            self.assertTrue(run.matches(expected, printed), (expected, printed))

    def test_what_does_not(self):
        for expected, printed in [("a\n", "b\n"), ("a\n", "a\nb\n"), ("a…c\n", "a\nc\n"), ("a\n…\nz\n", "a\nb\n"), (".\n", "x\n")]:
            self.assertFalse(run.matches(expected, printed), (expected, printed))


class Pages(unittest.TestCase):
    def check(self, text, code, says):
        result = run_page(text)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(says, result.stdout + result.stderr)

    def test_state_lasts_from_block_to_block(self):
        self.check("```sh\nx=3\ncd /\n```\n```sh\necho $x $PWD\n```\n```output\n3 /\n```\n", 0, "3 passed, 0 failed, 0 skipped")

    def test_a_wrong_output_fails(self):
        self.check("```sh\necho a\n```\n```output\nb\n```\n", 1, "the output differs")

    def test_a_wrong_exit_code_fails(self):
        self.check("```sh\nfalse\n```\n", 1, "exit code 1")
        self.check("```sh exit=1\nfalse\n```\n", 0, "1 passed")
        self.check("```sh exit=1\ntrue\n```\n", 1, "exit code 0")

    def test_a_fence_without_a_meaning_fails(self):
        self.check("```\nplain\n```\n", 1, "neither run, nor output, nor skipped")
        self.check("```sh\n", 1, "not closed")
        self.check("```output\nx\n```\n", 1, "output without a block before it")

    def test_skips_are_counted_with_their_reason(self):
        self.check('```sh\ntrue\n```\n```text skip="a drawing"\nx\n```\n', 0, "skipped: a drawing")

    def test_what_a_block_needs(self):
        text = '```sh needs="%s"\necho a\n```\n```output\na\n```\n```sh\ntrue\n```\n'
        self.check(text % "test 1 = 1", 0, "3 passed, 0 failed, 0 skipped")
        self.check(text % "test 1 = 2", 0, "1 passed, 0 failed, 2 skipped")

    def test_files_are_written(self):
        self.check("```c file=a.c\nint x;\n```\n```sh\ncat a.c\n```\n```output\nint x;\n```\n", 0, "3 passed")

    def test_a_page_that_runs_nothing_fails(self):
        self.check("only text\n", 1, "0 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
