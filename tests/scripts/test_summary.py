"""The last line of make test counts right: a wrong sum would hide a failure."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import unit  # noqa: E402


class Summary(unittest.TestCase):
    def summary(self, tests):
        """tests: (name, CTest's status, output)."""
        log = "".join(f'{i}/{len(tests)} Testing: {name}\n{i}/{len(tests)} Test: {name}\nCommand: "x"\nOutput:\n{"-" * 58}\n'
                      f"{output}<end of output>\nTest time = 0 sec\n{'-' * 58}\nTest Passed.\n\n"
                      for i, (name, _, output) in enumerate(tests, 1))
        junit = "<testsuite>" + "".join(f'<testcase name="{n}" status="{s}"/>' for n, s, _ in tests) + "</testsuite>"
        with tempfile.TemporaryDirectory() as d:
            paths = [os.path.join(d, "log"), os.path.join(d, "junit")]
            for path, text in zip(paths, (log, junit)):
                with open(path, "w") as f:
                    f.write(text)
            r = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "tests_summary.py"), *paths],
                               capture_output=True, text=True, check=False)
        return r.returncode, r.stdout.splitlines()

    def test_cases_of_cmocka(self):
        code, lines = self.summary([("a", "run", "[       OK ] one\n[  SKIPPED ] two\n"),
                                    ("b", "fail", "[       OK ] one\n[  FAILED  ] two\n[  FAILED  ] 1 test(s), listed below:\n"
                                                  "[  FAILED  ] two\n")])
        self.assertEqual((code, lines[-1]), (1, "2 passed, 1 failed, 1 skipped"))
        self.assertIn("  b", lines)
        self.assertIn("  a: two", lines)

    def test_a_crash_after_good_cases_is_a_failure(self):
        code, lines = self.summary([("a", "fail", "[       OK ] one\n[ RUN      ] two\n")])
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_scripts_count_by_their_own_line(self):
        code, lines = self.summary([("a", "run", "x\n12 passed, 0 failed, 3 skipped\n")])
        self.assertEqual((code, lines[-1]), (0, "12 passed, 0 failed, 3 skipped"))

    def test_other_programs_are_one_case(self):
        code, lines = self.summary([("a", "run", ""), ("b", "notrun", "no such client\n"), ("c", "fail", "")])
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertIn("  b: no such client", lines)

    def test_nothing_ran(self):
        code, lines = self.summary([])
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed, 0 skipped"))


if __name__ == "__main__":
    unit.main()
