#!/usr/bin/env python3
"""`neuralake demo`, as a person runs it: twice, interrupted at every step, and nothing is left behind.

ctest: duckdb
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ["NEURALAKE"]
ROWS = [[str(k), f"Part#{k}", f"Brand#{(k - 1) % 3 + 1}", f"{10.0 * k}"] for k in range(1, 6)]


def environment(folder):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "XDG_", "NEURALAKE_"))}
    return dict(env, HOME=folder)


def left(folder):
    """Processes that still work below the folder: the server, and the step that was under way."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(folder):
                found.append(pid)
        except OSError:
            pass
    return found


def gone(folder, seconds=30):
    """Wait until no process is left; what is left after that."""
    end = time.monotonic() + seconds
    while left(folder) and time.monotonic() < end:
        time.sleep(0.05)
    return left(folder)


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="neuralake-demo-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def run_demo(self):
        return subprocess.run([PROGRAM, "demo", "--dir", "here"], cwd=self.folder, env=environment(self.folder), timeout=300,
                              capture_output=True, text=True, check=False)

    def check_output(self, text):
        self.assertEqual(re.findall(r"^(\d)\. ", text, re.M), [str(i) for i in range(1, 9)])
        self.assertIn("listening on http://127.0.0.1:", text)
        tables = re.findall(r"p_partkey  p_name   p_brand  p_retailprice\n +BIGINT  VARCHAR  VARCHAR +DOUBLE\n((?: +\d.*\n){5}) +5 rows, ", text)
        self.assertEqual(len(tables), 2, text)
        for table in tables:
            self.assertEqual([line.split() for line in table.strip().split("\n")], ROWS)
        self.assertEqual([line.split() for line in re.findall(r"^ +(Part#\d +Supplier#\d +[\d.]+)$", text, re.M)],
                         [[name, f"Supplier#{brand[-1]}", price] for _, name, brand, price in ROWS])

    def test_two_runs_work_alike(self):
        first = self.run_demo()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.check_output(first.stdout)
        self.assertIn("make_bucket: neuralake-bucket", first.stdout)
        second = self.run_demo()
        self.assertEqual(second.returncode, 0, second.stderr)
        self.check_output(second.stdout)
        self.assertIn("s3://neuralake-bucket exists already", second.stdout)
        self.assertEqual(gone(self.folder), [])
        self.assertTrue(os.path.isfile(os.path.join(self.folder, "here/s3/neuralake-bucket/parts.parquet")))

    def test_an_interrupt_at_any_step_cleans_up(self):
        for step in range(1, 9):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(step=step, signal=number):
                    demo = subprocess.Popen([PROGRAM, "demo", "--dir", "here"], cwd=self.folder, env=environment(self.folder),
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    for line in demo.stdout:
                        if line.startswith(f"{step}. "):
                            break
                    demo.send_signal(number)
                    _, errors = demo.communicate(timeout=120)
                    # At the last step it may be over before the signal arrives.
                    self.assertIn(demo.returncode, (0, 130) if step >= 7 else (130,), errors)
                    self.assertEqual(gone(self.folder), [])

    def test_a_killed_demo_takes_its_server_along(self):
        demo = subprocess.Popen([PROGRAM, "demo", "--dir", "here"], cwd=self.folder, env=environment(self.folder),
                                stdout=subprocess.PIPE, text=True)
        for line in demo.stdout:
            if line.startswith("3. "):
                break
        demo.kill()
        demo.communicate()
        self.assertEqual(gone(self.folder), [])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
