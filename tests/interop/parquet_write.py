"""Files that Neuralake writes, read by pyarrow, DuckDB and Polars: equal values, types and statistics.

pyarrow makes the data and hands it over through the Arrow C data interface; the shared library beside the program under
test writes it. Every column type × nulls × codec × dictionary × row groups and pages, with the values at the edges.
Skipped (77) where the peers or the library are missing, and where a sanitizer's library cannot be loaded into Python.
"""
import ctypes
import datetime as dt
import decimal
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

try:
    import duckdb
    import polars
    import pyarrow as pa
    import pyarrow.compute as pc
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

SNAPPY, NONE, ZSTD = 0, 1, 2


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 1200), ("hint", ctypes.c_char * 400)]


class Options(ctypes.Structure):
    _fields_ = [("codec", ctypes.c_int), ("codec_level", ctypes.c_int), ("row_group_rows", ctypes.c_int64),
                ("row_group_bytes", ctypes.c_uint64), ("page_bytes", ctypes.c_uint64),
                ("dictionary_bytes", ctypes.c_uint64), ("no_dictionary", ctypes.c_bool),
                ("key_values", ctypes.POINTER(ctypes.c_char_p)), ("n_key_values", ctypes.c_size_t)]


nl.nl_sink_create_file.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
nl.nl_sink_commit.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
nl.nl_sink_abort.argtypes = [ctypes.c_void_p]
nl.nl_parquet_writer_new.argtypes = [ctypes.c_void_p] * 5
nl.nl_parquet_write.argtypes = [ctypes.c_void_p] * 3
nl.nl_parquet_finish.argtypes = [ctypes.c_void_p] * 2
nl.nl_parquet_writer_free.argtypes = [ctypes.c_void_p]
nl.nl_parquet_writer_free.restype = None
nl.nl_sink_abort.restype = None

PyCapsule = ctypes.pythonapi.PyCapsule_GetPointer
PyCapsule.restype, PyCapsule.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


class Failed(Exception):
    pass


def write(path, schema, batches, **options):
    """Write batches through the library; raises Failed with its message, and leaves no file then."""
    pairs = options.pop("key_values", {})
    flat = [x.encode() for kv in pairs.items() for x in kv]
    array = (ctypes.c_char_p * max(1, len(flat)))(*flat)
    o = Options(key_values=array, n_key_values=len(pairs), **options)
    err, sink, writer = Error(), ctypes.c_void_p(), ctypes.c_void_p()

    def check(rc):
        if rc:
            raise Failed(err.message.decode())

    check(nl.nl_sink_create_file(path.encode(), ctypes.byref(sink), ctypes.byref(err)))
    try:
        capsule = schema.__arrow_c_schema__()
        check(nl.nl_parquet_writer_new(sink, PyCapsule(capsule, b"arrow_schema"), ctypes.byref(o),
                                       ctypes.byref(writer), ctypes.byref(err)))
        for batch in batches:
            keep, capsule = batch.__arrow_c_array__()
            check(nl.nl_parquet_write(writer, PyCapsule(capsule, b"arrow_array"), ctypes.byref(err)))
        check(nl.nl_parquet_finish(writer, ctypes.byref(err)))
    except Failed:
        nl.nl_sink_abort(sink)
        raise
    finally:
        nl.nl_parquet_writer_free(writer)
    check(nl.nl_sink_commit(sink, ctypes.byref(err)))


# ── the data: for each type its edges, and a way to make more ──

R = random.Random(20240607)
EPOCH = dt.date(1970, 1, 1)


def ints(bits, signed):
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return [lo, hi, 0, 1, lo + 1, hi - 1], lambda: R.randint(lo, hi)


def text():
    return "".join(R.choice("abcxyz \u00e9\u4e2d\U0001f600") for _ in range(R.choice((0, 1, 3, 8, 12, 13, 16, 17, 40))))


def dec(p, s):
    top = 10 ** p - 1
    make = lambda v: decimal.Decimal(v).scaleb(-s, decimal.Context(prec=50))
    return [make(top), make(-top), make(0), make(-1), make(1)], lambda: make(R.randint(-top, top))


