#!/usr/bin/env python3
"""Parquet files without a server, as a person types the commands: generate, head, cat, inspect, bad files, what is not loaded.
"""
import json
import os
import resource
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import CATALOG, Case, HEADER, PARTS, THREAD_SANITIZER  # pylint: disable=wrong-import-position


class Parquet(Case):
    def rows(self, name, *words):
        return json.loads(self.ok("parquet", "cat", "-f", "json", name, *words))

    def test_generate_writes_the_same_bytes_every_time(self):
        self.assertRegex(self.ok("generate", "parts"), r"^wrote 5 rows, \S+ K?i?B, to parts\.parquet in ")
        self.ok("generate", "parts", "--rows", "5", "--out", "again.parquet")
        self.assertEqual(self.read("parts.parquet"), self.read("again.parquet"))
        self.assertEqual([list(r.values()) for r in self.rows("parts.parquet")], PARTS)
        self.ok("generate", "parts", "--rows", "30000", "-o", "a/b/large.parquet")
        self.ok("generate", "parts", "-n", "30000", "-o", "large.parquet")
        self.assertEqual(self.read("a/b/large.parquet"), self.read("large.parquet"))
        large = self.rows("large.parquet")
        self.assertEqual(len(large), 30000)
        self.assertEqual([list(r.values()) for r in large[:5]], PARTS)
        self.assertEqual([r["p_partkey"] for r in large], list(range(1, 30001)))
        for codec in ("none", "zstd"):
            self.ok("generate", "parts", "--rows", "30000", "--codec", codec, "-o", codec)
            self.assertEqual(self.rows(codec), large)

    def test_no_rows_are_a_file_too(self):
        self.assertIn("wrote 0 rows", self.ok("generate", "parts", "--rows", "0"))
        self.assertEqual(self.rows("parts.parquet"), [])
        self.assertEqual(self.ok("parquet", "cat", "parts.parquet"), HEADER + "\n")
        self.assertEqual(self.ok("parquet", "head", "-f", "ndjson", "parts.parquet"), "")
        table = self.ok("parquet", "head", "parts.parquet").split("\n")
        self.assertEqual([line.split() for line in table], [HEADER.split(","), ["BIGINT", "VARCHAR", "VARCHAR", "DOUBLE"], []])
        self.assertIn("rows        0 in 0 row groups", self.ok("parquet", "inspect", "parts.parquet"))

    def test_a_file_is_replaced_whole_or_not_at_all(self):
        self.ok("generate", "parts")
        before = self.read("parts.parquet")
        self.ok("generate", "parts", "--rows", "100")
        self.assertNotEqual(self.read("parts.parquet"), before)

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        before = self.read("parts.parquet")
        for name in ("parts.parquet", "new.parquet"):
            self.fails(1, ["generate", "parts", "--rows", "300000", "-o", name], "File too large", name, preexec_fn=small_files)
        self.assertEqual(self.read("parts.parquet"), before)
        self.assertEqual(os.listdir(self.folder), ["parts.parquet"])

    def test_head_cat_and_columns(self):
        self.ok("generate", "parts", "--rows", "30")
        name = "parts.parquet"
        self.assertEqual(self.ok("parquet", "head", name).count("\n"), 2 + 10)
        self.assertEqual(self.ok("parquet", "head", "-n", "0", "-f", "csv", name), HEADER + "\n")
        self.assertEqual(self.ok("parquet", "head", "-n", "2", "--columns", "p_brand,P_PARTKEY", "-f", "csv", name),
                         "p_brand,p_partkey\nBrand#1,1\nBrand#2,2\n")
        self.assertEqual(self.ok("parquet", "head", "-n", "1", "-f", "markdown", name),
                         "| p_partkey | p_name | p_brand | p_retailprice |\n| ---: | --- | --- | ---: |\n| 1 | Part#1 | Brand#1 | 10.0 |\n")
        self.assertEqual(self.ok("parquet", "cat", name).count("\n"), 31)
        self.assertEqual(self.ok("parquet", "cat", "-f", "ndjson", name).split("\n")[0],
                         '{"p_partkey":1,"p_name":"Part#1","p_brand":"Brand#1","p_retailprice":10.0}')
        self.assertEqual(self.ok("parquet", "cat", "-f", "table", name).count("\n"), 32)
        self.fails(1, ["parquet", "cat", "--columns", "p_brnd", name], "there is no column 'p_brnd', did you mean 'p_brand'?")
        self.fails(1, ["parquet", "cat", "--columns", "", name], "there is no column ''")

    def test_inspect(self):
        self.ok("generate", "parts")
        text = self.ok("parquet", "inspect", "parts.parquet")
        size = len(self.read("parts.parquet"))
        self.assertRegex(text, r"size +\S+ K?i?B, footer \S+ K?i?B\n")
        self.assertRegex(text, r"rows +5 in 1 row group\n")
        self.assertRegex(text, r"(?m)^p_retailprice +SNAPPY +\S.* 0 +10\.0 +50\.0\b")
        about = json.loads(self.ok("parquet", "inspect", "-f", "json", "parts.parquet"))
        self.assertEqual((about["rows"], about["bytes"], len(about["row_groups"])), (5, size, 1))
        self.assertEqual([c["path"] for c in about["columns"]], HEADER.split(","))
        self.assertEqual([(c["min"], c["max"], c["nulls"]) for c in about["row_groups"][0]["chunks"]],
                         [("1", "5", 0), ("Part#1", "Part#5", 0), ("Brand#1", "Brand#3", 0), ("10.0", "50.0", 0)])

    def test_bad_files(self):
        self.ok("generate", "parts")
        good = self.read("parts.parquet")
        self.write("cut.parquet", good[:-20])
        self.write("empty.parquet", b"")
        self.write("text.parquet", "this is no Parquet file\n" * 10)
        self.write("footer.parquet", good[:-8] + b"\xff\xff\xff\x7f" + good[-4:])
        for command in ("inspect", "head", "cat"):
            for name, wanted in (("nothing.parquet", "No such file"), (".", "is a folder"), ("cut.parquet", "cut.parquet"),
                                 ("empty.parquet", "empty.parquet"), ("text.parquet", "text.parquet"), ("footer.parquet", "footer.parquet"),
                                 ("/dev/null", "regular file")):
                with self.subTest(command=command, name=name):
                    self.fails(1, ["parquet", command, name], wanted)
        for at in range(4, len(good) - 8, 7):  # any byte changed: an answer or an error, never a crash
            self.write("changed.parquet", good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1:])
            r = self.run_raw("parquet", "cat", "changed.parquet")
            self.assertIn(r.returncode, (0, 1), (at, r.stderr))
            if r.returncode:
                self.check_error(1, r.stderr, at)

    def test_what_is_not_needed_is_not_loaded(self):
        self.ok("generate", "parts")
        self.write("neuralake.yaml", CATALOG)
        for words in (["--help"], ["generate", "parts"], ["parquet", "cat", "parts.parquet"], ["tables"], ["describe", "db.parts"], ["check"]):
            with self.subTest(words=words):
                r = self.run_raw(*words, env=dict(self.env, LD_DEBUG="files"))
                self.assertEqual(r.returncode, 0)
                self.assertIn(b"libc.so", r.stderr)  # the linker does tell
                self.assertNotIn(b"duckdb", r.stderr)
                self.assertEqual(self.run_raw(*words, env=dict(self.env, DUCKDB_ROOT="/nowhere")).returncode, 0)

    @unittest.skipIf(THREAD_SANITIZER, "the thread sanitizer has a thread of its own")
    def test_local_files_need_no_thread(self):
        self.ok("generate", "parts", "--rows", "200000")
        p = self.start("parquet", "cat", "parts.parquet")
        p.stdout.readline()  # and now it waits for us
        self.assertLessEqual(len(os.listdir(f"/proc/{p.pid}/task")), 2)


if __name__ == "__main__":
    unittest.main()
