"""Files that Neuralake writes, read by pyarrow, DuckDB and Polars: equal values, types and statistics.

pyarrow makes the data and hands it over through the Arrow C data interface; the shared library beside the program under
test writes it. Every column type × nulls × codec × dictionary × row groups and pages, with the values at the edges; nested
columns of random shapes; every encoding, codec and option, and what pyarrow sees of them in the metadata.
The seed is printed; PARQUET_WRITE_SEED gives it again. Skipped (77) where the peers or the library are missing, and where a sanitizer's library cannot be loaded into Python.
"""
import ctypes
import datetime as dt
import decimal
import json
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

SNAPPY, NONE, ZSTD, GZIP, BROTLI, LZ4_RAW = range(6)
CODECS = ("snappy", "none", "zstd", "gzip", "brotli", "lz4_raw")
ENCODINGS = ("", "PLAIN", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
             "BYTE_STREAM_SPLIT", "RLE")


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 1200), ("hint", ctypes.c_char * 400)]


class Column(ctypes.Structure):
    _fields_ = [("path", ctypes.c_char_p), ("encoding", ctypes.c_int), ("bloom_filter", ctypes.c_bool),
                ("bloom_fpp", ctypes.c_double), ("has_codec", ctypes.c_bool), ("codec", ctypes.c_int),
                ("codec_level", ctypes.c_int), ("no_statistics", ctypes.c_bool)]


class Sorting(ctypes.Structure):
    _fields_ = [("path", ctypes.c_char_p), ("descending", ctypes.c_bool), ("nulls_first", ctypes.c_bool)]