FLOATS = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.5, -2.25, 5e-324]
TYPES = {
    "bool": (pa.bool_(), [True, False], lambda: R.random() < 0.5),
    "float": (pa.float32(), [x for x in FLOATS if x != 5e-324], lambda: struct.unpack("f", struct.pack("f", R.uniform(-1e6, 1e6)))[0]),
    "double": (pa.float64(), FLOATS, lambda: R.uniform(-1e6, 1e6)),
    "string": (pa.string(), ["", "a", "\u4e2d" * 30, "\x7f" * 70, "z" * 5000, "\U0010ffff" * 40], text),
    "large_string": (pa.large_string(), ["", "x" * 64, "x" * 65], text),
    "string_view": (pa.string_view(), ["", "exactly12byt", "thirteen byte", "q" * 300], text),
    "binary": (pa.binary(), [b"", b"\0", b"\xff" * 100, b"\0\xff" * 40], lambda: text().encode()),
    "large_binary": (pa.large_binary(), [b"", b"\xff"], lambda: text().encode()),
    "binary_view": (pa.binary_view(), [b"", b"\xff" * 13], lambda: text().encode()),
    "fixed5": (pa.binary(5), [b"\0" * 5, b"\xff" * 5], lambda: R.randbytes(5)),
    "fixed100": (pa.binary(100), [b"\0" * 100, b"\xff" * 100], lambda: R.randbytes(2) * 50),
    "date32": (pa.date32(), [EPOCH, dt.date(1, 1, 1), dt.date(9999, 12, 31)], lambda: EPOCH + dt.timedelta(R.randint(-9999, 9999))),
    "date64": (pa.date64(), [EPOCH, dt.date(1969, 12, 31), dt.date(2024, 2, 29)], lambda: EPOCH + dt.timedelta(R.randint(-9999, 9999))),
    "time_s": (pa.time32("s"), [dt.time(0), dt.time(23, 59, 59)], lambda: dt.time(R.randint(0, 23), R.randint(0, 59))),
    "time_ms": (pa.time32("ms"), [dt.time(0), dt.time(23, 59, 59, 999000)], lambda: dt.time(R.randint(0, 23), R.randint(0, 59), 0, 7000)),
    "time_us": (pa.time64("us"), [dt.time(0), dt.time(23, 59, 59, 999999)], lambda: dt.time(R.randint(0, 23), 1, 2, R.randint(0, 999999))),
    "time_ns": (pa.time64("ns"), [0, 86399999999999], lambda: R.randint(0, 86399999999999)),
}
for bits in (8, 16, 32, 64):
    for sign in ("int", "uint"):
        TYPES[f"{sign}{bits}"] = (getattr(pa, f"{sign}{bits}")(), *ints(bits, sign == "int"))
for unit, scale in (("s", 1), ("ms", 1000), ("us", 10 ** 6), ("ns", 10 ** 9)):
    for tz in (None, "UTC", "Europe/Berlin"):
        TYPES[f"ts_{unit}_{tz}"] = (pa.timestamp(unit, tz), [0, -1, 1, 2 ** 31 * scale], lambda s=scale: R.randint(-10 ** 9, 10 ** 9) * s + R.randint(0, s - 1))
for p, s in ((1, 0), (4, 4), (9, 2), (10, 2), (18, 9), (19, 0), (28, 10), (38, 0), (38, 38)):
    TYPES[f"dec_{p}_{s}"] = (pa.decimal128(p, s), *dec(p, s))


def column(name, n, nulls, few):
    """n values of a type: its edges first; `few`: from a small set, as dictionaries like it; nulls: every third."""
    kind, edges, more = TYPES[name]
    pool = edges + [more() for _ in range(20)]
    values = [edges[i] if i < len(edges) else R.choice(pool) if few else more() for i in range(n)]
    if nulls:
        values = [None if R.random() < nulls else v for v in values]
    return pa.array(values, kind)


# ── what the peers must see ──

def expected(a):
    """The array as Parquet keeps it: seconds as milliseconds, views and large layouts as plain ones."""
    t = a.type
    if pa.types.is_timestamp(t):
        return a.cast(pa.timestamp("ms" if t.unit == "s" else t.unit, t.tz and "UTC"))
    if t == pa.time32("s"):
        return a.cast(pa.time32("ms"))
    if t == pa.date64():
        return a.cast(pa.date32())
    if t in (pa.large_string(), pa.string_view()):
        return a.cast(pa.string())
    if t in (pa.large_binary(), pa.binary_view()):
        return a.cast(pa.binary())
    return a


def same(got, want):
    """Equal with NaN equal to NaN, and the sign of zeros told apart."""
    if len(got) != len(want) or got.null_count != want.null_count:
        return False
    if pa.types.is_floating(want.type):
        return [x if x is None else struct.pack("d", x) if x == x else "nan" for x in got.to_pylist()] == \
            [x if x is None else struct.pack("d", x) if x == x else "nan" for x in want.to_pylist()]
    return got.equals(want)


