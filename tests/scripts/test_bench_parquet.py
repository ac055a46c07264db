"""The Parquet benchmark works: every case runs on small tables, and says what it is for. No time is asserted."""
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import unit  # noqa: E402

BUILD = os.path.dirname(os.environ.get("NEURALAKE", ""))
PEERS = all(map(importlib.util.find_spec, ("duckdb", "polars", "pyarrow")))


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "bench", "parquet_scan")), "the programs of bench/ are not built")
class Bench(unittest.TestCase):
    def run_bench(self, folder, *words):
        env = {k: v for k, v in os.environ.items() if k != "CARQUET_BENCH"}
        r = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "parquet.py"), "--build", BUILD, "--files", folder,
                            "--quick", *words], capture_output=True, text=True, check=False, env=env)
        self.assertEqual((r.returncode, r.stderr), (0, ""), r.stdout)
        return r.stdout

    @unittest.skipUnless(PEERS, "needs duckdb, polars and pyarrow: NEURALAKE_TEST_PYTHON")
    def test_every_case_on_small_tables(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.run_bench(folder, "--scale", "0.002", "--table", "floats,log,sparse,series,integers", "--threads", "1")
            self.assertIn("(carquet is not there: left out)", out)
            for line in ("Reading, 1 core", "Writing, 1 core", "Plain integers", "Memory of our full scan", "best"):
                self.assertIn(line, out)
            for file in ("log, zstd, neuralake", "sparse, snappy, duckdb", "series, zstd, pyarrow", "floats, snappy, polars"):
                rows = [row for row in out.splitlines() if row.strip().startswith(file + " ")]
                self.assertEqual(len(rows), 2, f"{file}: one row of times and one of memory\n{out}")
                self.assertEqual(rows[0].count("×"), 4, rows[0])

    @unittest.skipUnless(PEERS, "needs duckdb, polars and pyarrow: NEURALAKE_TEST_PYTHON")
    def test_markdown_and_three_of_ten_thousand_columns(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.run_bench(folder, "--scale", "0.01", "--table", "wide", "--case", "read", "--markdown", "--threads", "1")
            self.assertIn("| file | ours | polars | duckdb | pyarrow | best |", out)
            self.assertRegex(out, r"\| wide, snappy, neuralake \| [0-9.]+ ms \|")

    def test_words_that_are_none(self):
        r = subprocess.run([sys.executable, os.path.join(ROOT, "bench", "parquet.py"), "--case", "reed"],
                           capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 2)
        self.assertIn("reed is none of read, columns", r.stderr)

    def job(self, program, *jobs):
        r = subprocess.run([os.path.join(BUILD, "bench", program), "--serve"], input="".join(j + "\n" for j in jobs),
                           capture_output=True, text=True, check=True)
        return r.stdout.splitlines()

    def test_jobs_say_what_is_wrong(self):
        answers = self.job("parquet_scan", "read\t/nowhere.parquet", "dance\there", "memcpy\t1000")
        self.assertRegex(answers[0], "^error\t/nowhere.parquet: ")
        self.assertEqual(answers[1], "error\tnot a job")
        self.assertRegex(answers[2], "^ok\t[0-9.]+\t[0-9.]+\t1000$")
        self.assertRegex(self.job("parquet_write", "load\t/nowhere.parquet")[0], "^error\t/nowhere.parquet: ")


if __name__ == "__main__":
    unit.main()