class Options(ctypes.Structure):
    _fields_ = [("codec", ctypes.c_int), ("codec_level", ctypes.c_int), ("row_group_rows", ctypes.c_int64),
                ("row_group_bytes", ctypes.c_uint64), ("page_bytes", ctypes.c_uint64), ("page_rows", ctypes.c_int64),
                ("dictionary_bytes", ctypes.c_uint64), ("no_dictionary", ctypes.c_bool),
                ("auto_encoding", ctypes.c_bool), ("data_page_v2", ctypes.c_bool), ("no_page_index", ctypes.c_bool),
                ("checksums", ctypes.c_bool), ("no_arrow_schema", ctypes.c_bool), ("threads", ctypes.c_size_t),
                ("columns", ctypes.POINTER(Column)), ("n_columns", ctypes.c_size_t),
                ("sorting", ctypes.POINTER(Sorting)), ("n_sorting", ctypes.c_size_t),
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
    columns = [Column(path=path_.encode(), **c) for path_, c in options.pop("columns", {}).items()]
    sorting = [Sorting(path_.encode(), *rest) for path_, *rest in options.pop("sorting", [])]
    o = Options(key_values=array, n_key_values=len(pairs), columns=(Column * max(1, len(columns)))(*columns),
                n_columns=len(columns), sorting=(Sorting * max(1, len(sorting)))(*sorting), n_sorting=len(sorting),
                **options)
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

SEED = int(os.environ.get("PARQUET_WRITE_SEED") or random.SystemRandom().randrange(1 << 32))
R = random.Random(SEED)
print(f"seed {SEED}")
EPOCH = dt.date(1970, 1, 1)


def ints(bits, signed):
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return [lo, hi, 0, 1, lo + 1, hi - 1], lambda: R.randint(lo, hi)


def text():
    return "".join(R.choice("abcxyz \u00e9\u4e2d\U0001f600") for _ in range(R.choice((0, 1, 3, 8, 12, 13, 16, 17, 40))))


def dec(p, s):
    top = 10 ** p - 1
    make = lambda v: decimal.Decimal(v).scaleb(-s, decimal.Context(prec=80))
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
for unit, scale in (("s", 1), ("us", 10 ** 6)):
    TYPES[f"duration_{unit}"] = (pa.duration(unit), [0, -1, 2 ** 40], lambda: R.randint(-10 ** 12, 10 ** 12))
TYPES["half"] = (pa.float16(), [0.0, -0.0, math.inf, -math.inf, math.nan, 1.5, 65504.0], lambda: float(R.randint(-2000, 2000)) / 8)
for p, s in ((1, 0), (4, 4), (9, 2), (10, 2), (18, 9), (19, 0), (28, 10), (38, 0), (38, 38)):
    TYPES[f"dec_{p}_{s}"] = (pa.decimal128(p, s), *dec(p, s))
for p, s in ((5, 2), (18, 3), (30, 5), (39, 0), (76, 38)):
    TYPES[f"dec256_{p}_{s}"] = (pa.decimal256(p, s), *dec(p, s))
TYPES["dec32"] = (pa.decimal32(9, 2), *dec(9, 2))
TYPES["dec64_5"] = (pa.decimal64(5, 0), *dec(5, 0))
TYPES["dec64_18"] = (pa.decimal64(18, 6), *dec(18, 6))


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
    if pa.types.is_duration(t):
        return a.cast(pa.int64())
    if pa.types.is_decimal(t):
        return a.cast(pa.decimal128(t.precision, t.scale) if t.precision <= 38 else t)
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
            if t == pa.float16():
                values, t = values.cast(pa.float32()), pa.float32()
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
            if isinstance(s.min, bytes) and not isinstance(raw(lo), bytes):  # half floats, large decimals
                got = [int.from_bytes(v, "big", signed=True) if pa.types.is_decimal(t) else struct.unpack("e", v)[0] for v in (s.min, s.max)]
                got = [decimal.Decimal(v).scaleb(-t.scale, decimal.Context(prec=80)) if pa.types.is_decimal(t) else v for v in got]
                assert got == [raw(lo), raw(hi)], f"{place}: {got}"
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
    assert at <= os.path.getsize(path) - 8 - meta.serialized_size, f"{why}: bytes before the footer"


def slices(table, sizes):
    """Batches of these sizes in turn, cut out of one, so that arrays have offsets."""
    whole, at, k = table.combine_chunks().to_batches(), 0, 0
    if not whole:
        return
    while at < len(table):
        n = sizes[k % len(sizes)]
        yield whole[0].slice(at, n)
        at, k = at + n, k + 1


# What a peer cannot read at all, or reads as something else.
NOT_FOR = {"duckdb": ("dec256_39_0", "dec256_76_38", "half"), "polars": ("dec256_39_0", "dec256_76_38")}


def run_case(folder, n, nulls, few, sizes, why, names=None, only_pyarrow=(), **options):
    names = names or list(TYPES)
    fields, arrays = [], []
    for name in names:
        arrays.append(column(name, n, nulls, few))
        fields.append(pa.field(name, TYPES[name][0], nullable=nulls is not None))
    schema = pa.schema(fields)
    table = pa.Table.from_arrays(arrays, schema=schema)
    path = os.path.join(folder, "case.parquet")
    options.setdefault("no_arrow_schema", True)
    write(path, schema, slices(table, sizes), **options)
    want = pa.Table.from_arrays([expected(a) for a in arrays],
                                schema=pa.schema([pa.field(f.name, expected(a).type, f.nullable) for f, a in zip(fields, arrays)]))
    check_pyarrow(path, want, why)
    check_offsets(path, why)
    check_statistics(path, want, why)
    check_peers(path, want, why, only_pyarrow)
    print(f"ok  {why}")
    return path, want


def check_peers(path, want, why, only_pyarrow):
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    names = [x for x in want.column_names if x not in NOT_FOR["duckdb"] + tuple(only_pyarrow)]
    picked = ", ".join(f'"{x}"' for x in names)
    check_peer("duckdb", con.execute(f"SELECT {picked} FROM read_parquet('{path}')").to_arrow_table(), want.select(names), why)
    names = [x for x in want.column_names if x not in NOT_FOR["polars"] + tuple(only_pyarrow)]
    check_peer("polars", polars.read_parquet(path, columns=names).to_arrow(), want.select(names), why)


# ── nested shapes ──

LEAVES = ("int32", "int64", "uint8", "double", "string", "large_string", "string_view", "binary", "fixed5", "bool", "date32",
          "ts_us_None", "dec_9_2", "dec_28_10", "dec256_30_5")


def random_type(depth):
    """A random type, and what makes a value of it that is not null."""
    kind = R.choice(("leaf", "struct", "list", "large", "fixed", "map", "view", "dictionary")) if depth else "leaf"
    if kind == "struct":
        members = [random_field(f"f{i}", depth - 1) for i in range(R.randint(1, 3))]
        return pa.struct([f for f, _ in members]), lambda: {f.name: make() for f, make in members}
    if kind in ("list", "large", "view"):
        item, make = random_field(R.choice(("item", "element", "x")), depth - 1)
        of = {"list": pa.list_, "large": pa.large_list, "view": pa.list_view}[kind]
        return of(item), lambda: [make() for _ in range(R.choice((0, 0, 1, 2, 5)))]
    if kind == "fixed":
        n = R.choice((1, 2, 3))
        item, make = random_field("item", depth - 1)
        return pa.list_(item, n), lambda: [make() for _ in range(n)]
    if kind == "map":
        value, make = random_field("value", depth - 1)
        return pa.map_(pa.string(), value), lambda: [(f"k{i}", make()) for i in range(R.choice((0, 1, 3)))]
    if kind == "dictionary":
        index = R.choice((pa.int8(), pa.int16(), pa.int32(), pa.int64()))
        values = [text() for _ in range(20)]
        return pa.dictionary(index, pa.string()), lambda: R.choice(values)
    name = R.choice(LEAVES)
    t, edges, more = TYPES[name]
    plain = [x for x in edges if x == x]
    return t, lambda: R.choice(plain) if R.random() < 0.2 else more()


def random_field(name, depth):
    t, make = random_type(depth)
    nullable = R.random() < 0.7
    return pa.field(name, t, nullable), (lambda: None if R.random() < 0.2 else make()) if nullable else make


def plain(v):
    """Values as every peer can say them: maps as lists of pairs, no tuples, bytes and times as they are."""
    if isinstance(v, dict):
        if set(v) == {"key", "value"}:
            return [plain(v["key"]), plain(v["value"])]
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, decimal.Decimal):
        return v.normalize(decimal.Context(prec=80))
    return v


