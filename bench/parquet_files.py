"""The files that bench/parquet.py reads: seven tables, each written by every contender, kept in a folder between runs.

    FOLDER/lineitem-1/source.parquet     the table, as pyarrow writes it; the others' files are made from it
                     /polars-zstd.parquet, …   WRITER-CODEC.parquet

Our own files are written anew in each run, since our writer changes. A table is made by SQL from the hash of its row's
number, so that it is the same everywhere; lineitem is TPC-H's, by tpchgen-cli. In SQL `r(k)` is the row's k-th random number from 0 to 1.
"""
import os
import re
import shutil
import subprocess
import sys

WRITERS = ["neuralake", "pyarrow", "polars", "duckdb"]

LOG = """SELECT TIMESTAMP '2026-01-01' + to_microseconds(i * 1000 + (r(1) * 900)::BIGINT) AS at,
  ['DEBUG', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR'][1 + (r(2) * 6)::INT % 6] AS level,
  'host-' || (r(3) * 200)::INT || '.example.com' AS host, md5(i::VARCHAR) AS trace,
  '/api/v' || (r(4) * 3)::INT || '/items/' || (r(5) * 100000)::INT || '?page=' || (r(6) * 20)::INT AS path,
  'Mozilla/5.0 (X11; Linux x86_64) Engine/' || (r(7) * 40)::INT || '.0 (like others) Browser/1.' || (r(8) * 5)::INT AS agent,
  'request ' || i || ' took ' || (r(9) * 1000)::INT || ' ms in ' || ['parse', 'plan', 'fetch', 'decode'][1 + (r(10) * 4)::INT % 4]
    || ' and answered ' || (r(11) * 1000000)::INT || ' bytes to client ' || (r(12) * 5000)::INT AS message,
  (200 + (r(13) * 300)::INT)::SMALLINT AS status FROM range({rows}) t(i)"""
SPARSE = "SELECT " + ", ".join(
    f"CASE WHEN r({k}) < {share} THEN {value} END AS {name}_{str(share)[2:]}"
    for k, (name, value) in enumerate([("number", "(r(50) * 1e9)::BIGINT"), ("real", "r(51)"), ("word", "'word ' || (r(52) * 1e6)::INT"),
                                       ("day", "DATE '2020-01-01' + (r(53) * 2000)::INT"), ("small", "(r(54) * 50)::INT"), ("flag", "r(55) < 0.5")])
    for share in (0.1, 0.01, 0.001)) + " FROM range({rows}) t(i)"
NESTED = """SELECT i AS id, list_transform(range((r(1) * 8)::INT), x -> (hash(i * 8 + x) % 100000)::BIGINT) AS numbers,
  list_transform(range((r(2) * 4)::INT), x -> 'tag ' || hash(i + x) % 1000) AS tags,
  list_transform(range((r(3) * 3)::INT), x -> {'price': (hash(i - x) % 10000) / 100.0::DOUBLE, 'count': (hash(x * i) % 50)::INT}) AS items
  FROM range({rows}) t(i)"""
SERIES = """SELECT TIMESTAMP '2026-01-01' + to_microseconds(i * 250000 + (r(1) * 1000)::BIGINT) AS at,
  (i * 3 + (r(2) * 3)::INT)::BIGINT AS counter, (i // 1000)::INT AS run, (1000 * sin(i / 5000.0) + r(3) * 20)::INT AS reading,
  round(20 + 5 * sin(i / 90000.0) + r(4), 2) AS temperature, 'sensor/' || lpad((i // 50)::VARCHAR, 9, '0') AS series
  FROM range({rows}) t(i)"""
FLOATS = "SELECT " + ", ".join(
    f"{'r(%d)' % c if c % 4 else 'round(100 * r(%d), 1)' % c}::{'DOUBLE' if c % 2 else 'FLOAT'} AS c{c:03}" for c in range(200)) + " FROM range({rows}) t(i)"
INTEGERS = "SELECT (hash(i) >> 2)::BIGINT AS number FROM range({rows}) t(i)"

# name: rows, the SQL, codecs
TABLES = {
    "lineitem": (6_000_000, None, ["snappy", "zstd", "none"]),
    "floats": (250_000, FLOATS, ["snappy"]),
    "log": (2_000_000, LOG, ["zstd"]),
    "sparse": (3_000_000, SPARSE, ["snappy"]),
    "nested": (1_000_000, NESTED, ["snappy"]),
    "series": (5_000_000, SERIES, ["zstd"]),
    "wide": (3_000, None, ["snappy"]),
    "integers": (16_000_000, INTEGERS, ["none"]),
}
WIDE = [f"column_{i:05}" for i in range(10_000)]
WIDE_READ = [WIDE[17], WIDE[5_000], WIDE[9_998]]
# How the sorted series gets its DELTA encodings from who can be told; DuckDB chooses them itself (PARQUET_VERSION v2).
SERIES_DELTA = {"at": "DELTA_BINARY_PACKED", "counter": "DELTA_BINARY_PACKED", "run": "DELTA_BINARY_PACKED",
                "reading": "DELTA_BINARY_PACKED", "temperature": "BYTE_STREAM_SPLIT", "series": "DELTA_BYTE_ARRAY"}
