#!/usr/bin/env python3
"""make_corpus.py PROGRAM: small files of many features into corpus/parquet_file, by pyarrow, DuckDB, Polars, and `PROGRAM
parquet rewrite` of theirs. What exists stays as it is: runs of other versions of the peers differ, and the corpus is to stay small.
The files java_… are those of tests/interop/parquet_java/Oracle.java, with 13 rows instead of 5000.
"""
import datetime
import decimal
import os
import subprocess
import sys
import tempfile
import uuid

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "parquet_file")
TMP = tempfile.TemporaryDirectory()
N = 23


def some(f, nulls=5):
    """N values, some of them null."""
    return [None if nulls and i % nulls == 3 else f(i) for i in range(N)]


def flat():
    day = datetime.date(2024, 2, 29)
    return pa.table({
        "i8": pa.array(some(lambda i: i - 9), pa.int8()), "u64": pa.array(some(lambda i: 2 ** 63 + i, 0), pa.uint64()),
        "b": pa.array(some(lambda i: i % 3 == 0), pa.bool_()), "f16": pa.array(some(float), pa.float16()),
        "d": pa.array(some(lambda i: i / 7, 0), pa.float64()), "s": pa.array(some(lambda i: f"text {i % 4} " * (i % 3)), pa.string()),
        "dec": pa.array(some(lambda i: decimal.Decimal(i * 1001).scaleb(-2)), pa.decimal128(30, 2)),
        "day": pa.array(some(lambda i: day + datetime.timedelta(i), 0), pa.date32()),
        "ts": pa.array(some(lambda i: 10 ** 15 + i), pa.timestamp("ns", "Europe/Berlin")),
        "t": pa.array(some(lambda i: i * 1000), pa.time64("us")), "dur": pa.array(some(lambda i: i), pa.duration("ms")),
        "fix": pa.array(some(lambda i: bytes([i, 1, 2])), pa.binary(3)), "null": pa.nulls(N),
        "id": pa.array([uuid.UUID(int=i).bytes for i in range(N)], pa.uuid())})


def nested():
    point = pa.struct([("x", pa.int32()), ("tags", pa.list_(pa.string()))])
    return pa.table({
        "l": pa.array(some(lambda i: [None if k == 2 else k for k in range(i % 5)]), pa.list_(pa.int32())),
        "ll": pa.array(some(lambda i: [[k] * (k % 3) for k in range(i % 4)]), pa.list_(pa.list_(pa.float64()))),
        "s": pa.array(some(lambda i: {"x": i, "tags": None if i % 2 else [f"tag{i}", None]}), point),
        "ls": pa.array(some(lambda i: [{"x": k, "tags": ["a"] * k} for k in range(i % 3)]), pa.list_(point)),
        "m": pa.array(some(lambda i: [(f"k{k}", [k, None]) for k in range(i % 3)]), pa.map_(pa.string(), pa.list_(pa.int64()))),
        "req": pa.array([{"a": i, "b": i % 2 == 0} for i in range(N)], pa.struct([pa.field("a", pa.int64(), False), ("b", pa.bool_())]))})


def out(name):
    return os.path.join(OUT, name)


def by_arrow():
    f, n = flat(), nested()
    yield "arrow_flat", f, {"compression": "none", "use_dictionary": False, "write_page_index": True, "write_page_checksum": True}
    yield "arrow_dictionary", f.select(["s", "u64", "fix", "dec"]), {"compression": "snappy", "data_page_version": "2.0", "write_page_index": True}
    yield "arrow_nested", n, {"compression": "none", "use_dictionary": False, "write_page_index": True}
    yield "arrow_nested_v2", n, {"compression": "zstd", "data_page_version": "2.0", "data_page_size": 40, "write_batch_size": 4}
    yield "arrow_split", f.select(["u64", "d", "fix"]), {"compression": "none", "use_dictionary": False, "column_encoding": {
        c: "BYTE_STREAM_SPLIT" for c in ["u64", "d", "fix"]}}
    yield "arrow_delta", f.select(["u64", "s", "fix", "day"]), {"compression": "none", "use_dictionary": False, "column_encoding": {
        "u64": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "fix": "DELTA_BYTE_ARRAY", "day": "DELTA_BINARY_PACKED"}}
    yield "arrow_groups", f.select(["i8", "s"]), {"row_group_size": 7, "data_page_size": 10, "write_batch_size": 2, "write_page_index": True,
                                                  "compression": "gzip", "sorting_columns": [pq.SortingColumn(0)]}
    yield "arrow_lists_plain", n.select(["l", "m"]), {"compression": "none", "use_compliant_nested_type": False, "data_page_size": 20, "write_batch_size": 3}
    for codec in ["lz4", "brotli", "gzip"]:
        yield f"arrow_{codec}", f.select(["s", "d"]), {"compression": codec}


def by_peers():
    db = duckdb.connect()
    many = "SELECT i::INT a, 's' || (i % 5) s, i / 3 d, [i, NULL] l, {'x': i, 'y': 'y'} st, MAP {'k': i} m FROM range(40) r(i)"
    db.execute(f"COPY ({many}) TO '{out('duckdb_nested')}' (FORMAT parquet, ROW_GROUP_SIZE 20, PARQUET_VERSION v2)")
    db.execute(f"COPY (SELECT 'v' || (i % 9) AS s, i % 7 AS n, (i % 3)::DECIMAL(9,2) AS x FROM range(64) r(i)) "
               f"TO '{out('duckdb_bloom')}' (FORMAT parquet, CODEC 'uncompressed')")
    db.execute(f"COPY (SELECT '{{\"a\": [1, null]}}'::JSON::VARIANT v FROM range(4)) TO '{out('duckdb_variant')}' (FORMAT parquet)")
    pl.DataFrame({"a": list(range(30)), "s": [f"s{i % 3}" for i in range(30)], "l": [[i] * (i % 3) for i in range(30)]}).write_parquet(
        out("polars_nested"), compression="lz4", row_group_size=16, data_page_size=64)


