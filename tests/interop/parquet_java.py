"""parquet-java and ours, each reading what the other wrote: the reader and writer of Spark and Hadoop.

parquet-java's files (v2 pages, DELTA encodings, two-level lists, INT96 …) are rewritten by us; pyarrow must see the same
rows in both. pyarrow's files are rewritten by us in several ways; parquet-java must dump the same stored values of both.
Skipped (77) where Java, Maven, its packages or the Python peers are missing.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import unit  # noqa: E402

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet_java")
PROGRAM = os.environ.get("NEURALAKE", "build/neuralake")
SCRATCH = tempfile.TemporaryDirectory()


def class_path():
    """The jars of pom.xml, fetched by Maven into its own cache; None where that cannot be."""
    if not shutil.which("mvn") or not shutil.which("java"):
        return None
    out = os.path.join(SCRATCH.name, "classpath")
    made = subprocess.run(["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), "dependency:build-classpath",
                           f"-Dmdep.outputFile={out}"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if made.returncode:
        print(made.stdout[-2000:])
        return None
    with open(out) as f:
        return f.read().strip()


CLASS_PATH = class_path()
if not CLASS_PATH:
    print("skipped: Java, Maven or parquet-java's packages are missing")
    sys.exit(77)


def java(*arguments):
    """Run Oracle.java."""
    done = subprocess.run(["java", "-cp", CLASS_PATH, os.path.join(HERE, "Oracle.java"), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])


def dumps(*files):
    """What parquet-java sees in each file: lines, the schema first."""
    java("dump", *files)
    for file in files:
        with open(file + ".dump") as f:
            yield f.read().splitlines()


def rewrite(source, target, *options):
    done = subprocess.run([PROGRAM, "parquet", "rewrite", *options, source, target], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return target


def path(name):
    return os.path.join(SCRATCH.name, name)


def values(table):
    """Columns as Python's values; nanoseconds, which Python's times do not have, as integers."""
    return [(c.cast(pa.int64()) if c.type == pa.timestamp("ns") else c).to_pylist() for c in table.columns]


class JavaWrites(unittest.TestCase):
    """What parquet-java wrote, read by us."""

    @classmethod
    def setUpClass(cls):
        folder = path("java")
        os.makedirs(folder)
        java("write", folder)
        cls.files = [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith(".parquet")]
        cls.special = os.path.join(folder, "special.parquet")

    def test_rows_are_those_that_pyarrow_sees(self):
        self.assertGreaterEqual(len(self.files), 10)
        for source in self.files:
            if source == self.special:
                continue
            with self.subTest(os.path.basename(source)):
                theirs = pq.read_table(source)
                ours = pq.read_table(rewrite(source, path("ours.parquet")))
                self.assertEqual(theirs.num_rows, 5000)
                self.assertEqual(values(theirs), values(ours))

    def test_types_that_few_files_have(self):
        # Geometry with its statistics, intervals (beside which parquet-java writes UNKNOWN), decimals of 76 digits.
        ours = rewrite(self.special, path("special_ours.parquet"))
        (schema, *theirs), (our_schema, *rows) = dumps(self.special, ours)
        for words in ("place (GEOMETRY(srid:5070))", "plain (GEOMETRY)", "route (GEOGRAPHY(EPSG:4269,KARNEY))",
                      "took (INTERVAL)"):
            self.assertIn(words, schema)
            self.assertIn(words, our_schema)
        self.assertEqual(len(rows), 5000)
        for i, (a, b) in enumerate(zip(map(json.loads, theirs), map(json.loads, rows))):
            del a["amount"], b["amount"]  # BYTE_ARRAY, which becomes FIXED_LEN_BYTE_ARRAY: looked at below
            self.assertEqual(a, b, f"row {i}")
        amounts = pq.read_table(ours, columns=["amount"])
        self.assertGreater(len(set(amounts["amount"].to_pylist())), 3500)
        self.assertTrue(amounts.equals(pq.read_table(self.special, columns=["amount"])))

    def test_check_finds_nothing(self):
        done = subprocess.run([PROGRAM, "parquet", "check", *self.files], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def nested_table(rows):
    """Nulls and empties at every level; stored types are the same whoever writes them."""
    def pick(i, n, value):
        return None if i % n == 0 else value
    return pa.table({
        "id": pa.array(range(rows), pa.int32()),
        "name": pa.array([pick(i, 7, f"name {i % 90}" * (i % 3)) for i in range(rows)], pa.string()),
        "at": pa.array([pick(i, 5, i * 1_000_003) for i in range(rows)], pa.timestamp("us", "UTC")),
        "price": pa.array([pick(i, 6, i / 7) for i in range(rows)], pa.float64()),
        "ratio": pa.array([i / 3 for i in range(rows)], pa.float32()),
        "flag": pa.array([pick(i, 4, i % 3 == 0) for i in range(rows)], pa.bool_()),
        "small": pa.array([i % 200 - 100 for i in range(rows)], pa.int8()),
        "key": pa.array([pick(i, 9, bytes([i % 256] * 5)) for i in range(rows)], pa.binary(5)),
        "tags": pa.array([pick(i, 8, [pick(i + k, 3, f"t{k}") for k in range(i % 4)]) for i in range(rows)],
                         pa.list_(pa.string())),
        "who": pa.array([pick(i, 5, {"x": pick(i, 3, i), "l": [{"y": k} for k in range(i % 3)]}) for i in range(rows)],
                        pa.struct([("x", pa.int64()), ("l", pa.list_(pa.struct([("y", pa.int32())])))])),
        "map": pa.array([pick(i, 6, [(f"k{k}", pick(k, 2, [k, None])) for k in range(i % 3)]) for i in range(rows)],
                        pa.map_(pa.string(), pa.list_(pa.int64()))),
    })


class JavaReads(unittest.TestCase):
    """What we wrote, read by parquet-java."""

    WAYS = {
        "default": [],
        "v2 pages": ["--data-page", "2", "--codec", "zstd"],
        "gzip": ["--codec", "gzip", "--checksums"],
        "lz4_raw, bloom": ["--codec", "lz4_raw", "--bloom", "id,name"],
        "plain": ["--codec", "none", "--encoding", "name=plain", "--encoding", "tags=plain"],
        "delta": ["--encoding", "id=delta_binary_packed", "--encoding", "name=delta_byte_array", "--encoding",
                  "tags=delta_length_byte_array", "--encoding", "at=delta_binary_packed"],
        "split": ["--encoding", "price=byte_stream_split", "--encoding", "ratio=byte_stream_split", "--encoding",
                  "id=byte_stream_split", "--encoding", "key=byte_stream_split", "--encoding", "flag=rle"],
        "auto, small pages": ["--auto-encoding", "--page-rows", "100", "--row-group-rows", "900"],
    }

    def test_stored_values_are_those_of_pyarrow(self):
        source = path("pyarrow.parquet")
        pq.write_table(nested_table(3000), source)
        files = [rewrite(source, path(f"way{i}.parquet"), *options) for i, options in enumerate(self.WAYS.values())]
        (schema, *rows), *others = dumps(source, *files)
        self.assertEqual(len(rows), 3000)
        for why, (our_schema, *our_rows) in zip(self.WAYS, others):
            with self.subTest(why):
                self.assertEqual(our_schema.split("{", 1)[1], schema.split("{", 1)[1])
                self.assertEqual(len(our_rows), len(rows))
                for i, (a, b) in enumerate(zip(rows, our_rows)):
                    if a != b:
                        self.fail(f"row {i}: {json.loads(a)} is {json.loads(b)}")


unit.main()