def has(t, test):
    return test(t) or any(has(t.field(i).type, test) for i in range(t.num_fields))


def read_by_pyarrow(path, table):
    """The file as a table; None where pyarrow cannot read its own file of these rows either: it refuses a fixed-size list
    that may not be null within a struct that is."""
    try:
        return pq.read_table(path)
    except pa.ArrowInvalid as refused:
        own = path + ".pyarrow"
        pq.write_table(table, own)
        try:
            pq.read_table(own)
        except pa.ArrowInvalid as same:
            if str(same) == str(refused) and "lists to be of size" in str(same):
                return None
        raise


def nested_case(folder, depth, rows, **options):
    made = [random_field(f"c{i}", depth) for i in range(R.randint(1, 4))]
    schema = pa.schema([f for f, _ in made])
    arrays = [pa.array([make() for _ in range(rows)], f.type) for f, make in made]
    table = pa.Table.from_arrays(arrays, schema=schema)
    path = os.path.join(folder, "nested.parquet")
    why = f"nested, {rows} rows, {options}: {schema}"
    write(path, schema, slices(table, R.choice(([rows], [1, 7, 64], [200, 3]))), **options)
    got = read_by_pyarrow(path, table)
    if got is None:
        return
    for i, f in enumerate(schema):
        want = [plain(v) for v in table.column(i).to_pylist()]
        assert [plain(v) for v in got.column(i).to_pylist()] == want, f"{why}: pyarrow: {f.name}"
        have = pq.ParquetFile(path).schema_arrow.field(i)
        assert have.nullable == f.nullable, f"{why}: {f.name}"
        if not any(has(x.type, pa.types.is_list_view) for x in schema):  # for those no types are restored
            assert have.type == f.type, f"{why}: {have.type}"
    check_size_statistics(path, why)
    con = duckdb.connect()
    for i, name in enumerate(schema.names):
        want = [plain(v) for v in table.column(i).to_pylist()]
        if not has(schema.field(i).type, pa.types.is_map):
            have = con.execute(f"SELECT {name} FROM read_parquet('{path}')").to_arrow_table().column(0).to_pylist()
            assert [plain(v) for v in have] == want, f"{why}: duckdb: {name}"
        if has(schema.field(i).type, lambda t: pa.types.is_dictionary(t) or pa.types.is_decimal256(t)):
            continue  # Polars 2.1 panics on giving away categories within lists, and nothing but nulls of these
        if options.get("auto_encoding") and has(schema.field(i).type, pa.types.is_fixed_size_list):
            continue  # Polars 2.1 panics on DELTA strings within these, of pyarrow's files too
        have = polars.read_parquet(path, columns=[name]).to_arrow().column(0).to_pylist()
        assert [plain(v) for v in have] == want, f"{why}: polars: {name}"


