"""make large: Parquet files at the ends of what the format allows, made on the fly; minutes, 6 GB of disk, 8 GB of memory.

Files are put together from bytes, where no writer would make them in reasonable time, and read, checked and written anew by
the program. What it may hold at its peak is part of each test.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import unit  # noqa: E402

PROGRAM = os.environ.get("NEURALAKE", "build/neuralake")
SCRATCH = tempfile.TemporaryDirectory(prefix="neuralake-large-")
MIB = 1 << 20
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
INT32, BYTE_ARRAY = 1, 6


# ── Thrift's compact protocol, as far as it is needed ──

def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def number(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def text(data):
    return varint(len(data)) + data


def items(kind, n, data):
    return (bytes([n << 4 | kind]) if n < 15 else bytes([0xF0 | kind]) + varint(n)) + data


def fields(*parts):
    """(id, type, bytes)… in the order of ids, as a struct."""
    out, last = bytearray(), 0
    for i, kind, data in parts:
        out += bytes([(i - last) << 4 | kind]) + data
        last = i
    return bytes(out + b"\0")


def page(body, values):
    v1 = fields((1, I32, number(values)), (2, I32, number(0)), (3, I32, number(3)), (4, I32, number(3)))
    size = number(len(body))
    return fields((1, I32, number(0)), (2, I32, size), (3, I32, size), (5, STRUCT, v1)) + body


def chunk(kind, values, size, offset=4):
    meta = fields((1, I32, number(kind)), (2, LIST, items(I32, 1, number(0))), (3, LIST, items(BINARY, 1, text(b"c"))),
                  (4, I32, number(0)), (5, I64, number(values)), (6, I64, number(size)), (7, I64, number(size)),
                  (9, I64, number(offset)))
    return fields((2, I64, number(0)), (3, STRUCT, meta))


def group(chunks, n, rows, size):
    return fields((1, LIST, items(STRUCT, n, chunks)), (2, I64, number(size)), (3, I64, number(rows)))


def element(name, kind):
    return fields((1, I32, number(kind)), (3, I32, number(0)), (4, BINARY, text(name)))


def footer(elements, n, groups, n_groups, rows, extra=()):
    root = fields((4, BINARY, text(b"root")), (5, I32, number(n)))
    data = fields((1, I32, number(1)), (2, LIST, items(STRUCT, n + 1, root + elements)), (3, I64, number(rows)),
                  (4, LIST, items(STRUCT, n_groups, groups)), *extra)
    return data + struct.pack("<I", len(data)) + b"PAR1"


def path(name):
    return os.path.join(SCRATCH.name, name)


def make(name, *parts):
    """Each part is bytes, or bytes and how many times."""
    with open(path(name), "wb") as f:
        for part in parts:
            data, times = part if isinstance(part, tuple) else (part, 1)
            for _ in range(times):
                f.write(data)
    return path(name)


class Large(unittest.TestCase):
    def tearDown(self):
        for name in os.listdir(SCRATCH.name):
            os.unlink(path(name))

    def run_program(self, *words, mib):
        """The output; at its peak it held less than mib. A small program starts it: a child begins with its parent's peak."""
        script = ("import os,sys\np=os.spawnv(os.P_NOWAIT,sys.argv[1],sys.argv[1:])\n_,s,u=os.wait4(p,0)\n"
                  "print(s,u.ru_maxrss,file=sys.stderr)")
        done = subprocess.run([sys.executable, "-S", "-c", script, PROGRAM, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        status, kib = done.stderr.split()[-2:]
        self.assertEqual(status, "0", done.stderr)
        print(f"    {words[1]}: {int(kib) // 1024} MiB")
        self.assertLess(int(kib) / 1024, mib)
        return done.stdout

    def rows(self, *words, mib):
        return [json.loads(line) for line in
                self.run_program("parquet", "cat", "--format", "ndjson", *words, mib=mib).splitlines()]

    def count(self, file, rows, mib):
        self.assertIn(f"{rows}", self.run_program("query", "--format", "csv", f"SELECT count(*) FROM '{file}'", mib=mib))

    INTS = page(struct.pack("<3i", 1, 2, 3), 3)

    def test_a_footer_of_300_megabytes_of_key_values(self):
        pair = fields((1, BINARY, text(b"key")), (2, BINARY, text(b"v" * MIB)))
        end = footer(element(b"c", INT32), 1, group(chunk(INT32, 3, len(self.INTS)), 1, 3, 1), 1, 3,
                     [(5, LIST, items(STRUCT, 300, pair * 300))])
        file = make("keys.parquet", b"PAR1", self.INTS, end)
        self.assertEqual(self.rows(file, mib=700), [{"c": 1}, {"c": 2}, {"c": 3}])

    def test_50_000_columns_in_250_row_groups(self):
        n, groups = 50_000, 250
        elements = b"".join(element(b"column%d" % i, INT32) for i in range(n))
        one = group(chunk(INT32, 3, len(self.INTS)) * n, n, 3, 1)
        file = make("wide.parquet", b"PAR1", self.INTS, footer(elements, n, one * groups, groups, 3 * groups))
        self.assertGreater(os.path.getsize(file), 250 * MIB)
        rows = self.rows("--columns", "column7,column49999,column0", file, mib=1000)
        self.assertEqual(rows, [{"column7": v, "column49999": v, "column0": v} for v in (1, 2, 3)] * groups)

    def test_three_gigabytes_of_strings_in_one_chunk(self):
        """Pages of 1 MiB, one string each."""
        n = 3000
        head = page(struct.pack("<I", MIB) + b"x" * MIB, 1)
        size = len(head) * n
        end = footer(element(b"c", BYTE_ARRAY), 1, group(chunk(BYTE_ARRAY, n, size), 1, n, size), 1, n)
        file = make("strings.parquet", b"PAR1", (head, n), end)
        self.run_program("parquet", "cat", "--format", "null", file, mib=7000)
        last = self.rows("--rows", f"{n - 1}:{n}", file, mib=7000)
        self.assertEqual(len(last), 1)
        self.run_program("parquet", "check", file, mib=7000)

    def test_100_000_pages_in_a_chunk(self):
        n = 100_000
        size = len(self.INTS) * n
        end = footer(element(b"c", INT32), 1, group(chunk(INT32, 3 * n, size), 1, 3 * n, size), 1, 3 * n)
        file, again = make("pages.parquet", b"PAR1", (self.INTS, n), end), path("pages_again.parquet")
        self.run_program("parquet", "check", file, mib=200)
        # and as ours writes them, with an index of 100,000 pages
        self.run_program("parquet", "rewrite", "--page-rows", "3", file, again, mib=500)
        self.run_program("parquet", "check", again, mib=500)
        self.assertEqual(self.rows("--rows", "299998:300000", again, mib=200), [{"c": 2}, {"c": 3}])

    def test_70_000_row_groups(self):
        """Their ordinals have 16 bits."""
        n = 70_000
        one = group(chunk(INT32, 3, len(self.INTS)), 1, 3, 1)
        file = make("groups.parquet", b"PAR1", self.INTS, footer(element(b"c", INT32), 1, one * n, n, 0))
        again, few = path("groups_again.parquet"), path("few.parquet")
        self.count(file, 3 * n, mib=1000)
        self.assertEqual(self.rows("--rows", f"{3 * n - 2}:{3 * n}", file, mib=200), [{"c": 2}, {"c": 3}])
        self.run_program("parquet", "rewrite", file, few, mib=500)
        self.run_program("parquet", "rewrite", "--row-group-rows", "5", few, again, mib=500)
        self.run_program("parquet", "check", again, mib=500)
        self.count(again, 3 * n, mib=1000)

    def test_a_row_of_100_megabytes(self):
        size = 100 * MIB
        body = page(struct.pack("<I", size) + b"y" * size, 1)
        end = footer(element(b"c", BYTE_ARRAY), 1, group(chunk(BYTE_ARRAY, 1, len(body)), 1, 1, size), 1, 1)
        file, again = make("row.parquet", b"PAR1", body, end), path("row_again.parquet")
        self.run_program("parquet", "rewrite", "--codec", "zstd", file, again, mib=1200)
        self.assertLess(os.path.getsize(again), MIB)
        self.run_program("parquet", "check", again, mib=600)
        self.assertIn(str(size), self.run_program("query", "--format", "csv",
                                                  f"SELECT octet_length(c) FROM '{again}'", mib=1200))

    def test_a_list_of_10_million_elements(self):
        file, again = path("list.parquet"), path("list_again.parquet")
        self.run_program("query", f"COPY (SELECT i, range(10000000) AS l FROM range(3) t(i)) TO '{file}' (FORMAT parquet)",
                         mib=4000)
        self.run_program("parquet", "rewrite", file, again, mib=2500)
        self.run_program("parquet", "check", again, mib=1000)
        out = self.run_program("query", "--format", "csv", f"SELECT sum(len(l)), sum(list_sum(l)) FROM '{again}'", mib=4000)
        self.assertIn("30000000,149999985000000", out)


unit.main()
