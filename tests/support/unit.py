"""unit.py: unittest for our test scripts, ending with the line "N passed, N failed, N skipped" that make test adds up."""
import sys
import unittest


def main():
    """Run the TestCases of the calling script."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    # A test with several subtests is one test, however many of them failed.
    failed = len({str(getattr(t, "test_case", t)) for t, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    sys.stderr.flush()
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not result.testsRun else 0)