def check_size_statistics(path, why):
    """Rows of each group are what its pages' first rows say, and every page begins at a row: peers read by them."""
    f = pq.ParquetFile(path)
    assert sum(f.metadata.row_group(g).num_rows for g in range(f.num_row_groups)) == f.metadata.num_rows, why
    for g in range(f.num_row_groups):
        assert f.read_row_group(g).num_rows == f.metadata.row_group(g).num_rows, why


def nested(folder):
    for k in range(60):
        nested_case(folder, R.randint(1, 4), R.choice((0, 1, 50, 400)), codec=R.choice((SNAPPY, NONE, ZSTD)),
                    row_group_rows=R.choice((0, 37)), page_bytes=R.choice((0, 200)), page_rows=R.choice((0, 11)),
                    data_page_v2=R.random() < 0.5, no_dictionary=R.random() < 0.3, dictionary_bytes=R.choice((0, 60)),
                    threads=R.choice((0, 3)), auto_encoding=R.random() < 0.3, checksums=R.random() < 0.3)
    print("ok  60 random nested shapes")
    t, make = pa.int32(), lambda: 5
    for level in range(31):
        t = pa.list_(pa.field("element", t)) if level % 2 else pa.struct([pa.field("s", t)])
    deep = pa.table({"d": pa.array([None], t)})
    path = os.path.join(folder, "deep.parquet")
    write(path, deep.schema, deep.to_batches())
    assert pq.read_table(path).equals(deep)
    print("ok  31 levels")


# ── options, encodings, codecs ──

def every_codec(folder):
    for codec, name in enumerate(CODECS):
        for v2 in (False, True):
            path, _ = run_case(folder, 2000, 0.2, True, [700], f"codec {name}, v2 {v2}", codec=codec, data_page_v2=v2,
                               checksums=True, page_rows=500)
            meta = pq.read_metadata(path).row_group(0)
            want = "UNCOMPRESSED" if name == "none" else "LZ4" if name == "lz4_raw" else name.upper()
            assert {meta.column(i).compression for i in range(meta.num_columns)} == {want}, name
            pq.read_table(path, page_checksum_verification=True)


def encodings_of(chunk):
    return set(chunk.encodings)


