"""Files that pyarrow, DuckDB and Polars write, read by Neuralake value for value.

Each file is read through the shared library beside the program under test, as an Arrow stream, with strings as views and
as copies, in batches of several sizes, and compared with what pyarrow reads from it.
Skipped (77) where the peers or the library are missing, and where a sanitizer's library cannot be loaded into Python.
"""
import ctypes
import datetime as dt
import decimal
import os
import random
import sys
import tempfile

try:
    import duckdb
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LIBRARY = os.environ.get("NEURALAKE_LIBRARY") or os.path.join(
    os.path.dirname(os.environ.get("NEURALAKE", "build/neuralake")), "libneuralake.so")
if not os.path.exists(LIBRARY) or b"__asan_init" in open(LIBRARY, "rb").read() or \
        b"__tsan_init" in open(LIBRARY, "rb").read():
    print(f"skipped: {LIBRARY} is missing or instrumented")
    sys.exit(77)
nl = ctypes.CDLL(LIBRARY)


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 1200), ("hint", ctypes.c_char * 400)]


class Range(ctypes.Structure):
    _fields_ = [("first", ctypes.c_int64), ("count", ctypes.c_int64)]


class Options(ctypes.Structure):
    _fields_ = [("columns", ctypes.POINTER(ctypes.c_size_t)), ("n_columns", ctypes.c_size_t),
                ("paths", ctypes.POINTER(ctypes.c_char_p)), ("n_paths", ctypes.c_size_t),
                ("first_row_group", ctypes.c_size_t), ("n_row_groups", ctypes.c_size_t),
                ("ranges", ctypes.POINTER(Range)), ("n_ranges", ctypes.c_size_t),
                ("batch_rows", ctypes.c_int64), ("string_views", ctypes.c_bool), ("verify_checksums", ctypes.c_bool),
                ("threads", ctypes.c_size_t), ("schema", ctypes.c_void_p), ("by_field_id", ctypes.c_bool)]


nl.nl_source_open_file.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
nl.nl_source_close.argtypes = [ctypes.c_void_p]
nl.nl_parquet_open.argtypes = [ctypes.c_void_p] * 3
nl.nl_parquet_close.argtypes = [ctypes.c_void_p]
nl.nl_parquet_schema.argtypes = [ctypes.c_void_p] * 3
nl.nl_parquet_reader_new.argtypes = [ctypes.c_void_p] * 4
nl.nl_parquet_reader_stream.argtypes = [ctypes.c_void_p] * 3


class Failed(Exception):
    pass


def read(path, columns=None, batch_rows=0, views=True, schema_only=False, paths=None, ranges=None, threads=0,
         checksums=False):
    """The file as a pyarrow Table (or its Schema); raises Failed with the library's message."""
    err, source, file, reader = Error(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()

    def check(rc):
        if rc:
            raise Failed(err.message.decode())

    check(nl.nl_source_open_file(path.encode(), ctypes.byref(source), ctypes.byref(err)))
    try:
        check(nl.nl_parquet_open(source, ctypes.byref(file), ctypes.byref(err)))
        if schema_only:
            c = ctypes.create_string_buffer(256)
            check(nl.nl_parquet_schema(file, c, ctypes.byref(err)))
            return pa.Schema._import_from_c(ctypes.addressof(c))
        o = Options(batch_rows=batch_rows, string_views=views, threads=threads, verify_checksums=checksums)
        if paths is not None:
            o.paths, o.n_paths = (ctypes.c_char_p * max(1, len(paths)))(*[p.encode() for p in paths]), len(paths)
        if ranges is not None:
            o.ranges, o.n_ranges = (Range * max(1, len(ranges)))(*[Range(a, n) for a, n in ranges]), len(ranges)
        if columns is not None:
            o.columns, o.n_columns = (ctypes.c_size_t * max(1, len(columns)))(*columns), len(columns)
        check(nl.nl_parquet_reader_new(file, ctypes.byref(o), ctypes.byref(reader), ctypes.byref(err)))
        stream = ctypes.create_string_buffer(256)
        check(nl.nl_parquet_reader_stream(reader, stream, ctypes.byref(err)))
        with pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)) as r:
            try:
                table = r.read_all()
            except (OSError, pa.ArrowException, ValueError) as e:
                raise Failed(str(e)) from e
        for c in table.columns:
            c.validate(full=True)
        return table
    finally:
        nl.nl_parquet_close(file)
        nl.nl_source_close(source)


def plain_type(t):
    """Types that say the same in another layout are one."""
    if pa.types.is_dictionary(t):
        return plain_type(t.value_type)
    if t in (pa.string(), pa.large_string(), pa.string_view()):
        return pa.large_string()
    if t in (pa.binary(), pa.large_binary(), pa.binary_view()):
        return pa.large_binary()
    if pa.types.is_timestamp(t) and t.tz:
        return pa.timestamp(t.unit, "UTC")
    if pa.types.is_decimal(t):
        return pa.decimal128(t.precision, t.scale)
    return t


