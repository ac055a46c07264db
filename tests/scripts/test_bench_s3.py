"""The benchmark of object storage works: the cases that move little run, on little data, and its load generator notices wrong answers. No time
is asserted."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import unit  # noqa: E402
import s3_servers  # noqa: E402

BUILD = os.path.dirname(os.environ.get("NEURALAKE", ""))
PROGRAM = os.path.join(BUILD, "neuralake")
LOAD = os.path.join(BUILD, "bench", "s3_load")
NO_PEERS = {"VERSITYGW": "/nowhere", "MINIO": "/nowhere", "AWS": "/nowhere", "RCLONE": "/nowhere"}
LINES = {"server": ("GET of 4 KiB", "PUT of 4 KiB", "Resident memory"),
         "ranges": ("the library, 4 MiB ranges", "% of the bandwidth"), "small": ("the library", "up"),
         "million": ("start until it listens", "run 0, middle")}


@unittest.skipUnless(os.path.exists(LOAD), "the programs of bench/ are not built")
class Bench(unittest.TestCase):
    def test_cases_on_little_data(self):
        with tempfile.TemporaryDirectory() as folder:
            r = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "s3.py"), "--build", BUILD, "--folder", folder, "--quick",
                                "--objects", "1500", "--rate", "1e9", *LINES],
                               capture_output=True, text=True, check=False, env=dict(os.environ, **NO_PEERS))
            self.assertEqual((r.returncode, r.stderr), (0, ""), r.stdout)
            self.assertNotIn("failed:", r.stdout)
            for name in ("versitygw", "minio"):
                self.assertIn(f"({name} is not installed", r.stdout)
            for case, lines in LINES.items():
                for line in lines:
                    self.assertIn(line, r.stdout, case)
            self.assertRegex(r.stdout, r"neuralake, full +[0-9]+ .* 1\.00 ×")

    def test_words_that_are_none(self):
        r = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "s3.py"), "--build", BUILD, "severs"],
                           capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 2)
        self.assertIn("severs is none of server, big", r.stderr)


@unittest.skipUnless(os.path.exists(LOAD), "the programs of bench/ are not built")
class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = s3_servers.ours(PROGRAM, cls.folder.name, "--durability", "none")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def load(self, *words, secret=s3_servers.SECRET):
        r = subprocess.run([LOAD, "--to", self.server.address, "--key", s3_servers.ACCESS, "--secret", secret, *words],
                           capture_output=True, text=True, check=False)
        return r.returncode, json.loads(r.stdout), r.stderr

    def test_right_answers_are_counted_and_wrong_ones_told(self):
        ok = [("the bucket", ("make",), 1), ("again", ("make",), 1), ("objects", ("--keys", "50", "put"), 50),
              ("more reads than keys", ("--keys", "50", "--requests", "333", "get"), 333),
              ("two threads", ("--keys", "50", "--threads", "2", "get"), 50),
              ("an empty object", ("--keys", "3", "--prefix", "z", "--size", "0", "put"), 3),
              ("and back", ("--keys", "3", "--prefix", "z", "--size", "0", "get"), 3),
              ("one that needs many sends", ("--keys", "1", "--prefix", "b", "--size", "20000000", "put"), 1),
              ("and many receives", ("--keys", "1", "--prefix", "b", "--size", "20000000", "get"), 1),
              ("pages", ("--requests", "3", "list"), 3)]
        for why, words, answers in ok:
            code, out, err = self.load(*words)
            self.assertEqual((code, out["answers"], out["errors"], err), (0, answers, 0, ""), why)
        wrong = [("another length", ("--keys", "50", "--size", "4095", "get"), 50, "200 OK"),
                 ("no such key", ("--keys", "2", "--prefix", "none", "get"), 2, "404"),
                 ("no such bucket", ("--bucket", "nowhere", "list"), 1, "404")]
        for why, words, errors, says in wrong:
            code, out, err = self.load(*words)
            self.assertEqual((code, out["answers"], out["errors"]), (1, 0, errors), why)
            self.assertIn(says, err, why)
        code, out, err = self.load("--keys", "2", "get", secret="another-secret")
        self.assertEqual((code, out["errors"]), (1, 2))
        self.assertIn("403", err)

    def test_what_it_prints(self):
        self.load("make")
        _, out, _ = self.load("--keys", "10", "--size", "100", "put")
        self.assertEqual(set(out), {"op", "answers", "errors", "seconds", "per_second", "bytes_per_second", "p50_ms", "p99_ms",
                                    "max_ms", "connections", "cpu_seconds"})
        self.assertAlmostEqual(out["bytes_per_second"] / out["per_second"], 100, delta=1)
        self.assertLessEqual(out["p50_ms"], out["max_ms"])


if __name__ == "__main__":
    unit.main()
