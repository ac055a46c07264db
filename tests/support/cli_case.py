"""cli_case.py: for tests of the program as a person types it: a folder, an environment without settings, and the program; a
server of its own.

Every error is one line on standard error that begins with the command; 0 done, 1 an error, 2 wrong usage, 130 interrupted.
"""
import contextlib
import os
import signal
import subprocess
import tempfile
import time
import unittest

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

    def relay(self, *words):
        """Go through bench/relay from here on, with its delays and faults."""
        program = os.path.join(os.path.dirname(PROGRAM), "bench", "relay")
        p = subprocess.Popen([program, "--to", f"127.0.0.1:{self.port}", *words], stdout=subprocess.PIPE)
        self.addCleanup(self.end, p)
        self.env["AWS_ENDPOINT_URL"] = "http://" + p.stdout.readline().decode().split()[-1]
        return p
