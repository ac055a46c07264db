#!/usr/bin/env python3
"""`neuralake s3 serve` and `s3 env`, as a person types them: one server a root and a port, its keys, its end.
"""
import http.client
import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import PROGRAM, Server  # pylint: disable=wrong-import-position


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
        self.assertEqual(r.stdout, f"SOMEBODYELSE1234|{secret}|make_bucket: lake\n")

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


if __name__ == "__main__":
    unittest.main()