def same(a, b, what):
    a, b = a.combine_chunks(), b.combine_chunks()
    if isinstance(a.type, pa.BaseExtensionType):  # the file's own annotation, which pyarrow is asked not to look at
        a = a.chunk(0).storage if isinstance(a, pa.ChunkedArray) else a.storage
    ta, tb = plain_type(a.type), plain_type(b.type)
    assert ta == tb, f"{what}: type {a.type}, expected {b.type}"
    assert len(a) == len(b) and a.null_count == b.null_count, \
        f"{what}: {len(a)} rows, {a.null_count} null; expected {len(b)}, {b.null_count}"
    if a.type != ta:
        a = a.cast(ta)
    if b.type != tb:
        b = b.cast(tb)
    if a.equals(b):
        return
    for i, (x, y) in enumerate(zip(a.to_pylist(), b.to_pylist())):
        assert x == y or (x != x and y != y), f"{what}: row {i} is {x!r}, expected {y!r}"


def expected(path):
    """pyarrow's reading, with what a file says of itself alone: without the schema that pyarrow hides in it."""
    return pq.ParquetFile(path, arrow_extensions_enabled=False).read()


def check(path, what):
    want = expected(path)
    flat = [i for i, f in enumerate(want.schema) if not pa.types.is_nested(f.type)]
    for views in (True, False):
        for batch_rows in (0, 1000, 77):
            got = read(path, flat, batch_rows, views)
            assert got.num_rows == want.num_rows, f"{what}: {got.num_rows} rows, expected {want.num_rows}"
            for i, c in enumerate(flat):
                same(got.column(i), want.column(c), f"{what}, column {want.column_names[c]}, views {views}, {batch_rows}")


