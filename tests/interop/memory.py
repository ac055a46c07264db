#!/usr/bin/env python3
"""What the program may hold at its peak: the limits that the documentation states (docs/reference/benchmarks.md).

Sizes are smaller than there where memory does not grow with them: that it does not is what is tested.
"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ["NEURALAKE"]
MIB = 1024 * 1024


def instrumented():
    with open(PROGRAM, "rb") as f:
        text = f.read()
    return b"__asan_init" in text or b"__tsan_init" in text


@unittest.skipIf(instrumented(), "a sanitizer holds memory of its own")
class Memory(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="neuralake-memory-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "NEURALAKE_"))}
        self.env["HOME"] = self.folder

    def peak(self, *words):
        """Run to the end; the most that was resident, in MiB. A small program starts it: a child begins with its parent's peak."""
        script = 'import os,sys\np=os.spawnv(os.P_NOWAIT,sys.argv[1],sys.argv[1:])\n_,s,u=os.wait4(p,0)\nprint(s,u.ru_maxrss,file=sys.stderr)'
        r = subprocess.run([sys.executable, "-S", "-c", script, PROGRAM, *words], env=self.env, cwd=self.folder, timeout=280,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        status, kib = r.stderr.split()[-2:]
        self.assertEqual(status, "0", r.stderr)
        return int(kib) / 1024

    def test_generating_ten_million_rows(self):
        self.assertLess(self.peak("generate", "parts", "--rows", "10000000", "--out", "parts.parquet"), 256)

    def test_copying_up_and_down(self):
        with open(os.path.join(self.folder, "big"), "wb") as f:
            for _ in range(256):
                f.write(os.urandom(MIB))
        server = subprocess.Popen([PROGRAM, "s3", "serve", "--root", "root", "--listen", "127.0.0.1:0"], cwd=self.folder, env=self.env,
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.send_signal, signal.SIGTERM)
        server.stdout.readline()
        said = subprocess.run([PROGRAM, "s3", "env", "--root", "root"], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              check=True).stdout
        for line in said.splitlines():
            if line.startswith("export "):
                name, value = line[7:].split("=", 1)
                self.env[name] = value.strip("'")
        self.peak("s3", "mb", "s3://memory")
        self.assertLess(self.peak("s3", "cp", "big", "s3://memory/big"), 64)
        self.assertLess(self.peak("s3", "cp", "s3://memory/big", "back"), 64)
        with open(f"/proc/{server.pid}/status", encoding="ascii") as f:
            self.assertLess(next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024, 64)
        with open(os.path.join(self.folder, "big"), "rb") as a, open(os.path.join(self.folder, "back"), "rb") as b:
            self.assertEqual(a.read(), b.read())


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