OURS = {"series": ["at=delta", "counter=delta", "run=delta", "reading=delta", "temperature=split", "series=delta_bytes"],
        "integers": ["plain"], "wide": ["rows=1000"]}


def sql_table(sql, rows):
    import duckdb
    connection = duckdb.connect(config={"threads": 2})
    sql = re.sub(r"\br\((\d+)\)", r"(hash(i * 256 + \1) % 16777216 / 16777216.0::DOUBLE)", sql)
    return connection.sql(sql.replace("{rows}", str(rows))).to_arrow_table()


def lineitem(folder, scale):
    """TPC-H's own, with its strings as the plain type: what pyarrow reads from its own file."""
    import pyarrow
    import pyarrow.parquet
    program = os.path.join(os.path.dirname(sys.executable), "tpchgen-cli")
    program = program if os.path.exists(program) else shutil.which("tpchgen-cli")
    if not program:
        raise RuntimeError("tpchgen-cli is not installed")
    subprocess.run([program, "parquet", "--quiet", "-s", str(scale), "--tables=lineitem", f"--output-dir={folder}"], check=True)
    made = os.path.join(folder, "lineitem.parquet")
    table = pyarrow.parquet.read_table(made)
    os.unlink(made)
    fields = [pyarrow.field(f.name, pyarrow.string() if f.type == pyarrow.string_view() else f.type, f.nullable)
              for f in table.schema]
    return table.cast(pyarrow.schema(fields))


def wide(rows):
    import pyarrow
    some = sql_table("SELECT " + ", ".join(f"(r({k}) * 1000)::{'DOUBLE' if k % 2 else 'INT'} AS c{k}" for k in range(50))
                     + " FROM range({rows}) t(i)", rows)
    return pyarrow.table([some.column(i % 50).combine_chunks() for i in range(len(WIDE))], names=WIDE)


def write_pyarrow(name, table, path, codec):
    import pyarrow.parquet
    options = {}
    if name == "series":
        options = {"use_dictionary": False, "column_encoding": SERIES_DELTA}
    elif name == "integers":
        options = {"use_dictionary": False}
    elif name == "wide":
        options = {"row_group_size": max(table.num_rows // 3, 1)}
    pyarrow.parquet.write_table(table, path, compression=codec, compression_level=3 if codec == "zstd" else None, **options)


def write_polars(name, source, path, codec):
    import polars
    frame = polars.read_parquet(source)
    codec, level = {"none": ("uncompressed", None), "zstd": ("zstd", 3)}.get(codec, (codec, None))
    frame.write_parquet(path, compression=codec, compression_level=level,
                        row_group_size=max(frame.height // 3, 1) if name == "wide" else None)


def write_duckdb(name, source, path, codec):
    import duckdb
    connection = duckdb.connect(config={"threads": 2})
    options = f"FORMAT parquet, COMPRESSION {'uncompressed' if codec == 'none' else codec}"
    if name == "series":
        options += ", PARQUET_VERSION v2"
    connection.execute(f"COPY (FROM '{source}') TO '{path}' ({options})")


class Files:
    """The folder: path() makes what is missing, and raises RuntimeError with the reason when it cannot."""

    def __init__(self, folder, scale, write_program):
        self.folder, self.scale, self.write_program, self.fresh = folder, scale, write_program, set()

    def source(self, name):
        path = os.path.join(self.folder, f"{name}-{self.scale:g}", "source.parquet")
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            rows, sql, _ = TABLES[name]
            rows = max(int(rows * self.scale), 100)
            table = (lineitem(os.path.dirname(path), self.scale) if name == "lineitem" else
                     wide(rows) if name == "wide" else sql_table(sql, rows))
            import pyarrow.parquet
            pyarrow.parquet.write_table(table, path + ".part",
                                        **({"row_group_size": max(rows // 3, 1)} if name == "wide" else {}))
            os.rename(path + ".part", path)
        return path

    def path(self, name, writer, codec):
        source = self.source(name)
        path = os.path.join(os.path.dirname(source), f"{writer}-{codec}.parquet")
        if writer == "neuralake" and path not in self.fresh:
            self.write_ours(name, source, path, codec)
        elif not os.path.exists(path):
            try:
                self.write_peer(name, writer, source, path + ".part", codec)
                os.rename(path + ".part", path)
            except Exception as e:
                raise RuntimeError(str(e).split("\n", maxsplit=1)[0]) from e
        return path

    def write_peer(self, name, writer, source, path, codec):
        if writer == "pyarrow":
            import pyarrow.parquet
            write_pyarrow(name, pyarrow.parquet.read_table(source), path, codec)
        else:
            {"polars": write_polars, "duckdb": write_duckdb}[writer](name, source, path, codec)

    def write_ours(self, name, source, path, codec):
        words = [self.write_program, source, path, codec] + OURS.get(name, [])
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout.split("\n")[0].replace("error\t", "") or f"exit {done.returncode}")
        self.fresh.add(path)
