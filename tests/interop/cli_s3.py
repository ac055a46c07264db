#!/usr/bin/env python3
"""`neuralake s3 cp`, `cat`, `ls`, `rm`, `mb`, as a person types them: every key, folders, large objects, errors.
"""
import contextlib
import fcntl
import json
import os
import pty
import resource
import struct
import subprocess
import sys
import termios
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import LIMIT, Server, files_below  # pylint: disable=wrong-import-position


class S3(Server):
    KEYS = ["plain", "with space", "ünï/çødé 漢字.txt", "100%", "%41", "a+b&c=d?e#f", "a//b", ".", "..", "x/../y", "q'\"`$(x)", "a", "a/b", "-",
            "~*[x]!", "back\\slash", "/leading", "tab\tinside", "k" * 300, "l/" * 400 + "x", "{}<>|^", ".neuralake/x", "👍🏽"]

    def test_every_key_round_trips(self):
        self.assertEqual(self.ok("s3", "mb", "s3://lake"), "make_bucket: lake\n")
        self.assertEqual(self.ok("s3", "mb", "s3://lake/"), "s3://lake exists already\n")
        self.assertRegex(self.ok("s3", "ls"), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d lake\n$")
        for key in self.KEYS:
            with self.subTest(key=key):
                body = b"" if key == "plain" else f"body of {key}\n\0\xff".encode() * 3
                self.assertEqual(self.ok("s3", "cp", "-", f"s3://lake/{key}", data=body), f"upload: - to s3://lake/{key}\n")
                self.assertEqual(self.run_raw("s3", "cat", f"s3://lake/{key}").stdout, body)
                self.assertEqual(self.run_raw("s3", "cp", f"s3://lake/{key}", "-").stdout, body)
                self.assertEqual(self.ok("s3", "cp", "-q", f"s3://lake/{key}", "local file"), "")
                self.assertEqual(self.read("local file"), body)
                self.assertEqual(self.ok("s3", "cp", "--quiet", "local file", f"s3://lake/{key}"), "")
                self.assertEqual(self.ok("s3", "cp", f"s3://lake/{key}", "s3://lake/copy of it"), f"copy: s3://lake/{key} to s3://lake/copy of it\n")
                self.assertEqual(self.run_raw("s3", "cat", "s3://lake/copy of it").stdout, body)
        self.ok("s3", "rm", "s3://lake/copy of it")
        self.assertEqual(self.keys(), sorted(self.KEYS, key=str.encode))
        for key in self.KEYS:
            self.assertEqual(self.ok("s3", "rm", f"s3://lake/{key}"), f"delete: s3://lake/{key}\n")
        self.assertEqual(self.keys(), [])
        self.assertEqual(files_below(self.path("root")), [])

    def test_folders(self):
        self.ok("s3", "mb", "s3://lake")
        tree = {"one": b"1", "sub/two words": b"", "sub/deep/ü": b"333", "sub.txt": b"4"}
        for name, body in tree.items():
            self.write(f"up/{name}", body)
        out = self.ok("s3", "cp", "--recursive", "up", "s3://lake/data")
        self.assertEqual(out.count("upload: up/"), 4)
        self.assertEqual(self.keys(), sorted((f"data/{n}" for n in tree), key=str.encode))
        self.assertEqual(self.ok("s3", "cp", "-r", "s3://lake/data/", "down").count("download: "), 4)
        self.assertEqual({n: self.read(f"down/{n}") for n in files_below(self.path("down"))}, tree)
        self.ok("s3", "cp", "-r", "s3://lake/data/sub/", "s3://lake/again")
        self.assertIn("again/deep/ü", self.keys())
        lines = self.ok("s3", "ls", "--summarize", "s3://lake/data/").split("\n")
        self.assertEqual([line[31:] for line in lines[:3]], ["one", "sub.txt", "sub/"])
        self.assertIn("PRE", lines[2])
        self.assertEqual(lines[4:6], ["Total Objects: 2", "   Total Size: 2"])
        # A target that is a folder, a bucket, or ends in "/" keeps the name.
        os.mkdir(self.path("dir"))
        self.ok("s3", "cp", "s3://lake/data/one", "dir")
        self.ok("s3", "cp", "s3://lake/data/one", "new/")
        self.ok("s3", "cp", "up/one", "s3://lake")
        self.ok("s3", "cp", "up/one", "s3://lake/in/")
        self.assertEqual((self.read("dir/one"), self.read("new/one")), (b"1", b"1"))
        self.assertLessEqual({"one", "in/one"}, set(self.keys()))
        self.fails(1, ["s3", "cp", "-", "s3://lake/"], "name the target itself", data=b"x")
        self.assertEqual(self.ok("s3", "rm", "--recursive", "s3://lake/data/sub/").count("delete: "), 2)
        self.assertEqual([k for k in self.keys() if k.startswith("data")], ["data/one", "data/sub.txt"])
        self.assertEqual(self.ok("s3", "rm", "--recursive", "s3://lake/nothing"), "")
        self.fails(1, ["s3", "cp", "-r", "s3://lake/nothing/", "down"], "nothing lies below")
        self.fails(1, ["s3", "cp", "-r", "no folder", "s3://lake"], "no folder")

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

    def json_of(self, *words, **more):
        return [json.loads(line) for line in self.ok("s3", *words, "--format", "json", **more).splitlines()]

    def test_every_command_speaks_json(self):
        self.assertEqual(self.json_of("mb", "s3://lake"), [{"action": "make_bucket", "bucket": "lake", "existed": False}])
        self.assertEqual(self.json_of("mb", "s3://lake"), [{"action": "make_bucket", "bucket": "lake", "existed": True}])
        self.write("up/one.txt", "1")
        self.write("up/sub/two", "22")

        def event(action, source, target=None, size=None, dryrun=False):
            whole = {"action": action, "source": source, "target": target, "size": size, "dryrun": dryrun}
            return {k: v for k, v in whole.items() if v is not None}
        self.assertEqual(self.json_of("cp", "up/one.txt", "s3://lake"), [event("upload", "up/one.txt", "s3://lake/one.txt", 1)])
        self.assertEqual(self.json_of("cp", "-", "s3://lake/in", data=b"xyz"), [event("upload", "-", "s3://lake/in")])
        self.assertEqual(self.json_of("cp", "s3://lake/one.txt", "s3://lake/three"), [event("copy", "s3://lake/one.txt", "s3://lake/three")])
        self.assertEqual(self.json_of("cp", "s3://lake/one.txt", "down"), [event("download", "s3://lake/one.txt", "down", 1)])
        both = self.json_of("cp", "-r", "up", "s3://lake/d", "--dryrun")
        self.assertEqual(sorted(e["target"] for e in both), ["s3://lake/d/one.txt", "s3://lake/d/sub/two"])
        self.assertEqual({(e["action"], e["dryrun"]) for e in both}, {("upload", True)})
        self.assertEqual(self.run_raw("s3", "cp", "--format", "json", "s3://lake/one.txt", "-").stdout, b"1")
        self.assertEqual(self.json_of("mv", "s3://lake/three", "s3://lake/sub/three"), [event("move", "s3://lake/three", "s3://lake/sub/three")])
        buckets, = self.json_of("ls")
        self.assertEqual(buckets["bucket"], "lake")
        self.assertRegex(buckets["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        entries = self.json_of("ls", "--summarize", "s3://lake/")
        self.assertEqual([e.get("uri") or e.get("prefix") for e in entries], ["s3://lake/in", "s3://lake/one.txt", "s3://lake/sub/", None])
        self.assertEqual((entries[0]["size"], entries[1]["etag"], entries[3]), (3, "c4ca4238a0b923820dcc509a6f75849b", {"objects": 2, "bytes": 4}))
        self.assertEqual(self.json_of("stat", "s3://lake/one.txt"), [entries[1]])
        link, = self.json_of("presign", "--expires-in", "60", "s3://lake/in")
        self.assertEqual((link["uri"], link["method"], link["expires_in"]), ("s3://lake/in", "GET", 60))
        self.assertEqual(urllib.request.urlopen(link["url"], timeout=LIMIT).read(), b"xyz")
        self.assertEqual(self.json_of("rm", "s3://lake/in"), [event("delete", "s3://lake/in")])
        last = self.json_of("rb", "--force", "s3://lake")
        self.assertEqual(last[-1], {"action": "remove_bucket", "bucket": "lake"})
        self.assertEqual(sorted(e["source"] for e in last[:-1]), ["s3://lake/one.txt", "s3://lake/sub/three"])

    def test_quiet_is_quiet(self):
        self.ok("s3", "mb", "s3://lake")
        self.write("up/one", "1")
        for flag in ("--quiet", "--only-show-errors", "-q"):
            for words in (["cp", "up/one", "s3://lake"], ["cp", "-r", "up", "s3://lake/d"], ["sync", "up", "s3://lake/s"], ["mv", "s3://lake/one", "s3://lake/two"],
                          ["rm", "s3://lake/two"], ["rm", "-r", "s3://lake/s"], ["cp", "-f", "json", "up/one", "s3://lake/x"]):
                self.assertEqual(self.ok("s3", *words, flag), "", (words, flag))
            self.fails(1, ["s3", "cp", flag, "s3://lake/gone", "x"], "NoSuchKey")
        self.assertIn("upload: up/one", self.ok("s3", "cp", "--no-progress", "up/one", "s3://lake"))

    def test_sizes_for_people(self):
        self.ok("s3", "mb", "s3://lake")
        for name, size in (("a", 0), ("b", 1), ("c", 1023), ("d", 1024), ("e", 1024 * 1024 - 1), ("f", 1536 * 1024)):
            self.ok("s3", "cp", "-q", "-", f"s3://lake/{name}", data=bytes(size))
        lines = self.ok("s3", "ls", "--human-readable", "--summarize", "s3://lake").splitlines()
        self.assertEqual([line[20:30].strip() for line in lines[:6]], ["0 Bytes", "1 Byte", "1023 Bytes", "1.0 KiB", "1.0 MiB", "1.5 MiB"])
        self.assertEqual(lines[7:], ["Total Objects: 6", "   Total Size: 2.5 MiB"])
        self.fails(1, ["s3", "ls", "s3://lake/none"], "no key begins with 's3://lake/none'")
        self.ok("s3", "rm", "-r", "-q", "s3://lake")
        self.assertEqual(self.ok("s3", "ls", "s3://lake"), "")

    def headers(self, key):
        request = urllib.request.Request(self.ok("s3", "presign", "--method", "HEAD", f"s3://lake/{key}").strip(), method="HEAD")
        return {k.lower(): v for k, v in urllib.request.urlopen(request, timeout=LIMIT).headers.items()}

    def test_what_is_kept_with_an_object(self):
        self.ok("s3", "mb", "s3://lake")
        self.write("up/page.html", "<p>")
        self.write("up/big.json.gz", bytes(20 << 20))  # in parts
        said = {"cache-control": "max-age=60", "content-disposition": "inline", "content-encoding": "gzip", "content-language": "de",
                "expires": "Thu, 01 Dec 2039 16:00:00 GMT"}
        words = [w for k, v in said.items() for w in (f"--{k}", v)]
        for command in (["cp", "-r", "up", "s3://lake/cp"], ["sync", "up", "s3://lake/sync"]):
            self.ok("s3", *command, *words, "--metadata", "by=me,of=a=b")
            for name, kind in (("page.html", "text/html"), ("big.json.gz", "application/json")):
                got = self.headers(f"{command[0]}/{name}")
                self.assertEqual({k: got[k] for k in said}, said)
                self.assertEqual((got["content-type"], got["x-amz-meta-by"], got["x-amz-meta-of"]), (kind, "me", "a=b"))
        # A copy keeps them, or gets others, all of them.
        self.ok("s3", "cp", "s3://lake/cp/page.html", "s3://lake/same")
        self.assertEqual(self.headers("same")["x-amz-meta-by"], "me")
        self.ok("s3", "cp", "s3://lake/cp/page.html", "s3://lake/other", "--metadata-directive", "REPLACE", "--metadata", '{"new": "x, y"}')
        got = self.headers("other")
        self.assertEqual((got["content-type"], got["x-amz-meta-new"], got.get("x-amz-meta-by"), got.get("cache-control")), ("text/html", "x, y", None, None))
        # Types.
        self.ok("s3", "cp", "up/page.html", "s3://lake/t1", "--content-type", "text/x-mine")
        self.ok("s3", "cp", "up/page.html", "s3://lake/t2", "--no-guess-mime-type")
        self.ok("s3", "cp", "-", "s3://lake/t3.html", data=b"x")
        self.assertEqual([self.headers(k)["content-type"] for k in ("t1", "t2", "t3.html")], ["text/x-mine", "application/octet-stream", "application/octet-stream"])
        # A local target keeps none of it.
        self.ok("s3", "cp", "s3://lake/t1", "down", "--content-type", "text/x")
        for words, wanted in ((["--acl", "private"], "--acl is not supported"), (["--storage-class", "GLACIER"], "--storage-class is not supported"),
                              (["--metadata", "x"], "neither KEY=VALUE"), (["--metadata", '{"a": 1}'], "a value is no string"), (["--metadata", "{"], "--metadata '{'"),
                              (["--metadata-directive", "REPLACE"], "by what"), (["--metadata-directive", "COPY", "--expires", "x"], "COPY"),
                              (["--recursive"], "'-' holds one object")):
            for source in ("up/page.html", "-") if words != ["--recursive"] else ("-",):
                self.fails(2, ["s3", "cp", source, "s3://lake/x", *words], wanted)
        self.fails(1, ["s3", "cp", "up/page.html", "s3://lake/x", "--metadata", "a=\u00fc"], "s3://lake/x: x-amz-meta-a: the value holds")

    def test_a_file_that_is_fetched_has_its_objects_time(self):
        self.ok("s3", "mb", "s3://lake")
        for size in (0, 10, 20 << 20):
            self.ok("s3", "cp", "-q", "-", "s3://lake/x", data=bytes(size))
            want = json.loads(self.ok("s3", "stat", "-f", "json", "s3://lake/x"))["modified"]
            os.utime(self.write("x", ""), (1e9, 1e9))
            self.ok("s3", "cp", "-q", "s3://lake/x", "x")
            self.assertEqual(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(os.stat(self.path("x")).st_mtime)), want)

    def on_a_terminal(self, *words, columns=100):
        """What the command draws on a terminal of so many columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        p = self.start(*words, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # the other side is closed
            while more := os.read(ours, 4096):
                text += more
        os.close(ours)
        return p.wait(LIMIT), text.decode()

    def test_a_bar_is_drawn_where_it_takes_long(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("s3", "cp", "-q", "-", "s3://lake/slow", data=bytes(9 << 20))
        self.relay("--rate", "12e6")
        for columns, words in ((100, []), (40, []), (100, ["--no-progress"]), (100, ["--quiet"])):
            code, text = self.on_a_terminal("s3", "cp", *words, "s3://lake/slow", "x", columns=columns)
            self.assertEqual(code, 0, text)
            if words:
                self.assertEqual(text, "")
                continue
            self.assertRegex(text, r"\r\x1b\[K +\d+% (\[#+ *\] )?\d+\.?\d* \w+ of \d+\.?\d* \w+ ")
            self.assertEqual("[#" in text, columns == 100, text)
            self.assertTrue(text.endswith("\r\x1b[K"), text)
            self.assertLess(max(len(line) for line in text.split("\r\x1b[K")), columns)


if __name__ == "__main__":
    unittest.main()
