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
from cli_case import LIMIT, Server, files_below  # pylint: disable=wrong-import-position


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
            for more in filters if len(words) == 3 and "lake/sub" not in words[1] else filters[5:6]:
                with self.subTest(words=words, more=more):
                    theirs = subprocess.run([aws, "--endpoint-url", self.env["AWS_ENDPOINT_URL"], "s3", *words, *more, "--dryrun"], cwd=self.folder, env=env,
                                            capture_output=True, text=True, timeout=LIMIT, check=True).stdout
                    ours = self.ok("s3", *words, *more, "--dryrun")
                    self.assertEqual(sorted(ours.splitlines()), sorted(line.replace("./", "") for line in theirs.splitlines()))


if __name__ == "__main__":
    unittest.main()