def every_encoding(folder):
    fits = {1: lambda t: True, 2: lambda t: t != pa.bool_(),
            3: lambda t: pa.types.is_integer(t) or pa.types.is_temporal(t),
            4: lambda t: t in (pa.string(), pa.binary(), pa.string_view(), pa.large_string()),
            5: lambda t: t in (pa.string(), pa.binary(), pa.binary(5), pa.string_view(), pa.decimal128(28, 10)),
            6: lambda t: pa.types.is_floating(t) or pa.types.is_integer(t) or t == pa.binary(5) or pa.types.is_decimal128(t),
            7: lambda t: t == pa.bool_()}
    for e in range(1, 8):
        names = [k for k in TYPES if fits[e](TYPES[k][0]) and k not in ("half",)]
        for v2, few in ((False, True), (True, False)):
            path, _ = run_case(folder, 3000, 0.1, few, [999, 1024], f"encoding {ENCODINGS[e]}, v2 {v2}, few {few}", names=names,
                               only_pyarrow=[k for k in names if e > 4 and k.startswith(("fixed", "dec_28", "dec_38", "dec_19"))],
                               data_page_v2=v2, page_rows=700, columns={k: {"encoding": e} for k in names})
            group = pq.read_metadata(path).row_group(0)
            for i, name in enumerate(names):
                assert ENCODINGS[e] in encodings_of(group.column(i)), f"{name}: {group.column(i).encodings}"
    path, _ = run_case(folder, 5000, None, False, [5000], "auto encoding", auto_encoding=True, no_dictionary=True)
    seen = set().union(*(encodings_of(pq.read_metadata(path).row_group(0).column(i)) for i in range(len(TYPES))))
    assert "BYTE_STREAM_SPLIT" in seen, seen
    rising = pa.table({"t": pa.array(range(10 ** 6, 10 ** 6 + 40000), pa.int64())})
    write(path, rising.schema, rising.to_batches(), auto_encoding=True)
    assert "DELTA_BINARY_PACKED" in encodings_of(pq.read_metadata(path).row_group(0).column(0))
    assert pq.read_table(path).equals(rising)


def same_bytes_with_threads(folder):
    paths = []
    for threads in (1, 2, 5):
        R.seed(SEED)
        path, _ = run_case(folder, 30000, 0.1, True, [20000], f"{threads} threads", threads=threads, row_group_rows=12000,
                           page_rows=3000, checksums=True, names=[k for k in TYPES if "256" not in k])
        os.rename(path, path + str(threads))
        paths.append(open(path + str(threads), "rb").read())
    assert paths[0] == paths[1] == paths[2], "other bytes with more threads"
    print("ok  equal bytes with 1, 2 and 5 threads")