def check_pyarrow(path, table, why):
    got = pq.read_table(path, use_threads=False)
    assert got.column_names == table.column_names, why
    for name in table.column_names:
        want, have = table[name].combine_chunks(), got[name].combine_chunks()
        assert have.type == want.type, f"{why}: pyarrow reads {name} as {have.type}, not {want.type}"
        assert got.schema.field(name).nullable == table.schema.field(name).nullable, f"{why}: {name}: nullable"
        assert same(have, want), f"{why}: pyarrow reads other values in {name}"


def comparable(a):
    """Peers differ in how they say the same type to Arrow: bring both to one."""
    t = a.type
    if pa.types.is_timestamp(t):
        return a.cast(pa.timestamp("ns")) if t.tz is None else a.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    if pa.types.is_time(t):
        return a.cast(pa.time64("ns"))
    if t in (pa.large_string(), pa.string_view()):
        return a.cast(pa.string())
    if t in (pa.large_binary(), pa.binary_view()) or pa.types.is_fixed_size_binary(t):
        return a.cast(pa.binary())
    return a


def check_peer(who, got, table, why):
    for name in table.column_names:
        want = table[name].combine_chunks()
        have = got[name].combine_chunks()
        if who == "duckdb" and name.split(".")[0] in ("time_ns",):
            want = want.cast(pa.time64("us"), safe=False) if have.type == pa.time64("us") else want
        want, have = comparable(want), comparable(have)
        if pa.types.is_decimal(want.type):
            have = have.cast(want.type)
        if have.type != want.type:
            have = have.cast(want.type)
        assert same(have, want), f"{why}: {who} reads other values in {name} ({have.type})"


def check_statistics(path, table, why):
    """min, max and null count of each chunk, against what pyarrow computes from the values."""
    meta = pq.ParquetFile(path).metadata
    assert meta.num_rows == len(table), why
    row = 0
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        part = table.slice(row, group.num_rows)
        row += group.num_rows
        total = 0
        for i, name in enumerate(table.column_names):
            chunk, values = group.column(i), part[name].combine_chunks()
            total += chunk.total_uncompressed_size
            s, place = chunk.statistics, f"{why}: row group {g}, {name}"
            assert chunk.num_values == len(values), place
            assert s is not None and s.null_count == values.null_count, f"{place}: null count"
            t = values.type
            if s.has_distinct_count and not pa.types.is_floating(t):
                assert s.distinct_count == pc.count_distinct(values).as_py(), f"{place}: distinct count"
            if pa.types.is_floating(t):
                values = values.filter(pc.invert(pc.is_nan(values)))
            values = values.drop_null()
            if not len(values):
                assert not s.has_min_max, f"{place}: bounds without values"
                continue
            if t == pa.binary(100):
                assert not s.has_min_max, place
                continue
            assert s.has_min_max or t in (pa.string(), pa.binary()), f"{place}: no bounds"
            if not s.has_min_max:
                continue
            if pa.types.is_fixed_size_binary(t):
                lo, hi = min(values.to_pylist()), max(values.to_pylist())
            elif t in (pa.string(), pa.binary()):
                raw = [v.encode() if isinstance(v, str) else v for v in values.to_pylist()]
                lo, hi = min(raw), max(raw)
                got = [v.encode() if isinstance(v, str) else v for v in (s.min, s.max)]
                assert got[0] <= lo and got[1] >= hi, f"{place}: {got} does not hold {lo} … {hi}"
                assert got[0] == (lo if len(lo) <= 64 else got[0]) and len(got[0]) <= 64, place
                assert lo.startswith(got[0]) and (len(hi) > 64 or got[1] == hi), place
                continue
            else:
                both = pc.min_max(values)
                lo, hi = both["min"], both["max"]
            raw = lambda v: v.as_py() if isinstance(v, pa.Scalar) else v
            if pa.types.is_temporal(t) or t == pa.time64("ns"):
                number = pa.int32() if t.bit_width == 32 else pa.int64()
                lo, hi = (x.cast(number).as_py() for x in (lo, hi))
                assert (s.min_raw, s.max_raw) == (lo, hi), f"{place}: {s.min_raw} {s.max_raw}, not {lo} {hi}"
                continue
            assert (s.min, s.max) == (raw(lo), raw(hi)), f"{place}: {s.min} … {s.max}, not {raw(lo)} … {raw(hi)}"
            if pa.types.is_floating(t) and s.min == 0:
                assert math.copysign(1, s.min) == -1, f"{place}: a lower zero is -0.0"
            if pa.types.is_floating(t) and s.max == 0:
                assert math.copysign(1, s.max) == 1, f"{place}: an upper zero is +0.0"
        assert group.total_byte_size == total, f"{why}: row group {g}: total_byte_size"


