"""make large: a thousand, a hundred thousand and a million objects in one bucket of the S3 server; a minute, 5 GB of disk.

What a page of a listing costs at each size, in one folder and in many, from the first to the last and at places taken at
random; how long the server takes to start, with an index from an earlier run and without; and what memory it holds. Times
are printed, never asserted.
"""
import http.client
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import unit  # noqa: E402

PROGRAM = os.environ.get("NEURALAKE", "build/neuralake")
SCRATCH = tempfile.TemporaryDirectory(prefix="neuralake-objects-")
ROOT = os.path.join(SCRATCH.name, "root")
SIZES = [1000, 100_000, 1_000_000]
PAGES = 100          # that are timed of a long listing
PRIVATE_MIB = 32     # what the server may hold for itself, whatever the size


def name(i):
    """Distinct, in an order that has nothing to do with i."""
    return "part-%08x.parquet" % (i * 2654435761 & 0xFFFFFFFF)


def make(bucket, n, per_folder=0):
    """Empty files, put there by hand: a listing pays for them as for any object."""
    folder = os.path.join(ROOT, bucket)
    os.makedirs(folder)
    at = None
    for i in range(n):
        where = os.path.join(folder, "%06d" % (i // per_folder)) if per_folder else folder
        if where != at:
            os.makedirs(where, exist_ok=True)
            here, at = os.open(where, os.O_RDONLY), where
        os.close(os.open(name(i), os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=here))


class Server:
    """One bucket that anybody may read, so that requests need no signature."""

    def __init__(self, bucket):
        keys = os.path.join(SCRATCH.name, "keys.yaml")
        with open(keys, "w", encoding="utf-8") as f:
            f.write(f"- access_key: some-key\n  secret_key: some-secret\n  name: a\n- anonymous: read-only\n  buckets: [{bucket}]\n")
        started = time.perf_counter()
        self.process = subprocess.Popen([PROGRAM, "s3", "serve", "--root", ROOT, "--listen", "127.0.0.1:0", "--credentials",
                                         keys], stdout=subprocess.PIPE, text=True)
        port = int(re.search(r":(\d+)", self.process.stdout.readline().split("//")[1]).group(1))
        self.start_ms = (time.perf_counter() - started) * 1e3
        self.bucket = bucket
        self.http = http.client.HTTPConnection("127.0.0.1", port)

    def page(self, **query):
        """(milliseconds, keys and common prefixes, token of the next page)"""
        begun = time.perf_counter()
        self.http.request("GET", f"/{self.bucket}?list-type=2&" + urllib.parse.urlencode(query))
        answer = self.http.getresponse()
        body = answer.read().decode()
        ms = (time.perf_counter() - begun) * 1e3
        if answer.status != 200:
            raise AssertionError(body)
        token = re.search("<NextContinuationToken>(.*?)<", body)
        return ms, re.findall("<(?:Key|Prefix)>([^<]+)<", body), token and {"continuation-token": token.group(1)}

    def cpu_ms(self):
        """Processor time so far: unlike the clock, it hardly knows what else the machine does."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as f:
            user, system = f.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) * 1e3 / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Private and file-backed memory, MiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            status = f.read()
        return [int(re.search(k + r":\s+(\d+)", status).group(1)) / 1024 for k in ("RssAnon", "RssFile")]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def percentiles(times):
    times = sorted(times)
    return "%6.1f ms median, %6.1f ms at most" % (times[len(times) // 2], times[-1])


class Objects(unittest.TestCase):
    def list_all(self, server, n, what):
        """All pages: every key once and in order."""
        times, last, seen, query, cpu = [], "", 0, {}, 0
        while query is not None:
            ms, keys, query = server.page(**query)
            times.append(ms)
            cpu = cpu or server.cpu_ms()
            for key in keys:
                self.assertGreater(key, last)
                last = key
            seen += len(keys)
        self.assertEqual(seen, n)
        print(f"  {what}: first page {times[0]:6.1f} ms, then {percentiles(times[1:] or times)} ({len(times)} pages)")
        if len(times) > 1:
            print(f"       processor: {cpu:.0f} ms to the end of the first page, "
                  f"then {(server.cpu_ms() - cpu) / (len(times) - 1):.2f} ms a page")

    def check_memory(self, server):
        private, files = server.memory()
        print(f"  memory: {private:.1f} MiB private, {files:.1f} MiB of files")
        self.assertLess(private, PRIVATE_MIB)

    def look(self, bucket, n):
        for what in ("first run", "next run"):
            server = Server(bucket)
            try:
                print(f"{bucket}, {what}: started in {server.start_ms:.1f} ms")
                self.list_all(server, n, "all")
                rng = random.Random(1)
                print("  anywhere:", percentiles([server.page(**{"start-after": name(rng.randrange(n))})[0]
                                                  for _ in range(PAGES)]))
                print("  one prefix above all: %.1f ms" % server.page(delimiter="-")[0])
                self.check_memory(server)
            finally:
                server.stop()

    def test_one_folder(self):
        for n in SIZES:
            with self.subTest(n=n):
                make(f"flat-{n}", n)
                self.look(f"flat-{n}", n)

    def test_many_folders(self):
        n, per_folder = SIZES[-1], SIZES[-1] // 10000
        make("folders", n, per_folder)
        server = Server("folders")
        try:
            print(f"{n // per_folder} folders of {per_folder}: started in {server.start_ms:.1f} ms")
            self.list_all(server, n, "all")
            _, prefixes, _ = server.page(delimiter="/")
            self.assertEqual(len(prefixes), 1000)
            print("  folders as prefixes: %.1f ms a page" % server.page(delimiter="/", **{"start-after": "005000/"})[0])
            self.check_memory(server)
        finally:
            server.stop()


if __name__ == "__main__":
    unit.main()