def metadata(folder):
    """What pyarrow sees of indexes, filters, sorting, field ids, extension types, restored types."""
    path = os.path.join(folder, "meta.parquet")
    wkb = pa.field("g", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb",
                                               "ARROW:extension:metadata": json.dumps({"crs": "srid:25832"})})
    schema = pa.schema([
        pa.field("id", pa.int64(), False, metadata={"PARQUET:field_id": "7"}),
        pa.field("name", pa.string()),
        pa.field("p", pa.struct([pa.field("x", pa.int32(), metadata={"PARQUET:field_id": "9"})]), metadata={"PARQUET:field_id": "8"}),
        pa.field("u", pa.uuid()), pa.field("j", pa.json_()), pa.field("none", pa.null()), wkb,
        pa.field("cat", pa.dictionary(pa.int8(), pa.string())), pa.field("dur", pa.duration("ms")),
        pa.field("ls", pa.large_string()), pa.field("tz", pa.timestamp("us", "Asia/Tokyo")),
        pa.field("v", pa.string_view()), pa.field("fl", pa.list_(pa.float32(), 2))])
    n = 5000
    point = bytes([1, 1, 0, 0, 0]) + struct.pack("<dd", 1, 2)
    arrays = [pa.array(range(n), pa.int64()), pa.array([f"n{i % 1000}" for i in range(n)]), pa.array([{"x": i} for i in range(n)], schema.field("p").type),
              pa.array([bytes([i % 256]) * 16 for i in range(n)], pa.uuid()), pa.array(["{}"] * n, pa.json_()), pa.nulls(n),
              pa.array([point] * n), pa.array(["a", "b", None, "c", "a"] * 1000).dictionary_encode().cast(schema.field("cat").type),
              pa.array(range(n), pa.duration("ms")), pa.array(["x"] * n, pa.large_string()), pa.array(range(n), pa.timestamp("us", "Asia/Tokyo")),
              pa.array(["view"] * n, pa.string_view()), pa.array([[1, 2]] * n, pa.list_(pa.float32(), 2))]
    table = pa.Table.from_arrays(arrays, schema=schema)
    write(path, schema, slices(table, [1000]), page_rows=500, sorting=[("id", False, False), ("p.x", True, True)],
          columns={"id": {"bloom_filter": True}, "name": {"bloom_filter": True, "bloom_fpp": 0.001},
                   "p": {"no_statistics": True}, "ls": {"has_codec": True, "codec": ZSTD}})
    f = pq.ParquetFile(path)
    group, names = f.metadata.row_group(0), [f.schema.column(i).path for i in range(len(f.schema))]
    chunk = {name: group.column(i) for i, name in enumerate(names)}
    for name in names:
        assert chunk[name].has_offset_index, name
        assert chunk[name].has_column_index == (name not in ("p.x", "g")), f"column index of {name}"
    assert not chunk["p.x"].is_stats_set and chunk["id"].is_stats_set
    assert chunk["ls"].compression == "ZSTD" and chunk["id"].compression == "SNAPPY"
    assert [(s.column_index, s.descending, s.nulls_first) for s in group.sorting_columns] == \
        [(names.index("id"), False, False), (names.index("p.x"), True, True)], group.sorting_columns
    got = f.schema_arrow
    assert got.field("id").metadata[b"PARQUET:field_id"] == b"7" and got.field("p").metadata[b"PARQUET:field_id"] == b"8"
    assert got.field("p").type.field(0).metadata[b"PARQUET:field_id"] == b"9"
    for name in ("u", "none", "cat", "dur", "ls", "tz", "v", "fl"):
        assert got.field(name).type == schema.field(name).type, f"{name}: {got.field(name).type}"
    for name, logical in (("u", "UUID"), ("j", "JSON"), ("g", "Geometry(crs=srid:25832)"), ("none", "Null")):
        assert str(f.schema.column(names.index(name)).logical_type) == logical, str(f.schema.column(names.index(name)).logical_type)
    read = f.read()
    for name in ("id", "name", "p", "u", "none", "cat", "dur", "ls", "tz", "v", "fl"):
        assert read[name].to_pylist() == table[name].to_pylist(), name
    con = duckdb.connect()
    rows = con.execute(f"SELECT path_in_schema, bloom_filter_offset, bloom_filter_length FROM parquet_metadata('{path}')").fetchall()
    assert {r[0] for r in rows if r[1]} == {"id", "name"}, rows
    probe = lambda v: con.execute(f"SELECT count(*) FILTER (bloom_filter_excludes) FROM parquet_bloom_probe('{path}', 'name', {v!r})").fetchone()[0]
    assert all(probe(f"n{i}") == 0 for i in range(0, 1000, 50)), "a bloom filter without its values"
    assert sum(probe(f"other{i}") for i in range(100)) > 90, "a bloom filter that holds everything"
    assert con.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE id BETWEEN 600 AND 610").fetchone() == (11,)
    flat = table.drop_columns(["g"])  # Polars 2.1 refuses files with GEOMETRY
    write(path, flat.schema, slices(flat, [1000]), page_rows=500, columns={"id": {"bloom_filter": True}})
    assert polars.scan_parquet(path).filter(polars.col("id") == 4321).select("name").collect().item() == "n321"
    print("ok  indexes, bloom filters, sorting, field ids, extension types, restored types")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for codec, codec_name in ((SNAPPY, "snappy"), (NONE, "none")):
            for nulls in (None, 0, 0.33, 1):
                for few in (False, True):
                    run_case(folder, 300, nulls, few, [300], f"300 rows, {codec_name}, nulls {nulls}, few {few}", codec=codec)
        for no_dictionary in (False, True):
            for nulls in (None, 0.1):
                run_case(folder, 7000, nulls, True, [1, 999, 64, 2000], f"many groups and pages, dictionary off {no_dictionary}, nulls {nulls}",
                         row_group_rows=3000, page_bytes=2000, no_dictionary=no_dictionary)
                run_case(folder, 7000, nulls, False, [1023, 1025], f"a dictionary that overflows, off {no_dictionary}, nulls {nulls}",
                         dictionary_bytes=3000, page_bytes=20000, no_dictionary=no_dictionary, no_page_index=no_dictionary)
        run_case(folder, 0, None, False, [1], "no rows")
        run_case(folder, 1, None, False, [1], "one row")
        run_case(folder, 5000, 0.5, True, [5000], "row groups by bytes", row_group_bytes=100000)
        every_codec(folder)
        every_encoding(folder)
        nested(folder)
        same_bytes_with_threads(folder)
        metadata(folder)
        extras(folder)
    print("all equal")


