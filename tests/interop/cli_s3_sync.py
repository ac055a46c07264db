#!/usr/bin/env python3
"""`neuralake s3 sync`, `mv` and what looks at objects, as a person types them; the same actions as aws-cli.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import LIMIT, PROGRAM, Server, files_below  # pylint: disable=wrong-import-position


class Sync(Server):
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
        self.assertEqual(self.ok("s3", "rm", "-r", "--dryrun", "--exclude", "*", "--include", "moved/*", "s3://lake").count("(dryrun) delete: "), 2)
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
            for more in filters if words[1:] == ["up", "s3://lake"] else filters[5:6]:
                with self.subTest(words=words, more=more):
                    theirs = subprocess.run([aws, "--endpoint-url", self.env["AWS_ENDPOINT_URL"], "s3", *words, *more, "--dryrun"], cwd=self.folder, env=env,
                                            capture_output=True, text=True, timeout=LIMIT, check=True).stdout
                    ours = self.ok("s3", *words, *more, "--dryrun")
                    self.assertEqual(sorted(ours.splitlines()), sorted(line.replace("./", "") for line in theirs.splitlines()))

    def everything(self, bucket):
        """What lies in the bucket: key, size, type."""
        found = {}
        for line in self.ok("s3", "ls", "-f", "json", "--recursive", f"s3://{bucket}").splitlines():
            entry = json.loads(line)
            link = self.ok("s3", "presign", "--method", "HEAD", entry["uri"]).strip()
            headers = urllib.request.urlopen(urllib.request.Request(link, method="HEAD"), timeout=LIMIT).headers
            found[entry["uri"].split("/", 3)[3]] = (entry["size"], headers["content-type"], headers["cache-control"], headers["x-amz-meta-by"])
        return found

    def test_the_same_results_as_aws(self):
        aws = shutil.which("aws")
        if not aws:
            self.skipTest("no aws")
        env = dict(self.env, AWS_DEFAULT_REGION="us-east-1", PATH=os.environ["PATH"])
        for who in ("ours", "aws-s"):
            self.ok("s3", "mb", f"s3://{who}")
            self.tree(f"{who}/up")
            self.write(f"{who}/up/page.html", "<p>")
        for words in (["cp", "up/page.html", "s3://B"], ["cp", "up/one", "s3://B/renamed.json", "--content-type", "text/x", "--cache-control", "no-cache"],
                      ["cp", "up", "s3://B/all", "--recursive", "--exclude", "*", "--include", "sub/*", "--exclude", "*.log", "--metadata", "by=me"],
                      ["cp", "s3://B/all/sub/three.txt", "s3://B/three"], ["cp", "s3://B/page.html", "down.html"], ["cp", "s3://B/all/", "down", "--recursive"],
                      ["mv", "s3://B/three", "s3://B/moved/"], ["mv", "up/.hidden", "s3://B/hidden.txt"], ["sync", "up", "s3://B/s", "--exclude", "page*"],
                      ["sync", "s3://B/s", "down", "--delete"], ["rm", "s3://B/s", "--recursive", "--include", "*", "--exclude", "*.txt"], ["rm", "s3://B/nothing"],
                      ["ls", "s3://B/nothing"], ["cp", "s3://B/nothing", "x"], ["ls", "--recursive", "--human-readable", "--summarize", "s3://B/s"]):
            with self.subTest(words=words):
                out = []
                for who, program in (("ours", [PROGRAM]), ("aws-s", [aws, "--endpoint-url", self.env["AWS_ENDPOINT_URL"]])):
                    r = subprocess.run([*program, "s3", *(w.replace("s3://B", f"s3://{who}") for w in words)], cwd=self.path(who), env=env, capture_output=True,
                                       text=True, timeout=LIMIT, check=False)
                    lines = [line.rsplit("\r", 1)[-1].strip().replace(who, "B").replace("./", "")
                             for line in r.stdout.split("\n") if not line.startswith("Completed ")]
                    out.append((r.returncode, sorted(line[20 * (words[0] == "ls" and line[:2] == "20"):] for line in lines if line)))
                self.assertEqual(*out)
                self.assertEqual(self.below("ours"), self.below("aws-s"))
        self.assertEqual({k: (v[0], v[1].replace("application/", "binary/") if v[1].endswith("octet-stream") else v[1], *v[2:])
                          for k, v in self.everything("ours").items()}, self.everything("aws-s"))

    def test_killed_and_begun_again(self):
        self.ok("s3", "mb", "s3://lake")
        for i in range(60):
            self.write(f"up/{i}", os.urandom(200000))
        for source, target, look in (("up", "s3://lake", self.keys), ("s3://lake", "down", lambda: files_below(self.path("down")))):
            whole = 0
            for _ in range(3):
                p = self.start("s3", "sync", source, target)
                p.stdout.readline()
                p.kill()
                p.wait()
                there = [n for n in look() if ".nl-tmp-" not in n]
                self.assertGreaterEqual(len(there), max(whole, 1))
                whole = len(there)
                for n in there[:5]:  # what is there is whole
                    have = self.read(f"down/{n}") if target == "down" else self.run_raw("s3", "cat", f"s3://lake/{n}").stdout
                    self.assertEqual(have, self.read(f"up/{n}"))
            self.ok("s3", "sync", source, target)
            self.assertEqual(self.ok("s3", "sync", source, target), "")
        for name in files_below(self.path("down")):
            if ".nl-tmp-" not in name:
                self.assertEqual(self.read(f"down/{name}"), self.read(f"up/{name}"))
        self.assertEqual(len([n for n in os.listdir(self.path("down")) if ".nl-tmp-" not in n]), 60)

    def test_a_sick_way(self):
        """The whole program through a relay that strikes some of its requests, each in its way."""
        self.ok("s3", "mb", "s3://lake")
        self.tree("up")
        self.write("up/big", os.urandom(18 << 20))
        tree = self.below("up")
        direct = self.env["AWS_ENDPOINT_URL"]
        for fault in ("503@2-4", "reset@4-5", "refuse@1-2", "cut@3=300"):
            with self.subTest(fault=fault):
                self.env["AWS_ENDPOINT_URL"] = direct
                self.ok("s3", "rm", "-q", "-r", "s3://lake")
                shutil.rmtree(self.path("down"), ignore_errors=True)
                for words in (["sync", "up", "s3://lake/a"], ["mv", "-r", "s3://lake/a", "s3://lake/b"], ["sync", "s3://lake/b", "down"], ["rm", "-r", "s3://lake/b"]):
                    relay = self.relay("--fault", fault)
                    self.ok("s3", *words)
                    self.end(relay)
                self.assertEqual(self.below("down"), tree)
                self.env["AWS_ENDPOINT_URL"] = direct
                self.assertEqual(self.keys(), [])
        # What stays is told, once, and what was done before stays.
        relay = self.relay("--fault", "503@3-")
        r = self.fails(1, ["s3", "sync", "up", "s3://lake/c"], "s3://lake/c", "SlowDown", "attempts")
        self.end(relay)
        self.env["AWS_ENDPOINT_URL"] = direct
        done = r.stdout.decode().count("upload: ")
        self.ok("s3", "sync", "up", "s3://lake/c")
        self.assertGreaterEqual(len(self.keys()), done)
        self.assertEqual(len(self.keys()), len(tree))


if __name__ == "__main__":
    unittest.main()