def by_ours(program):
    source = {"f": os.path.join(TMP.name, "f"), "n": os.path.join(TMP.name, "n")}
    pq.write_table(flat(), source["f"])
    pq.write_table(nested(), source["n"])
    for name, which, options in [
            ("ours_flat", "f", ["--codec", "none", "--checksums", "--page-rows", "6", "--columns", "i8,u64,b,s,dec,ts,fix", "--bloom", "s"]),
            ("ours_auto", "f", ["--codec", "none", "--auto-encoding", "--data-page", "2", "--columns", "u64,d,s,day,id"]),
            ("ours_nested", "n", ["--codec", "none", "--page-rows", "5", "--checksums"]),
            ("ours_nested_v2", "n", ["--codec", "snappy", "--data-page", "2", "--row-group-rows", "9", "--columns", "ls,m,l"]),
            ("ours_delta", "f", ["--codec", "none", "--columns", "s,u64,fix", "--encoding", "s=delta-length-byte-array", "--encoding",
                                 "u64=delta-binary-packed", "--encoding", "fix=delta-byte-array"]),
            ("ours_split", "f", ["--codec", "lz4", "--columns", "d,b,fix", "--encoding", "d=byte-stream-split", "--encoding", "b=rle",
                                 "--encoding", "fix=byte-stream-split"])]:
        if not os.path.exists(out(name)):
            subprocess.run([program, "parquet", "rewrite", *options, source[which], out(name)], check=True)


for name, table, options in by_arrow():
    if not os.path.exists(out(name)):
        pq.write_table(table, out(name), **options)
if not os.path.exists(out("duckdb_nested")):
    by_peers()
by_ours(sys.argv[1])


# ── parquet_pages: shape, type, rows, pages (parquet_pages.c says how) ──

def page(body, values, encoding=0, v2=None, dictionary=False, last=True, bit_packed=False):
    what = (v2 is not None) | dictionary << 1 | last << 2 | bit_packed << 3 | encoding << 4
    return bytes([what, values, 0]) + bytes(v2 or []) + bytes([len(body)]) + body


def ints(*values):
    return b"".join(v.to_bytes(4, "little") for v in values)


def texts(*values):
    return b"".join(len(v).to_bytes(4, "little") + v for v in values)


LIST = b"\2\0\0\0\3\x22\3\0\0\0\3\x1F\x0E"
DELTAS = b"\x80\x01\x04\x04\x02" + b"\x02\0\0\0\0"
PAGES = {
    "bools": (0, 0, 9, [page(b"\xa5\1", 9)]), "bools_runs": (0, 0, 9, [page(b"\3\0\0\0\x12\1\x80", 9, 3)]),
    "ints": (0, 1, 3, [page(ints(1, 2, 3), 3)]), "nulls": (1, 2, 4, [page(b"\2\0\0\0\3\5" + bytes(16), 4)]),
    "split": (0, 1, 2, [page(bytes(range(8)), 2, 9)]), "deltas": (0, 1, 4, [page(DELTAS, 4, 5)]),
    "lengths": (0, 7, 4, [page(DELTAS + bytes(40), 4, 6)]), "prefixes": (0, 6, 4, [page(DELTAS + DELTAS + bytes(40), 4, 7)]),
    "indices": (1, 7, 4, [page(texts(b"a", b"a longer text"), 2, dictionary=True, last=False), page(b"\2\0\0\0\x08\1\1\x08\1", 4, 8)]),
    "decimals": (0, 12, 2, [page(texts(b"\1", b"\xff\2\3"), 2)]), "int96": (0, 3, 1, [page(bytes(8) + ints(2440588), 1)]),
    "list": (4, 1, 4, [page(LIST + ints(1, 2, 3), 6)]), "list_v2": (4, 1, 4, [page(b"\3\x22\3\x1F\x0E" + ints(1, 2, 3), 6, v2=(4, 2, 3))]),
    "list_bits": (4, 1, 4, [page(b"\x44\xF4\xB0" + ints(1, 2, 3), 6, bit_packed=True)]),
    "struct": (3, 1, 2, [page(b"\2\0\0\0\4\1" + ints(1, 2), 2), page(b"\2\0\0\0\4\2" + ints(1, 2), 2)]),
    "pairs": (6, 1, 1, [page(b"\2\0\0\0\4\0\2\0\0\0\4\3" + ints(1, 2), 2), page(b"\2\0\0\0\4\0\2\0\0\0\4\4" + ints(1, 2), 2)]),
    "map": (7, 7, 1, [page(b"\2\0\0\0\2\0\2\0\0\0\2\2" + texts(b"k"), 1), page(b"\2\0\0\0\2\0\2\0\0\0\2\3" + texts(b"v"), 1)]),
    "variant": (10, 6, 1, [page(texts(b"\1\0\0"), 1), page(b"\2\0\0\0\2\1" + texts(b"\x0c\x07"), 1)])}
for name, (shape, leaf, rows, pages) in PAGES.items():
    path = os.path.join(os.path.dirname(OUT), "parquet_pages", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(bytes([shape, leaf, rows]) + b"".join(pages))