def columns(n, rng, nulls):
    """One column a type, with its edges; nulls is the share of nulls."""
    D = decimal.Decimal
    day = dt.datetime(2024, 2, 29, 23, 59, 59, 999999)

    def some(value):
        return [None if rng.random() < nulls else value(i) for i in range(n)]

    def ints(bits, signed=True):
        low = -2 ** (bits - 1) if signed else 0
        return some(lambda i: rng.choice([low, low + 1, 0, low + 2 ** bits - 1, rng.randrange(low, low + 2 ** bits)]))

    def dec(p, s):
        with decimal.localcontext() as c:
            c.prec = 60
            return some(lambda i: D(rng.randrange(-10 ** p + 1, 10 ** p)).scaleb(-s, c))

    words = ["", "a", "Brand#1", "exactly12byt", "thirteen byte", "x" * 100, "Grüße, Jürgen", "\x00nul\x00"]
    out = {
        "bool": pa.array(some(lambda i: rng.random() < 0.5), pa.bool_()),
        "bool_runs": pa.array(some(lambda i: i // 300 % 2 == 0), pa.bool_()),
        "float": pa.array(some(lambda i: rng.choice([0.0, -0.0, float("nan"), float("inf"), 1e-40, rng.random()])), pa.float32()),
        "double": pa.array(some(lambda i: rng.choice([0.0, -0.0, float("nan"), float("-inf"), rng.gauss(0, 1e9)])), pa.float64()),
        "half": pa.array([None if v is None else v for v in some(lambda i: float(i % 100))], pa.float16()),
        "id": pa.array(range(n), pa.int64()),
        "runs": pa.array([i // 1000 for i in range(n)], pa.int32()),
        "word": pa.array(some(lambda i: rng.choice(words)), pa.string()),
        "text": pa.array(some(lambda i: f"{i} " * rng.randrange(8)), pa.string()),
        "blob": pa.array(some(lambda i: rng.randbytes(rng.randrange(40))), pa.binary()),
        "fixed": pa.array(some(lambda i: rng.randbytes(5)), pa.binary(5)),
        "uuid": pa.array(some(lambda i: rng.choice([b"0123456789abcdef", rng.randbytes(16)])), pa.binary(16)),
        "date": pa.array(some(lambda i: day.date() + dt.timedelta(days=i - 5000)), pa.date32()),
        "time_ms": pa.array(some(lambda i: i * 7919 % 86400000), pa.time32("ms")),
        "time_us": pa.array(some(lambda i: i * 7919), pa.time64("us")),
        "time_ns": pa.array(some(lambda i: i * 7919), pa.time64("ns")),
        "null": pa.nulls(n),
        "all_null": pa.array([None] * n, pa.string()),
        "some_page_null": pa.array([None if i // 400 % 2 else i for i in range(n)], pa.int64()),
    }
    for unit in ("ms", "us", "ns"):
        for zone in (None, "UTC"):
            out[f"ts_{unit}_{zone}"] = pa.array(some(lambda i: 1709251199999 * (i - n // 2)), pa.timestamp(unit, zone))
    for bits in (8, 16, 32, 64):
        out[f"int{bits}"] = pa.array(ints(bits), getattr(pa, f"int{bits}")())
        out[f"uint{bits}"] = pa.array(ints(bits, False), getattr(pa, f"uint{bits}")())
    for p, s in ((1, 0), (9, 2), (10, 2), (18, 18), (19, 4), (38, 0), (38, 38)):
        out[f"dec_{p}_{s}"] = pa.array(dec(p, s), pa.decimal128(p, s))
    return pa.table(out)


def from_pyarrow(folder, rng):
    count = 0
    tables = {f"{n} rows, {nulls}": columns(n, rng, nulls) for n, nulls in ((0, 0), (1, 0), (3001, 0), (5003, 0.3), (4000, 0.01))}
    tables["required"] = tables["3001 rows, 0"].drop(["null", "all_null", "some_page_null"])
    tables["required"] = tables["required"].cast(pa.schema([f.with_nullable(False) for f in tables["required"].schema]))
    settings = [dict(compression=c, data_page_version=v, use_dictionary=d, row_group_size=g, data_page_size=p)
                for c in ("none", "snappy", "zstd") for v in ("1.0", "2.0") for d in (True, False)
                for g, p in ((10 ** 6, 2 ** 20), (1500, 1024))]
    settings += [dict(compression=c) for c in ("gzip", "brotli", "lz4")]
    settings += [dict(use_deprecated_int96_timestamps=True), dict(store_decimal_as_integer=True),
                 dict(version="1.0"), dict(dictionary_pagesize_limit=300, data_page_size=500),
                 dict(use_dictionary=False, use_byte_stream_split=["float", "double", "int32", "int64", "fixed"]),
                 dict(use_dictionary=False, column_encoding={"int32": "DELTA_BINARY_PACKED", "int64": "DELTA_BINARY_PACKED",
                                                             "id": "DELTA_BINARY_PACKED", "runs": "DELTA_BINARY_PACKED"}),
                 dict(use_dictionary=False, column_encoding={"word": "DELTA_LENGTH_BYTE_ARRAY", "text": "DELTA_BYTE_ARRAY",
                                                             "blob": "DELTA_BYTE_ARRAY", "fixed": "DELTA_BYTE_ARRAY",
                                                             "all_null": "DELTA_BYTE_ARRAY", "dec_38_0": "DELTA_BYTE_ARRAY"})]
    for name, table in tables.items():
        for s in settings:
            path = os.path.join(folder, "pyarrow.parquet")
            t = table
            if s.get("use_deprecated_int96_timestamps"):
                t = t.select([c for c in t.column_names if not c.startswith("ts_")] + ["ts_ns_None", "ts_us_None"])
            if s.get("version") == "1.0":
                t = t.select([c for c in t.column_names if not c.startswith("ts_ns")])
            pq.write_table(t, path, write_batch_size=300, store_schema=False, **s)
            check(path, f"pyarrow, {name}, {s}")
            count += 1
    return count


def from_duckdb(folder, rng):
    count = 0
    con = duckdb.connect()
    con.execute("""create table t as select range as id, range % 7 as k, case when range % 5 = 0 then null else range * 1.5 end as d,
        'name ' || (range % 100) as s, repeat('z', (range % 30)::int) as r, range % 3 = 0 as b, date '2020-01-01' + range::int as day,
        timestamp '2020-01-01' + interval (range) second as ts, timestamptz '2020-01-01 00:00:00+00' + interval (range) second as tz,
        (range::decimal(15,2)) as m, (range::decimal(38,3)) as w, range::tinyint % 100 as i8, range::uinteger as u32,
        uuid() as u, 'blob'::blob as z, time '12:34:56.789' as t, (range % 3)::float as f, null::int as n, range::hugeint as h
        from range(5000) t(range) where range % 128 = range or true""".replace("range::tinyint % 100", "(range % 100)::tinyint"))
    for codec in ("uncompressed", "snappy", "zstd", "gzip", "brotli", "lz4_raw"):
        for version in ("V1", "V2"):
            path = os.path.join(folder, "duckdb.parquet")
            con.execute(f"copy t to '{path}' (format parquet, compression '{codec}', parquet_version '{version}', row_group_size 2048)")
            check(path, f"duckdb, {codec}, {version}")
            count += 1
    return count


def from_polars(folder, rng):
    count = 0
    for n, nulls in ((0, 0), (1, 0), (5003, 0.2)):
        t = columns(n, rng, nulls).drop(["half", "fixed", "uuid", "null"])
        frame = pl.from_arrow(t)
        for codec in ("uncompressed", "snappy", "zstd", "gzip", "brotli", "lz4"):
            path = os.path.join(folder, "polars.parquet")
            frame.write_parquet(path, compression=codec, row_group_size=2000, data_page_size=2000)
            check(path, f"polars, {n} rows, {codec}")
            count += 1
    return count


def main():
    seed = int(os.environ.get("NEURALAKE_TEST_SEED", random.randrange(2 ** 32)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        total = from_pyarrow(folder, rng) + from_duckdb(folder, rng) + from_polars(folder, rng)
    print(f"{total} files agree")


if __name__ == "__main__":
    main()
