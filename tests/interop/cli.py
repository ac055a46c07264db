#!/usr/bin/env python3
"""The program's words, as a person types them: help, wrong usage, completions, the manual page, outputs that are full; and
catalogs: both forms, bad ones, which one is found.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import C_CATALOG, CATALOG, Case, LIMIT, SOURCE  # pylint: disable=wrong-import-position


class Words(Case):
    COMMANDS = ("demo", "query", "tables", "describe", "check", "generate", "s3 serve", "s3 env", "s3 mb", "s3 rb", "s3 ls", "s3 cp", "s3 mv", "s3 sync", "s3 cat",
                "s3 rm", "s3 stat", "s3 du", "s3 presign", "parquet inspect", "parquet head", "parquet cat", "parquet check",
                "parquet rewrite", "cache info", "cache clear")

    def test_help_of_everything(self):
        text = self.ok("--help")
        self.assertEqual(self.ok("help"), text)
        self.assertEqual(self.ok("-h"), text)
        for c in self.COMMANDS:
            self.assertRegex(text, rf"(?m)^  {c} +\S")
            one = self.ok(*c.split(), "--help")
            self.assertEqual(self.ok("help", *c.split()), one)
            self.assertTrue(one.startswith(f"Usage: neuralake {c} [OPTIONS]"), one)
            self.assertRegex(one, "(?m)^  -v, --verbose")
            self.assertLessEqual(max(map(len, one.splitlines())), 110, one)
        for group in ("s3", "parquet", "cache"):
            one = self.ok(group, "--help")
            for c in self.COMMANDS:
                self.assertEqual(c.startswith(group + " "), bool(re.search(rf"(?m)^  {c} ", one)))
        self.assertRegex(self.ok("--version"), r"^neuralake \d+\.\d+\.\d+\S*\n$")

    def test_nothing_asked_is_wrong_usage_and_shows_the_help(self):
        for words in ((), ("s3",), ("parquet",), ("cache",)):
            r = self.run_raw(*words)
            self.assertEqual((r.returncode, r.stderr), (2, b""))
            self.assertIn(b"Commands:\n", r.stdout)

    def test_wrong_usage(self):
        for words, wanted in (
                (["querry"], "did you mean 'query'"), (["s3", "cpp"], "did you mean 's3 cp'"), (["xyzzy"], "--help"),
                (["--frob"], "--help"), (["help", "xyzzy"], "unknown command 'xyzzy'"), (["--completion"], "none of bash, zsh"),
                (["--completion", "fish"], "'fish' is none of bash, zsh"), (["query", "--fromat", "csv"], "did you mean '--format'"),
                (["query", "-x"], "unknown option '-x'"), (["query", "--format", "xml", "SELECT 1"], "'xml' is none of table, csv, json"),
                (["query", "a", "b"], "does not expect 'b'"), (["query", "--file", "x.sql", "SELECT 1"], "one of them is enough"),
                (["query", "--max-rows", "-1", "x"], "'-1' is not a whole number from 0 on"), (["query", "--threads", "0", "x"], "from 1 on"),
                (["describe"], "needs DATABASE.TABLE"), (["tables", "-c"], "needs an argument"), (["tables", "x"], "does not expect 'x'"),
                (["generate"], "needs NAME"), (["generate", "partz"], "did you mean 'parts'"),
                (["generate", "parts", "--rows", "ten"], "'ten' is not a whole number"),
                (["generate", "parts", "--rows", "99999999999999999999"], "is not a whole number"),
                (["generate", "parts", "--codec", "rot13"], "is no codec: snappy, zstd"),
                (["s3", "cp", "a"], "needs SOURCE TARGET"), (["s3", "cp", "a", "b"], "neither 'a' nor 'b' is s3://"),
                (["s3", "cp", "a", "s3://"], "names no bucket"), (["s3", "cp", "s3://lake", "x"], "names a bucket, not an object"),
                (["s3", "mb", "lake"], "is not s3://BUCKET"), (["s3", "mb", "s3://lake/x"], "names an object"),
                (["s3", "mb", "s3://" + "b" * 300], "longer than"), (["s3", "ls", "/tmp"], "is not s3://"),
                (["s3", "rm", "s3://lake"], "not an object"), (["s3", "cat", "lake"], "is not s3://"),
                (["s3", "serve", "--listen", "here"], "not HOST:PORT"), (["s3", "serve", "--listen", "127.0.0.1:65536"], "not HOST:PORT"),
                (["s3", "serve", "--durability", "most"], "none of full, rename, none"), (["parquet", "head", "-n", "1x", "f"], "whole number"),
                (["demo", "x"], "does not expect 'x'")):
            with self.subTest(words=words):
                self.assertEqual(self.fails(2, words, wanted).stdout, b"")
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_closed_or_full_output_is_an_error(self):
        self.ok("generate", "parts")
        self.ok("generate", "parts", "--rows", "200000", "--out", "big.parquet")
        for words in (["--help"], ["--version"], ["--man"], ["--completion", "bash"], ["s3", "cp", "--help"], ["parquet", "cat", "parts.parquet"],
                      ["parquet", "head", "parts.parquet"], ["parquet", "inspect", "parts.parquet"],
                      ["parquet", "inspect", "-f", "json", "parts.parquet"], ["parquet", "cat", "big.parquet"]):
            with self.subTest(words=words), open("/dev/full", "wb") as full:
                self.fails(1, words, "No space left on device", stdout=full, stderr=subprocess.PIPE, capture_output=False)
        for form in ("csv", "json", "ndjson", "markdown", "table"):
            with self.subTest(format=form):
                p = self.start("parquet", "cat", "-f", form, "big.parquet")
                p.stdout.readline()
                p.stdout.close()
                errors = p.stderr.read()
                self.assertEqual(p.wait(LIMIT), 1)
                self.check_error(1, errors, form, "Broken pipe")

    def test_verbose_counts_requests(self):
        self.ok("generate", "parts")
        r = self.run_raw("parquet", "cat", "-v", "parts.parquet")
        self.assertEqual(r.returncode, 0)
        self.assertRegex(r.stderr, rb"^0 requests \(0 retries\) on 0 connections, 0 B received, 0 B sent, [\d.]+ \S+\n$")

    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _neuralake; printf "%s\\n" "${COMPREPLY[@]}"'
        r = subprocess.run(["bash", "--norc", "-c", script, "-", self.path("complete.bash"), "neuralake", *words], capture_output=True, text=True,
                           cwd=self.folder, env=self.env, check=True)
        self.assertEqual(r.stderr, "")
        return sorted(filter(None, r.stdout.split("\n")))

    def test_bash_completes(self):
        self.write("complete.bash", self.ok("--completion", "bash"))
        self.write("part one.parquet", "")
        self.write("folder/x", "")
        self.assertEqual(self.complete("qu"), ["query"])
        self.assertEqual(self.complete("s"), ["s3"])
        self.assertEqual(self.complete(""), sorted({c.split()[0] for c in self.COMMANDS} | {"--help", "--version"}))
        self.assertEqual(self.complete("s3", ""), ["--help", "cat", "cp", "du", "env", "ls", "mb", "mv", "presign", "rb", "rm", "serve", "stat", "sync"])
        self.assertEqual(self.complete("s3", "c"), ["cat", "cp"])
        self.assertEqual(self.complete("query", "--fo"), ["--format"])
        self.assertEqual(self.complete("query", "--format", "nd"), ["ndjson"])
        self.assertEqual(self.complete("query", "-f", "m"), ["markdown"])
        self.assertEqual(self.complete("query", "--max-rows", ""), [])
        self.assertIn("--recursive", self.complete("s3", "cp", "--"))
        self.assertEqual(self.complete("s3", "cp", "part"), ["part one.parquet"])
        self.assertEqual(self.complete("parquet", "head", "par"), ["part one.parquet"])
        self.assertEqual(self.complete("s3", "serve", "--root", "f"), ["folder"])
        self.assertEqual(self.complete("tables", "-c", "fol"), ["folder"])
        self.assertEqual(self.complete("generate", ""), [])
        self.assertIn("--verbose", self.complete("s3", "env", "--"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_parses_its_completion(self):
        self.write("_neuralake", self.ok("--completion", "zsh"))
        script = 'fpath=($PWD $fpath); autoload -Uz compinit && compinit -u -d $PWD/dump; print -- $_comps[neuralake]; zsh -n _neuralake'
        r = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, cwd=self.folder, env=self.env, check=True)
        self.assertEqual((r.stdout, r.stderr), ("_neuralake\n", ""))

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_the_manual_page_is_sound(self):
        page = self.ok("--man")
        self.write("neuralake.1", page)
        r = subprocess.run(["man", "--warnings", "-l", "neuralake.1"], capture_output=True, text=True, cwd=self.folder, check=True,
                           env=dict(self.env, MANWIDTH="100", MANROFFOPT="", LC_ALL="C.UTF-8"))
        self.assertEqual(r.stderr, "")
        text = re.sub(".\b", "", r.stdout)
        for c in self.COMMANDS:
            self.assertIn(f"neuralake {c}", text)
        for name in ("NEURALAKE_CATALOG", "AWS_ENDPOINT_URL", "EXIT STATUS"):
            self.assertIn(name, text)


class Catalogs(Case):
    def setUp(self):
        super().setUp()
        self.ok("generate", "parts")
        self.write("t.yaml", CATALOG)
        self.write("t.c", C_CATALOG)

    def test_both_forms_say_the_same(self):
        for name in ("t.yaml", "t.c"):
            if name == "t.c" and not shutil.which("cc"):
                continue
            with self.subTest(catalog=name):
                self.assertEqual(self.ok("tables", "-c", name), "table     kind     description\ndb.parts  parquet  Pärts of 100%\n")
                table, = json.loads(self.ok("tables", "-c", name, "-f", "json"))
                self.assertEqual((table["database"], table["table"], table["kind"], table["description"]), ("db", "parts", "parquet", "Pärts of 100%"))
                text = self.ok("describe", "-c", name, "db.parts")
                self.assertRegex(text, r"(?m)^  rows +5$")
                self.assertRegex(text, r"(?m)^p_name +VARCHAR +yes +the name$")
                self.assertNotIn("disagree", text)
                about = json.loads(self.ok("describe", "-c", name, "-f", "json", "db.parts"))
                self.assertEqual((about["rows"], about["contract"]["owner"], about["disagreements"]), (5, "us", []))
                self.assertEqual([(c["name"], c["type"], c["description"]) for c in about["columns"]],
                                 [("p_partkey", "BIGINT", "the key"), ("p_name", "VARCHAR", "the name"),
                                  ("p_brand", "VARCHAR", "the brand"), ("p_retailprice", "DOUBLE", "the price")])
                self.assertEqual(self.ok("check", "-c", name), "1 table, 0 errors, 0 notices\n")
                self.assertEqual(json.loads(self.ok("check", "-c", name, "-f", "json")), {"tables": 1, "errors": 0, "findings": []})
                self.fails(1, ["describe", "-c", name, "db.prts"], "did you mean db.parts")

    def test_declaration_and_data_disagree(self):
        self.write("t.yaml", CATALOG.replace("p_brand", "p_brandt").replace("DOUBLE", "VARCHAR"))
        text = self.ok("describe", "-c", "t.yaml", "db.parts")
        self.assertIn("error: column p_brandt is documented", text)
        self.assertRegex(text, "error: .*p_retailprice")
        r = self.fails(1, ["check", "-c", "t.yaml"], "not sound")
        self.assertIn(b"error: db.parts: column p_brandt", r.stdout)
        r = self.fails(1, ["check", "-c", "t.yaml", "-f", "json"], "not sound")
        report = json.loads(r.stdout)
        self.assertEqual((report["tables"], report["errors"]), (1, sum(f["error"] for f in report["findings"])))
        self.assertEqual({f["table"] for f in report["findings"]}, {"db.parts"})
        os.remove(self.path("parts.parquet"))
        r = self.fails(1, ["describe", "-c", "t.yaml", "db.parts"], "parts.parquet: No such file")
        self.assertIn("Pärts".encode(), r.stdout)  # the contract is shown all the same
        self.fails(1, ["check", "-c", "t.yaml"], "not sound")

    def test_bad_catalogs(self):
        for why, text, wanted in (
                ("a wrong key", CATALOG.replace("owner:", "ownr:"), ("t.yaml:10:9", "'ownr'", "owner")),
                ("no partitioning", CATALOG.replace("        partitioning: none\n", ""), ("table parts", "partitioning: none", "scheme: hive")),
                ("not YAML", "a: [", ("t.yaml:",)), ("empty", "", ("t.yaml",)), ("another version", "neuralake: 99\n", ("t.yaml",)),
                ("binary", "\x01\x02", ("t.yaml",))):
            with self.subTest(why=why):
                self.write("t.yaml", text)
                for words in (["tables"], ["check"], ["describe", "db.parts"]):
                    self.fails(1, [*words, "-c", "t.yaml"], *wanted)
        self.fails(1, ["tables", "-c", "nothing.yaml"], "nothing.yaml", "No such file")
        self.fails(1, ["tables", "-c", "t.txt"], "t.txt")
        self.write("empty.yaml", "neuralake: 1\ndatabases: []\n")
        self.assertEqual(self.ok("tables", "-c", "empty.yaml"), "table  kind  description\n")
        self.assertEqual(self.ok("tables", "-c", "empty.yaml", "-f", "json"), "[]\n")

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_bad_catalogs_in_c(self):
        self.write("t.c", C_CATALOG.replace(".partitioning = NL_NOT_PARTITIONED,", ""))
        r = self.run_raw("tables", "-c", "t.c")
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"parts", r.stderr)
        self.assertIn(b"partitioning", r.stderr)
        self.write("t.c", C_CATALOG.replace("NL_CATALOG(&db)", "NL_CATALOG(&dbb)"))
        self.assertIn(b"t.c:", self.run_raw("tables", "-c", "t.c").stderr)
        self.write("t.c", C_CATALOG)
        self.fails(1, ["tables", "-c", "t.c"], "no-such-compiler", env=dict(self.env, CC="no-such-compiler"))

    def test_which_catalog(self):
        os.makedirs(self.path("a/b"))
        below = {"cwd": self.path("a/b")}
        self.fails(1, ["tables"], "there is no catalog", "-c", "NEURALAKE_CATALOG", **below)
        self.write("neuralake.yaml", CATALOG.replace("name: db", "name: above"))
        self.assertIn("above.parts", self.ok("tables", **below))
        self.assertIn("db.parts", self.ok("tables", env=dict(self.env, NEURALAKE_CATALOG=self.path("t.yaml")), **below))
        self.assertIn("db.parts", self.ok("tables", "-c", self.path("t.yaml"), env=dict(self.env, NEURALAKE_CATALOG="nothing"), **below))
        self.write("a/neuralake.yaml", CATALOG.replace("name: db", "name: near"))
        self.assertIn("near.parts", self.ok("tables", **below))
        # Not above the home folder, and no code that nobody named.
        os.remove(self.path("a/neuralake.yaml"))
        self.fails(1, ["tables"], "there is no catalog", env=dict(self.env, HOME=self.path("a")), **below)
        os.remove(self.path("neuralake.yaml"))
        self.write("a/b/neuralake.c", C_CATALOG)
        self.write("a/b/catalog.c", C_CATALOG)
        self.fails(1, ["tables"], "there is no catalog", **below)


if __name__ == "__main__":
    unittest.main()