def extras(folder):
    path = os.path.join(folder, "extra.parquet")
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("s", pa.string())])
    batch = pa.record_batch([pa.array([1, 2], pa.int64()), pa.array(["x", None])], schema=schema)
    write(path, schema, [batch], key_values={"k": "v", "leer": ""}, no_arrow_schema=True)
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
    for kind, word in ((pa.run_end_encoded(pa.int32(), pa.int64()), "run-end"), (pa.struct([]), "members"), (pa.sparse_union([pa.field("a", pa.int32())]), "union")):
        refused(["column n", word], pa.schema([("n", kind)]), pa.record_batch([pa.nulls(1, kind)], names=["n"]))
    nanos = pa.record_batch([pa.array([(1, 2, 3)], pa.month_day_nano_interval())], names=["i"])
    refused(["column i", "milliseconds"], nanos.schema, nanos)
    refused(["column i", "negative"], nanos.schema, pa.record_batch([pa.array([(-1, 0, 0)], pa.month_day_nano_interval())], names=["i"]))
    whole = pa.record_batch([pa.array([(14, 2, 3_000_000), None], pa.month_day_nano_interval())], names=["i"])
    write(path, whole.schema, [whole])
    rows = duckdb.execute(f"SELECT i = INTERVAL '14 months 2 days 3 milliseconds' FROM read_parquet('{path}')").fetchall()
    assert rows == [(True,), (None,)], rows
    for told, logical in ((None, "Geometry(crs=)"), ({"crs": "OGC:CRS84"}, "Geometry(crs=)"),
                          ({"edges": "spherical"}, "Geography(crs=, algorithm=spherical)"),
                          ({"crs": {"type": "GeographicCRS"}, "edges": "vincenty"}, 'Geography(crs={"type":"GeographicCRS"}, algorithm=vincenty)')):
        meta = {"ARROW:extension:name": "geoarrow.wkb"} | ({"ARROW:extension:metadata": json.dumps(told)} if told else {})
        wkb = pa.record_batch([pa.array([b""])], schema=pa.schema([pa.field("g", pa.binary(), metadata=meta)]))
        write(path, wkb.schema, [wkb])
        assert str(pq.ParquetFile(path).schema.column(0).logical_type) == logical, str(pq.ParquetFile(path).schema.column(0).logical_type)
    one = pa.record_batch([pa.array([1], pa.int32())], names=["a"])
    refused(["DELTA_BYTE_ARRAY", "INT32", "column a"], one.schema, one, columns={"a": {"encoding": 5}})
    refused(["none of that name", "a.b"], one.schema, one, columns={"a.b": {}})
    big = pa.record_batch([pa.array([2 ** 62], pa.timestamp("s"))], names=["t"])
    refused(["column t", "row 0"], big.schema, big)


if __name__ == "__main__":
    main()
