#!/usr/bin/env python3
"""Ctrl-C at every place: while input is waited for, at half a download, at requests that hang: 130, and nothing is left.
"""
import contextlib
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import C_CATALOG, LIMIT, Server, files_below, wait_for  # pylint: disable=wrong-import-position


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
    unittest.main()