def check_offsets(path, why):
    """Chunks lie one behind the other from byte 4 to the footer, as long as they say."""
    meta, at = pq.ParquetFile(path).metadata, 4
    for g in range(meta.num_row_groups):
        for i in range(meta.num_columns):
            c = meta.row_group(g).column(i)
            start = c.dictionary_page_offset if c.has_dictionary_page else c.data_page_offset
            assert start == at, f"{why}: row group {g}, column {i} starts at {start}, not {at}"
            at += c.total_compressed_size
    assert at == os.path.getsize(path) - 8 - meta.serialized_size, f"{why}: bytes before the footer"


def slices(table, sizes):
    """Batches of these sizes in turn, cut out of one, so that arrays have offsets."""
    whole, at, k = table.combine_chunks().to_batches(), 0, 0
    if not whole:
        return
    while at < len(table):
        n = sizes[k % len(sizes)]
        yield whole[0].slice(at, n)
        at, k = at + n, k + 1


def run_case(folder, n, nulls, few, sizes, why, **options):
    names = [k for k in TYPES]
    fields, arrays = [], []
    for name in names:
        arrays.append(column(name, n, nulls, few))
        fields.append(pa.field(name, TYPES[name][0], nullable=nulls is not None))
    schema = pa.schema(fields)
    table = pa.Table.from_arrays(arrays, schema=schema)
    path = os.path.join(folder, "case.parquet")
    write(path, schema, slices(table, sizes), **options)
    want = pa.Table.from_arrays([expected(a) for a in arrays],
                                schema=pa.schema([pa.field(f.name, expected(a).type, f.nullable) for f, a in zip(fields, arrays)]))
    check_pyarrow(path, want, why)
    check_offsets(path, why)
    check_statistics(path, want, why)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    got = con.execute(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()
    check_peer("duckdb", got, want, why)
    check_peer("polars", polars.read_parquet(path).to_arrow(), want, why)
    print(f"ok  {why}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for codec, codec_name in ((SNAPPY, "snappy"), (NONE, "none"), (ZSTD, "zstd")):
            for nulls in (None, 0, 0.33, 1):
                for few in (False, True):
                    run_case(folder, 300, nulls, few, [300], f"300 rows, {codec_name}, nulls {nulls}, few {few}", codec=codec)
        for no_dictionary in (False, True):
            for nulls in (None, 0.1):
                run_case(folder, 7000, nulls, True, [1, 999, 64, 2000], f"many groups and pages, dictionary off {no_dictionary}, nulls {nulls}",
                         row_group_rows=3000, page_bytes=2000, no_dictionary=no_dictionary)
                run_case(folder, 7000, nulls, False, [1023, 1025], f"a dictionary that overflows, off {no_dictionary}, nulls {nulls}",
                         dictionary_bytes=3000, page_bytes=20000, no_dictionary=no_dictionary)
        run_case(folder, 0, None, False, [1], "no rows")
        run_case(folder, 1, None, False, [1], "one row")
        run_case(folder, 5000, 0.5, True, [5000], "row groups by bytes", row_group_bytes=100000)
        extras(folder)
    print("all equal")


def extras(folder):
    path = os.path.join(folder, "extra.parquet")
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("s", pa.string())])
    batch = pa.record_batch([pa.array([1, 2], pa.int64()), pa.array(["x", None])], schema=schema)
    write(path, schema, [batch], key_values={"k": "v", "leer": ""})
    meta = pq.read_metadata(path)
    assert meta.metadata == {b"k": b"v", b"leer": b""}, meta.metadata
    assert meta.created_by.startswith("neuralake version "), meta.created_by
    assert meta.format_version == "2.6", meta.format_version
    # what must be refused, by column and row
    def refused(words, schema_, batch_, **options):
        try:
            write(path + ".bad", schema_, [batch_], **options)
        except Failed as e:
            assert all(w in str(e) for w in words), f"{words}: {e}"
            assert not os.path.exists(path + ".bad")
            print(f"ok  refused: {e}")
            return
        raise AssertionError(f"not refused: {words}")
    bad = pa.record_batch([pa.array([1, None, 3], pa.int64()), pa.array(["x", "y", "z"])], names=["a", "s"])
    refused(["column a", "row 1", "required"], schema, bad)
    refused(["1", "2"], schema, bad.select([0]))
    for kind in (pa.null(), pa.list_(pa.int32()), pa.dictionary(pa.int32(), pa.string()), pa.decimal256(40, 2), pa.float16()):
        refused(["column n", "not supported"], pa.schema([("n", kind)]), pa.record_batch([pa.nulls(1, kind)], names=["n"]))
    big = pa.record_batch([pa.array([2 ** 62], pa.timestamp("s"))], names=["t"])
    refused(["column t", "row 0"], big.schema, big)


main()
