#!/usr/bin/env python3
"""The commands that need no SQL, as a person types them: words, Parquet, catalogs, S3, what is interrupted and what fails.

Every error is one line on standard error that begins with the command; 0 done, 1 an error, 2 wrong usage, 130 interrupted.
"""
import contextlib
import http.client
import http.server
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

PROGRAM = os.environ["NEURALAKE"]
SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
PARTS = [[k, f"Part#{k}", f"Brand#{(k - 1) % 3 + 1}", 10.0 * k] for k in range(1, 6)]
HEADER = "p_partkey,p_name,p_brand,p_retailprice"
LIMIT = int(os.environ.get("NEURALAKE_TEST_LIMIT", "120"))

with open(PROGRAM, "rb") as program:
    THREAD_SANITIZER = b"__tsan_init" in program.read()


def wait_for(what, condition, seconds=LIMIT):
    """Look again and again until condition() is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


def files_below(folder):
    """The files below a folder, sorted, without what a server keeps for itself."""
    found = []
    for path, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(path, name), folder) for name in names]
    return sorted(f for f in found if f not in (".neuralake/lock", ".neuralake/server.json", ".neuralake/credentials.yaml"))


class Case(unittest.TestCase):
    """A folder of its own, an environment without settings, and the program."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="neuralake-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "XDG_", "NEURALAKE_"))}
        self.env.update(HOME=self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def start(self, *words, **more):
        p = subprocess.Popen([PROGRAM, *words], **{"cwd": self.folder, "env": self.env, "stdin": subprocess.DEVNULL,
                                                   "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})
        self.addCleanup(self.end, p)
        return p

    @staticmethod
    def end(p):
        if p.poll() is None:
            p.kill()
        p.wait()
        for f in (p.stdin, p.stdout, p.stderr):
            if f:
                with contextlib.suppress(OSError):
                    f.close()

    def run_raw(self, *words, data=None, **more):
        return subprocess.run([PROGRAM, *words], **{"cwd": self.folder, "env": self.env, "timeout": LIMIT, "check": False,
                                                    "capture_output": True, "input": data or b"", **more})

    def ok(self, *words, data=None, **more):
        """Standard output of a call that must succeed, and says nothing on standard error."""
        r = self.run_raw(*words, data=data, **more)
        self.assertEqual((r.returncode, r.stderr), (0, b""), words)
        return r.stdout.decode() if r.stdout is not None else ""

    def check_error(self, code, errors, words, *wanted):
        text = errors.decode()
        self.assertTrue(text.startswith("neuralake"), (words, text))
        self.assertEqual(text.count("\n"), 1, (words, text))
        for w in wanted:
            self.assertIn(w, text, words)
        return code

    def fails(self, code, words, *wanted, data=None, **more):
        """A call that must fail with this code and one line that holds the texts."""
        r = self.run_raw(*words, data=data, **more)
        self.check_error(code, r.stderr, words, *wanted)
        self.assertEqual(r.returncode, code, (words, r.stderr))
        return r

    def interrupt(self, p, number=signal.SIGINT, code=130):
        p.send_signal(number)
        _, errors = p.communicate(timeout=LIMIT)
        self.assertEqual(p.returncode, code, errors)
        if code:
            self.check_error(code, errors, p.args)


class Words(Case):
    COMMANDS = ("demo", "query", "tables", "describe", "check", "generate", "s3 serve", "s3 env", "s3 mb", "s3 rb", "s3 ls", "s3 cp", "s3 mv", "s3 sync", "s3 cat",
                "s3 rm", "s3 stat", "s3 du", "s3 presign", "parquet inspect", "parquet head", "parquet cat", "parquet check",
                "parquet rewrite")

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
        for group in ("s3", "parquet"):
            one = self.ok(group, "--help")
            for c in self.COMMANDS:
                self.assertEqual(c.startswith(group + " "), bool(re.search(rf"(?m)^  {c} ", one)))
        self.assertRegex(self.ok("--version"), r"^neuralake \d+\.\d+\.\d+\S*\n$")

    def test_nothing_asked_is_wrong_usage_and_shows_the_help(self):
        for words in ((), ("s3",), ("parquet",)):
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


CATALOG = """neuralake: 1
databases:
  - name: db
    tables:
      - name: parts
        kind: parquet
        uri: parts.parquet
        partitioning: none
        description: Pärts of 100%
        owner: us
        columns:
          - {name: p_partkey, type: BIGINT, description: the key}
          - {name: p_name, type: VARCHAR, description: the name}
          - {name: p_brand, type: VARCHAR, description: the brand}
          - {name: p_retailprice, type: DOUBLE, description: the price}
"""
C_CATALOG = """#include <neuralake/catalog.h>
NL_PARQUET_TABLE(parts, .name = "parts", .uri = "parts.parquet", .partitioning = NL_NOT_PARTITIONED,
    .description = "Pärts of 100%", .owner = "us",
    .columns = NL_COLUMNS({"p_partkey", "the key", NL_BIGINT}, {"p_name", "the name", NL_VARCHAR},
                          {"p_brand", "the brand", NL_VARCHAR}, {"p_retailprice", "the price", NL_DOUBLE}));
NL_DATABASE(db, .tables = NL_TABLES(&parts));
NL_CATALOG(&db);
"""


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


class Server(Case):
    """A server of its own, and the settings for it."""

    def setUp(self):
        super().setUp()
        self.server = self.serve("--root", "root")
        self.port = self.listening(self.server)
        self.use("root")

    def serve(self, *words):
        return self.start("s3", "serve", "--listen", "127.0.0.1:0", *words)

    def listening(self, p):
        line = p.stdout.readline().decode()
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+\n$")
        return int(line.rsplit(":", 1)[1])

    def use(self, root):
        for line in self.ok("s3", "env", "--root", root).split("\n"):
            name, _, value = line.removeprefix("export ").partition("=")
            if value:
                self.env[name] = value.strip("'")

    def keys(self):
        r = self.ok("s3", "ls", "--recursive", "s3://lake")
        return [line[31:] for line in r.split("\n") if line]


class S3(Server):
    KEYS = ["plain", "with space", "ünï/çødé 漢字.txt", "100%", "%41", "a+b&c=d?e#f", "a//b", ".", "..", "x/../y", "q'\"`$(x)", "a", "a/b", "-",
            "~*[x]!", "back\\slash", "/leading", "tab\tinside", "k" * 300, "l/" * 400 + "x", "{}<>|^", ".neuralake/x", "👍🏽"]

    def test_every_key_round_trips(self):
        self.assertEqual(self.ok("s3", "mb", "s3://lake"), "made s3://lake\n")
        self.assertEqual(self.ok("s3", "mb", "s3://lake/"), "s3://lake exists already\n")
        self.assertRegex(self.ok("s3", "ls"), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d s3://lake\n$")
        for key in self.KEYS:
            with self.subTest(key=key):
                body = b"" if key == "plain" else f"body of {key}\n\0\xff".encode() * 3
                self.assertEqual(self.ok("s3", "cp", "-", f"s3://lake/{key}", data=body), f"copied - to s3://lake/{key}\n")
                self.assertEqual(self.run_raw("s3", "cat", f"s3://lake/{key}").stdout, body)
                self.assertEqual(self.run_raw("s3", "cp", f"s3://lake/{key}", "-").stdout, body)
                self.assertEqual(self.ok("s3", "cp", "-q", f"s3://lake/{key}", "local file"), "")
                self.assertEqual(self.read("local file"), body)
                self.assertEqual(self.ok("s3", "cp", "--quiet", "local file", f"s3://lake/{key}"), "")
                self.assertEqual(self.ok("s3", "cp", f"s3://lake/{key}", "s3://lake/copy of it"), f"copied s3://lake/{key} to s3://lake/copy of it\n")
                self.assertEqual(self.run_raw("s3", "cat", "s3://lake/copy of it").stdout, body)
        self.ok("s3", "rm", "s3://lake/copy of it")
        self.assertEqual(self.keys(), sorted(self.KEYS, key=str.encode))
        for key in self.KEYS:
            self.assertEqual(self.ok("s3", "rm", f"s3://lake/{key}"), f"removed s3://lake/{key}\n")
        self.assertEqual(self.keys(), [])
        self.assertEqual(files_below(self.path("root")), [])

    def test_folders(self):
        self.ok("s3", "mb", "s3://lake")
        tree = {"one": b"1", "sub/two words": b"", "sub/deep/ü": b"333", "sub.txt": b"4"}
        for name, body in tree.items():
            self.write(f"up/{name}", body)
        out = self.ok("s3", "cp", "--recursive", "up", "s3://lake/data")
        self.assertEqual(out.count("copied up/"), 4)
        self.assertEqual(self.keys(), sorted((f"data/{n}" for n in tree), key=str.encode))
        self.assertEqual(self.ok("s3", "cp", "-r", "s3://lake/data/", "down").count("copied"), 4)
        self.assertEqual({n: self.read(f"down/{n}") for n in files_below(self.path("down"))}, tree)
        self.ok("s3", "cp", "-r", "s3://lake/data/sub/", "s3://lake/again")
        self.assertIn("again/deep/ü", self.keys())
        lines = self.ok("s3", "ls", "--summarize", "s3://lake/data/").split("\n")
        self.assertEqual([line[31:] for line in lines[:3]], ["one", "sub.txt", "sub/"])
        self.assertIn("PRE", lines[2])
        self.assertEqual(lines[4], "2 objects, 2 bytes")
        # A target that is a folder, a bucket, or ends in "/" keeps the name.
        os.mkdir(self.path("dir"))
        self.ok("s3", "cp", "s3://lake/data/one", "dir")
        self.ok("s3", "cp", "s3://lake/data/one", "new/")
        self.ok("s3", "cp", "up/one", "s3://lake")
        self.ok("s3", "cp", "up/one", "s3://lake/in/")
        self.assertEqual((self.read("dir/one"), self.read("new/one")), (b"1", b"1"))
        self.assertLessEqual({"one", "in/one"}, set(self.keys()))
        self.fails(1, ["s3", "cp", "-", "s3://lake/"], "name the target itself", data=b"x")
        self.assertEqual(self.ok("s3", "rm", "--recursive", "s3://lake/data/sub/").count("removed"), 2)
        self.assertEqual([k for k in self.keys() if k.startswith("data")], ["data/one", "data/sub.txt"])
        self.assertEqual(self.ok("s3", "rm", "--recursive", "s3://lake/nothing"), "")
        self.fails(1, ["s3", "cp", "-r", "s3://lake/nothing/", "down"], "nothing lies below")
        self.fails(1, ["s3", "cp", "-r", "no folder", "s3://lake"], "no folder")

    TREE = {"one": b"1", "two.txt": b"22", "sub/three.txt": b"333", "sub/deep/four": b"4444", "sub/x.log": b"55555", ".hidden": b"6", "a b": b"7"}

    def tree(self, folder, names=None):
        for name, body in self.TREE.items():
            if names is None or name in names:
                self.write(f"{folder}/{name}", body)

    def below(self, folder):
        return {name: self.read(f"{folder}/{name}") for name in files_below(self.path(folder))}

    def test_sync_there_and_back(self):
        self.ok("s3", "mb", "s3://lake")
        self.tree("up")
        first = self.ok("s3", "sync", "up", "s3://lake/data").splitlines()
        self.assertEqual(sorted(first), sorted(f"upload: up/{n} to s3://lake/data/{n}" for n in self.TREE))
        self.assertEqual(self.ok("s3", "sync", "up", "s3://lake/data"), "")
        down = self.ok("s3", "sync", "s3://lake/data/", "down").splitlines()
        self.assertEqual(sorted(down), sorted(f"download: s3://lake/data/{n} to down/{n}" for n in self.TREE))
        self.assertEqual(self.below("down"), self.TREE)
        self.assertEqual(self.ok("s3", "sync", "s3://lake/data", "down"), "")
        self.write("up/one", b"1 more")
        os.remove(self.path("up/two.txt"))
        self.assertEqual(self.ok("s3", "sync", "up", "s3://lake/data"), "upload: up/one to s3://lake/data/one\n")
        self.assertEqual(self.ok("s3", "sync", "--delete", "--dryrun", "up", "s3://lake/data"), "(dryrun) delete: s3://lake/data/two.txt\n")
        self.assertEqual(self.ok("s3", "sync", "--delete", "up", "s3://lake/data"), "delete: s3://lake/data/two.txt\n")
        self.assertEqual(self.ok("s3", "sync", "--delete", "--exclude", "sub/*", "s3://lake/data", "down").splitlines(),
                         ["download: s3://lake/data/one to down/one", "delete: down/two.txt"])
        lines = [json.loads(line) for line in self.ok("s3", "sync", "--format", "json", "s3://lake/data", "s3://lake/copy").splitlines()]
        self.assertEqual({(line["action"], line["source"], line["target"]) for line in lines},
                         {("copy", f"s3://lake/data/{n}", f"s3://lake/copy/{n}") for n in self.TREE if n != "two.txt"})
        self.fails(1, ["s3", "sync", "nowhere", "s3://lake"], "nowhere")
        self.fails(1, ["s3", "sync", "up", "s3://gone"], "s3://gone")
        self.fails(2, ["s3", "sync", "a", "b"], "neither 'a' nor 'b'")

    def test_sync_goes_on_after_an_interruption(self):
        self.ok("s3", "mb", "s3://lake")
        self.write("up/big", os.urandom(40 << 20))
        for i in range(200):
            self.write(f"up/{i}", str(i))
        p = self.start("s3", "sync", "up", "s3://lake")
        p.stdout.readline()
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=LIMIT)
        self.assertIn(p.returncode, (0, 130))
        self.ok("s3", "sync", "up", "s3://lake")
        self.assertEqual(len(self.keys()), 201)
        self.assertEqual(self.run_raw("s3", "cat", "s3://lake/big").stdout, self.read("up/big"))
        self.assertEqual(self.ok("s3", "sync", "up", "s3://lake"), "")

    def test_move_look_and_remove(self):
        self.ok("s3", "mb", "s3://lake")
        self.tree("up")
        self.assertEqual(self.ok("s3", "mv", "up/one", "s3://lake"), "move: up/one to s3://lake/one\n")
        self.assertFalse(os.path.exists(self.path("up/one")))
        self.ok("s3", "mv", "--recursive", "--exclude", "*.log", "up", "s3://lake/data")
        self.assertEqual(files_below(self.path("up")), ["sub/x.log"])
        self.ok("s3", "mv", "-r", "s3://lake/data/sub", "s3://lake/moved")
        self.assertEqual(self.keys(), ["data/.hidden", "data/a b", "data/two.txt", "moved/deep/four", "moved/three.txt", "one"])
        about = json.loads(self.ok("s3", "stat", "--format", "json", "s3://lake/one"))
        self.assertEqual((about["uri"], about["size"], about["etag"]), ("s3://lake/one", 1, "c4ca4238a0b923820dcc509a6f75849b"))
        self.assertIn("size      1\n", self.ok("s3", "stat", "s3://lake/one"))
        self.assertEqual(json.loads(self.ok("s3", "du", "-f", "json", "s3://lake/moved")), {"uri": "s3://lake/moved", "objects": 2, "bytes": 7})
        self.assertIn("in 6 objects", self.ok("s3", "du", "s3://lake"))
        url = self.ok("s3", "presign", "--expires-in", "60", "s3://lake/data/a b").strip()
        self.assertEqual(urllib.request.urlopen(url, timeout=LIMIT).read(), b"7")
        self.fails(1, ["s3", "presign", "--expires-in", "999999", "s3://lake/one"], "604800")
        self.assertEqual(self.ok("s3", "rm", "-r", "--dryrun", "--exclude", "*", "--include", "moved/*", "s3://lake").count("(dryrun) removed"), 2)
        self.fails(1, ["s3", "rb", "s3://lake"], "BucketNotEmpty")
        self.assertIn("remove_bucket: lake\n", self.ok("s3", "rb", "--force", "s3://lake"))
        self.fails(1, ["s3", "ls", "s3://lake"], "NoSuchBucket")

    def test_the_same_actions_as_aws(self):
        aws = shutil.which("aws")
        if not aws:
            self.skipTest("no aws")
        self.ok("s3", "mb", "s3://lake")
        self.tree("up")
        self.ok("s3", "cp", "-q", "-r", "up/sub", "s3://lake/sub")
        self.write("up/sub/three.txt", b"another size")
        self.ok("s3", "cp", "-q", "-", "s3://lake/old.txt", data=b"old")
        self.ok("s3", "cp", "-q", "-", "s3://lake/old.log", data=b"old")
        self.tree("down", ["one", "sub/x.log", "sub/deep/four"])
        os.utime(self.path("down/sub/x.log"), (1e9, 1e9))  # older than its object: not fetched
        os.utime(self.path("down/sub/deep/four"), (4e9, 4e9))  # newer: fetched
        self.write("down/extra", b"x")
        env = dict(self.env, AWS_DEFAULT_REGION="us-east-1", PATH=os.environ["PATH"])
        filters = [[], ["--exclude", "*.txt"], ["--exclude", "*", "--include", "*.txt"], ["--include", "*.txt", "--exclude", "*"],
                   ["--exclude", "sub/*"], ["--exclude", "*", "--include", "sub/*", "--exclude", "*.log"], ["--exclude", "[!s]*"], ["--exclude", "?ne"]]
        for words in [["sync", "up", "s3://lake"], ["sync", "s3://lake", "down"], ["sync", "s3://lake/sub", "s3://lake/new"], ["sync", "--delete", "up", "s3://lake"],
                      ["sync", "--delete", "s3://lake", "down"], ["sync", "--size-only", "up", "s3://lake"], ["mv", "--recursive", "up", "s3://lake/m"]]:
            for more in filters if len(words) == 3 and "lake/sub" not in words[1] else filters[5:6]:
                with self.subTest(words=words, more=more):
                    theirs = subprocess.run([aws, "--endpoint-url", self.env["AWS_ENDPOINT_URL"], "s3", *words, *more, "--dryrun"], cwd=self.folder, env=env,
                                            capture_output=True, text=True, timeout=LIMIT, check=True).stdout
                    ours = self.ok("s3", *words, *more, "--dryrun")
                    self.assertEqual(sorted(ours.splitlines()), sorted(line.replace("./", "") for line in theirs.splitlines()))

    def test_a_key_cannot_leave_the_folder(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("s3", "cp", "-", "s3://lake/d/../../evil", data=b"x")
        self.fails(1, ["s3", "cp", "-r", "s3://lake/d/", "here/inside"], "../../evil", "cannot be a file below")
        self.assertFalse(os.path.exists(self.path("evil")))
        self.assertFalse(os.path.exists(self.path("here")) and files_below(self.path("here")))

    def test_large_objects(self):
        self.ok("s3", "mb", "s3://lake")
        body = bytes(range(256)) * 4096 * 20 + b"end"  # 20 MiB and a little: several parts
        self.write("big", body)
        self.ok("s3", "cp", "big", "s3://lake/big")
        self.ok("s3", "cp", "s3://lake/big", "back")
        self.assertEqual(self.read("back"), body)
        self.ok("s3", "cp", "-", "s3://lake/piped", data=body)
        self.assertEqual(self.run_raw("s3", "cat", "s3://lake/piped").stdout, body)
        r = self.run_raw("s3", "cat", "-v", "s3://lake/big")
        self.assertRegex(r.stderr, rb"^\d+ requests \(0 retries\) on \d+ connections?, 2\d\.\d+ MB|MiB received")

    def test_parquet_on_s3(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("generate", "parts", "--out", "s3://lake/parts.parquet")
        self.ok("generate", "parts")
        self.assertEqual(self.run_raw("s3", "cat", "s3://lake/parts.parquet").stdout, self.read("parts.parquet"))
        self.assertEqual(self.ok("parquet", "cat", "s3://lake/parts.parquet"), self.ok("parquet", "cat", "parts.parquet"))
        self.assertIn("rows        5 in 1", self.ok("parquet", "inspect", "s3://lake/parts.parquet"))
        self.fails(1, ["parquet", "head", "s3://lake/nothing.parquet"], "s3://lake/nothing.parquet")
        self.fails(1, ["generate", "parts", "--out", "s3://no-bucket/x"], "no-bucket", "neuralake s3 mb s3://no-bucket")

    def test_errors_say_what_to_do(self):
        self.ok("s3", "mb", "s3://lake")
        self.write("file", "x")
        for words in (["s3", "ls", "s3://gone"], ["s3", "cp", "file", "s3://gone/x"], ["s3", "cat", "s3://gone/x"], ["s3", "cp", "s3://lake/x", "s3://gone/x"]):
            with self.subTest(words=words):
                self.fails(1, words, "gone" if "s3://lake/x" not in words else "s3://", *(["neuralake s3 mb s3://gone"] if "s3://lake/x" not in words else []))
        self.fails(1, ["s3", "cat", "s3://lake/nothing"], "s3://lake/nothing", "NoSuchKey")
        self.fails(1, ["s3", "cp", "s3://lake/nothing", "local"], "s3://lake/nothing")
        self.assertFalse(os.path.exists(self.path("local")))
        self.fails(1, ["s3", "cp", "nothing", "s3://lake/x"], "nothing: No such file")
        self.fails(1, ["s3", "cp", ".", "s3://lake/x"], "is a folder")
        self.fails(1, ["s3", "mb", "s3://No_Such_Name"], "No_Such_Name")
        self.fails(1, ["s3", "ls"], "InvalidAccessKeyId", env=dict(self.env, AWS_ACCESS_KEY_ID="AKIANOBODY"))
        self.fails(1, ["s3", "ls"], "SignatureDoesNotMatch", env=dict(self.env, AWS_SECRET_ACCESS_KEY="wrong"))
        nothing = {k: v for k, v in self.env.items() if not k.startswith("AWS_")}
        self.fails(1, ["s3", "ls"], "AWS_ACCESS_KEY_ID", "neuralake s3 env", env=nothing)
        self.fails(1, ["s3", "ls"], "127.0.0.1:1", "neuralake s3 serve", env=dict(self.env, AWS_ENDPOINT_URL="http://127.0.0.1:1"))
        self.fails(1, ["s3", "ls", "--endpoint-url", "http://127.0.0.1:1"], "127.0.0.1:1")
        self.fails(1, ["s3", "ls", "--endpoint-url", "nonsense"], "nonsense")
        self.fails(1, ["s3", "ls", "--profile", "nobody"], "nobody", env=nothing)
        self.assertEqual(self.keys(), [])

    def test_a_download_that_fails_leaves_nothing(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("s3", "cp", "-", "s3://lake/big", data=bytes(300000))
        self.write("old", "before")

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
        for name in ("old", "new"):
            self.fails(1, ["s3", "cp", "s3://lake/big", name], "File too large", preexec_fn=small_files)
        self.assertEqual(self.read("old"), b"before")
        self.assertEqual(sorted(os.listdir(self.folder)), ["old", "root"])
        with open("/dev/full", "wb") as full:
            self.fails(1, ["s3", "cat", "s3://lake/big"], "No space left", stdout=full, stderr=subprocess.PIPE, capture_output=False)
        with open("/dev/full", "wb") as full:
            self.fails(1, ["s3", "ls", "s3://lake"], "No space left", stdout=full, stderr=subprocess.PIPE, capture_output=False)


class Serve(Server):
    def test_a_polite_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):  # SIGHUP reads the keys again
            with self.subTest(signal=number):
                p = self.serve("--root", f"root{number}")
                self.listening(p)
                self.interrupt(p, number, code=0)
                self.fails(1, ["s3", "env", "--root", f"root{number}"], "no S3 server runs", "neuralake s3 serve")

    def test_one_server_a_root_and_a_port(self):
        r = self.fails(1, ["s3", "serve", "--root", "root", "--listen", "127.0.0.1:0"], "root")
        self.assertEqual(r.stdout, b"")
        self.fails(1, ["s3", "serve", "--root", "other", "--listen", f"127.0.0.1:{self.port}"], f"127.0.0.1:{self.port}", "in use")
        self.fails(1, ["s3", "serve", "--root", "other", "--listen", "192.0.2.1:0"], "192.0.2.1")
        self.write("plain file", "")
        self.fails(1, ["s3", "serve", "--root", "plain file", "--listen", "127.0.0.1:0"], "plain file")

    def test_a_killed_server_frees_its_root(self):
        self.server.kill()
        self.server.wait()
        self.fails(1, ["s3", "env", "--root", "root"], "no S3 server runs")
        self.listening(self.serve("--root", "root"))
        self.use("root")
        self.ok("s3", "ls")

    def test_the_pair_of_a_root_is_its_own_and_stays(self):
        pair = self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]
        name = self.path("root/.neuralake/credentials.yaml")
        self.assertEqual(os.stat(name).st_mode & 0o777, 0o600)
        self.interrupt(self.server, signal.SIGTERM, code=0)
        self.listening(self.serve("--root", "root"))
        self.use("root")
        self.assertEqual((self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]), pair)
        self.listening(self.serve("--root", "other"))
        self.use("other")
        self.assertNotEqual((self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]), pair)

    def test_env_is_for_eval(self):
        secret = "it's$HOME`x`\"q\"\\;end!"
        self.write("keys.yaml", "- access_key: SOMEBODYELSE1234\n  secret_key: " + json.dumps(secret) + "\n  name: me\n")
        os.chmod(self.path("keys.yaml"), 0o600)
        self.listening(self.serve("--root", "the 'other' root", "--credentials", "keys.yaml"))
        r = subprocess.run(["sh", "-c", 'eval "$("$0" s3 env --root "$1")"; printf "%s|%s|%s" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_PROFILE"; "$0" s3 mb s3://lake',
                            PROGRAM, "the 'other' root"], capture_output=True, text=True, cwd=self.folder, env=dict(self.env, AWS_PROFILE="nobody"), check=True)
        self.assertEqual(r.stdout, f"SOMEBODYELSE1234|{secret}|made s3://lake\n")

    def test_bad_credentials_files(self):
        for why, text, wanted in (("a wrong key", "- access_kee: A\n  secret_key: B\n", "1:3"), ("not a list", "access_key: A\n", "keys.yaml"),
                                  ("no secret", "- access_key: ABCDEFGH\n", "secret_key"), ("empty", "", "keys.yaml"), ("not YAML", "- [", "keys.yaml"),
                                  ("one key twice", "- {access_key: ABCDEFGH, secret_key: abcdefgh}\n" * 2, "ABCDEFGH")):
            with self.subTest(why=why):
                self.write("keys.yaml", text)
                os.chmod(self.path("keys.yaml"), 0o600)
                r = self.fails(1, ["s3", "serve", "--root", "other", "--listen", "127.0.0.1:0", "--credentials", "keys.yaml"], wanted)
                self.assertNotIn(b"abcdefgh", r.stderr)
        self.fails(1, ["s3", "serve", "--root", "other", "--listen", "127.0.0.1:0", "--credentials", "none.yaml"], "none.yaml", "No such file")

    def status(self, host, port=None):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        c.request("GET", "/", headers={"Host": host})
        r = c.getresponse()
        body = r.read()
        c.close()
        return r.status, body

    def test_an_unknown_host_is_refused(self):
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"):
            self.assertEqual(self.status(host)[0], 403)
            self.assertIn(b"--host-name", self.status(host)[1], host)
        for host in (f"127.0.0.1:{self.port}", "localhost", "localhost:1"):  # known, and only not signed
            self.assertNotIn(b"--host-name", self.status(host)[1], host)
            self.assertIn(b"AccessDenied", self.status(host)[1])
        port = self.listening(self.serve("--root", "other", "--host-name", "lake.example", "--host-name", "b.example"))
        for host in ("lake.example", "b.example:7"):
            self.assertNotIn(b"--host-name", self.status(host, port)[1])


class Hanging(http.server.BaseHTTPRequestHandler):
    """An S3 of which nothing comes but half an object."""
    SIZE = 64 << 20

    def do_GET(self):
        self.server.asked.set()
        if self.path.startswith("/lake/big"):
            first, last = re.match(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "bytes=0-")).groups()
            if not first:
                first, last = self.SIZE - int(last), self.SIZE - 1
            first, last = int(first), int(last or self.SIZE - 1)
            self.send_response(206)
            self.send_header("ETag", '"x"')
            self.send_header("Content-Range", f"bytes {first}-{last}/{self.SIZE}")
            self.send_header("Content-Length", str(last + 1 - first))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(bytes((last + 1 - first) // 2))
                self.server.sent.set()
        self.server.release.wait()

    do_PUT = do_HEAD = do_POST = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class Interrupted(Server):
    def setUp(self):
        super().setUp()
        self.ok("s3", "mb", "s3://lake")

    def hanging(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hanging)
        server.daemon_threads, server.block_on_close = True, False
        server.asked, server.sent, server.release = threading.Event(), threading.Event(), threading.Event()
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.release.set)
        self.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_address[1]}"
        return server

    @staticmethod
    def blocks_interrupts(p):
        with open(f"/proc/{p.pid}/status") as f:
            return int(re.search(r"SigBlk:\s*(\w+)", f.read()).group(1), 16) & 2

    def test_while_waiting_for_input(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for amount in (0, 1000, 20 << 20):
                with self.subTest(signal=number, amount=amount):
                    p = self.start("s3", "cp", "-", "s3://lake/x", stdin=subprocess.PIPE)
                    p.stdin.write(bytes(amount))
                    p.stdin.flush()
                    wait_for("signals are waited for", lambda: self.blocks_interrupts(p))
                    p.send_signal(number)
                    self.assertEqual(p.wait(LIMIT), 130)
                    self.check_error(130, p.stderr.read(), "cp -")
                    with contextlib.suppress(BrokenPipeError):
                        p.stdin.close()
                    self.assertEqual(self.keys(), [])
                    wait_for("the upload is gone", lambda: files_below(self.path("root")) == [])

    def test_generate(self):
        os.mkdir(self.path("out"))
        p = self.start("generate", "parts", "--rows", "4000000000", "--out", "out/x.parquet")
        wait_for("something is written", lambda: any(os.path.getsize(self.path(f"out/{n}")) for n in os.listdir(self.path("out"))))
        self.interrupt(p)
        self.assertEqual(os.listdir(self.path("out")), [])
        p = self.start("generate", "parts", "--rows", "4000000000", "--out", "s3://lake/x.parquet")
        wait_for("something is uploaded", lambda: files_below(self.path("root")))
        self.interrupt(p)
        self.assertEqual(self.keys(), [])
        wait_for("the upload is gone", lambda: files_below(self.path("root")) == [])

    def test_a_download_that_hangs(self):
        server = self.hanging()
        os.mkdir(self.path("out"))
        p = self.start("s3", "cp", "s3://lake/big", "out/big")
        wait_for("half of it", server.sent.is_set)
        self.assertNotIn("big", os.listdir(self.path("out")))
        self.interrupt(p)
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_requests_that_hang(self):
        for words in (["s3", "ls"], ["s3", "ls", "s3://lake"], ["s3", "mb", "s3://lake2"], ["s3", "rm", "s3://lake/x"], ["s3", "cat", "s3://lake/x"],
                      ["s3", "cp", "s3://lake/x", "s3://lake/y"], ["parquet", "head", "s3://lake/x"], ["generate", "parts", "--out", "s3://lake/x"]):
            with self.subTest(words=words):
                server = self.hanging()
                p = self.start(*words)
                wait_for("the request", server.asked.is_set)
                self.interrupt(p)

    def test_twice_ends_at_once(self):
        server = self.hanging()
        p = self.start("s3", "cp", "-", "s3://lake/x")
        wait_for("the request", server.asked.is_set)
        while p.poll() is None:
            p.send_signal(signal.SIGINT)
            time.sleep(0.01)
        self.assertEqual(p.wait(), 130)

    def test_while_the_catalog_is_compiled(self):
        self.write("cc", "#!/bin/sh\ncase \"$*\" in *t.c*) touch started; while [ ! -e go ]; do sleep 0.05; done;; esac\nexec cc \"$@\"\n")
        os.chmod(self.path("cc"), 0o755)
        self.write("t.c", C_CATALOG)
        p = self.start("tables", "-c", "t.c", env=dict(self.env, CC=self.path("cc")))
        wait_for("the compiler", lambda: p.poll() is not None or os.path.exists(self.path("started")))
        p.send_signal(signal.SIGINT)
        self.write("go", "")
        out, errors = p.communicate(timeout=LIMIT)
        self.assertEqual((p.returncode, out), (130, b""), errors)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
