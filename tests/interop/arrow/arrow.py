"""Our Arrow structures into pyarrow, and pyarrow's into ours. Argument: the shared object of export.c."""

import base64
import ctypes
import datetime as dt
import decimal
import io
import json
import math
import struct
import sys

import pyarrow as pa

lib = ctypes.CDLL(sys.argv[1])
lib.interop_error.restype = ctypes.c_char_p
lib.interop_count.restype = ctypes.c_int64
TEXT = "a text that grows and grows"
decimal.getcontext().prec = 60


SIZES = {"ArrowSchema": 72, "ArrowArray": 80, "ArrowArrayStream": 40}


def new(kind):
    """A zeroed structure (to be kept) and its address."""
    c = ctypes.create_string_buffer(SIZES[kind])
    return c, ctypes.addressof(c)


def ok(rc):
    assert rc == 0, (rc, lib.interop_error().decode())


def ptr(address):
    return ctypes.c_void_p(address)


def row(fmt, i):
    """The value that export.c appends for row i."""
    signed = -i if i % 2 else i
    if i % 5 == 4:
        return None
    if fmt == "b":
        return i % 3 == 0
    if fmt in "fg":
        return i / 4
    if fmt.startswith("d:"):
        scale = int(fmt.split(",")[1])
        v = (1000 + i) ** 3
        return decimal.Decimal(-v if i % 2 else v).scaleb(-scale)
    if fmt in ("u", "U", "vu"):
        return TEXT[: i % 28]
    if fmt in ("z", "Z", "vz"):
        return (TEXT.encode() + b"\0")[: i % 28]
    if fmt.startswith("w:"):
        return TEXT[: int(fmt[2:])].encode()
    return i if fmt in "CSIL" else signed


TYPES = {
    "b": pa.bool_(), "c": pa.int8(), "C": pa.uint8(), "s": pa.int16(), "S": pa.uint16(), "i": pa.int32(),
    "I": pa.uint32(), "l": pa.int64(), "L": pa.uint64(), "f": pa.float32(), "g": pa.float64(), "u": pa.utf8(),
    "U": pa.large_utf8(), "vu": pa.string_view(), "z": pa.binary(), "Z": pa.large_binary(), "vz": pa.binary_view(),
    "w:16": pa.binary(16), "d:38,7": pa.decimal128(38, 7), "d:12,0": pa.decimal128(12, 0), "tdD": pa.date32(),
    "tdm": pa.date64(), "tts": pa.time32("s"), "ttm": pa.time32("ms"), "ttu": pa.time64("us"),
    "ttn": pa.time64("ns"), "tss:": pa.timestamp("s"), "tsm:UTC": pa.timestamp("ms", "UTC"),
    "tsu:Europe/Berlin": pa.timestamp("us", "Europe/Berlin"), "tsn:": pa.timestamp("ns"),
}


def raw(array):
    """Dates and times as their integers, the rest as Python has it."""
    t = array.type
    if pa.types.is_temporal(t):
        array = array.cast(pa.int64()) if t.bit_width == 64 else array.cast(pa.int32())
    return array.to_pylist()


def our_columns():
    for fmt, want in TYPES.items():
        for rows in (0, 1, 5, 117):
            schema, s = new("ArrowSchema")
            array, a = new("ArrowArray")
            ok(lib.interop_column(fmt.encode(), ctypes.c_int64(rows), ptr(s), ptr(a)))
            got = pa.Array._import_from_c(a, s)
            got.validate(full=not pa.types.is_temporal(want))  # our rows are no times of day
            assert got.type == want, (fmt, got.type)
            values = [row(fmt, i) for i in range(rows)]
            assert raw(got) == values, (fmt, raw(got), values)
            assert got.null_count == sum(v is None for v in values)
            if fmt == "vu":
                views, v = new("ArrowArray")
                offsets, o = new("ArrowArray")
                got[1:]._export_to_c(v) if rows else got._export_to_c(v)
                ok(lib.interop_views_to_offsets(ptr(v), ptr(o)))
                plain = pa.Array._import_from_c(o, pa.utf8())
                plain.validate(full=True)
                assert plain.to_pylist() == values[1:]


def schema_copies():
    nested = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False, metadata={"k": "v", "": ""}),
            pa.field("list", pa.list_(pa.struct([("a", pa.utf8()), ("b", pa.decimal128(20, 3))]))),
            pa.field("map", pa.map_(pa.utf8(), pa.large_list(pa.timestamp("ns", "UTC")))),
            pa.field("dict", pa.dictionary(pa.int16(), pa.utf8(), ordered=True)),
            pa.field("ü", pa.dense_union([pa.field("x", pa.int8())])),
        ],
        metadata={"origin": "pyarrow", "empty": ""},
    )
    theirs, from_ = new("ArrowSchema")
    ours, to = new("ArrowSchema")
    nested._export_to_c(from_)
    ok(lib.interop_copy_schema(ptr(from_), ptr(to)))
    pa.Schema._import_from_c(from_)  # takes, and so releases, theirs first: ours must stand alone
    assert pa.Schema._import_from_c(to).equals(nested, check_metadata=True)


def text(array):
    """Our text of an array of theirs, a line a value."""
    schema, s = new("ArrowSchema")
    copy, a = new("ArrowArray")
    out = ctypes.c_char_p()
    array._export_to_c(a, s)
    ok(lib.interop_text(ptr(s), ptr(a), ctypes.byref(out)))
    lines = out.value.decode().split("\n")[:-1]
    lib.interop_free(out)
    return lines


def same_text(array, show):
    want = ["null" if v is None else show(v) for v in array.to_pylist()]
    got = text(array)
    assert got == want, [(g, w) for g, w in zip(got, want) if g != w][:5]
    assert text(array[1:]) == want[1:]


def iso(v):
    """Our form: the fraction in the digits of the unit, none where it is zero."""
    return v.isoformat().replace("+00:00", "Z")


def our_texts():
    same_text(pa.array([0, 1, None, 2**64 - 1], pa.uint64()), str)
    same_text(pa.array([-(2**63), None, 2**63 - 1]), str)
    same_text(pa.array([True, None, False]), lambda v: str(v).lower())
    same_text(pa.array(["", None, "ü", "a longer text than a view"]), str)
    decimals = [decimal.Decimal(s) for s in ("0.00", "-0.05", "12345678901234567890.12")]
    same_text(pa.array([*decimals, None], pa.decimal128(38, 2)), lambda v: format(v, "f"))
    days = [dt.date(1, 1, 1), dt.date(1582, 10, 15), dt.date(1970, 1, 1), None, dt.date(9999, 12, 31)]
    same_text(pa.array(days), iso)
    times = [dt.time(), dt.time(23, 59, 59, 999999), None, dt.time(1, 2, 3)]
    same_text(pa.array(times, pa.time64("us")), iso)
    stamps = [dt.datetime(1, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 1), None, dt.datetime(2024, 2, 29, 1)]
    same_text(pa.array(stamps, pa.timestamp("us")), iso)
    zoned = [v and v.replace(tzinfo=dt.timezone.utc) for v in stamps]
    same_text(pa.array(zoned, pa.timestamp("us", "UTC")), iso)
    our_floats()


def same_number(got, v):
    """repr() is the shortest, too; only where the exponent is written differs."""
    if math.isnan(v):
        return got == "NaN"
    if math.isinf(v):
        return got == ("Infinity" if v > 0 else "-Infinity")
    exact = struct.pack("d", float(got)) == struct.pack("d", v)
    digits = lambda s: len(s.lower().split("e")[0].replace("-", "").replace(".", "").strip("0"))
    return exact and digits(got) <= digits(repr(v)) + (abs(math.frexp(v)[0]) == 0.5)


def our_floats():
    import random

    r = random.Random(5)
    values = [0.0, -0.0, 1e15, 1e16, 5e-324, 1.7976931348623157e308, math.nan, math.inf, -math.inf]
    values += [struct.unpack("d", r.randbytes(8))[0] for _ in range(20000)]
    values += [r.randrange(10**9) / 100 for _ in range(20000)]
    for got, v in zip(text(pa.array(values)), values, strict=True):
        assert same_number(got, v), (got, v)


def call_text(f, *given):
    """The text that one of our functions made."""
    out = ctypes.c_char_p()
    ok(f(*given, ctypes.byref(out)))
    got = out.value.decode()
    lib.interop_free(out)
    return got


def ndjson(batch):
    schema, s = new("ArrowSchema")
    copy, a = new("ArrowArray")
    batch._export_to_c(a, s)
    return call_text(lib.interop_ndjson, ptr(s), ptr(a))


def sql(t):
    schema, s = new("ArrowSchema")
    t._export_to_c(s)
    return call_text(lib.interop_sql, ptr(s))


def plain(v):
    """A Python value as our JSON has it."""
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [{"key": plain(x[0]), "value": plain(x[1])} if isinstance(x, tuple) else plain(x) for x in v]
    if isinstance(v, bytes):
        return base64.b64encode(v).decode()
    if isinstance(v, decimal.Decimal):
        return format(v, "f")
    if isinstance(v, (dt.date, dt.time)):
        return iso(v)
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"
    return v


NESTED = [
    (pa.list_(pa.int64()), "BIGINT[]", [[1, None, -(2**63)], [], None, [7]]),
    (pa.large_list(pa.utf8()), "VARCHAR[]", [["a\n\"", ""], None, [], [None]]),
    (pa.list_(pa.float32(), 2), "FLOAT[2]", [[0.5, math.inf], None, [math.nan, -1.0], [0.0, -math.inf]]),
    (pa.struct([("a", pa.int32()), ("b c", pa.list_(pa.bool_()))]), 'STRUCT(a INTEGER, "b c" BOOLEAN[])',
     [{"a": 1, "b c": [True, None]}, None, {"a": None, "b c": None}, {"a": 2, "b c": []}]),
    (pa.struct([]), "STRUCT()", [{}, None, {}, {}]),
    (pa.map_(pa.utf8(), pa.list_(pa.decimal128(9, 2))), "MAP(VARCHAR, DECIMAL(9,2)[])",
     [[("k", [decimal.Decimal("1.50")]), ("l", None)], [], None, [("", [])]]),
    (pa.dictionary(pa.int8(), pa.utf8()), "VARCHAR", ["x", None, "y", "x"]),
    (pa.list_(pa.dictionary(pa.uint16(), pa.binary())), "BLOB[]", [[b"x", None], [], None, [b"\xff\0"]]),
    (pa.decimal256(60, 3), "DECIMAL(60,3)", [decimal.Decimal(10**50).scaleb(-3), None, decimal.Decimal("-0.001"),
                                             decimal.Decimal("0.000")]),
    (pa.decimal32(5, 1), "DECIMAL(5,1)", [decimal.Decimal("-1.5"), None, decimal.Decimal("0.0"), decimal.Decimal("9.9")]),
    (pa.list_(pa.timestamp("us", "UTC")), "TIMESTAMP WITH TIME ZONE[]",
     [[dt.datetime(2024, 2, 29, tzinfo=dt.timezone.utc)], None, [], [None]]),
    (pa.list_(pa.null()), "NULL[]", [[None], None, [], [None, None]]),
    (pa.list_(pa.list_(pa.struct([("x", pa.large_binary()), ("y", pa.date32())]))), "STRUCT(x BLOB, y DATE)[][]",
     [[[{"x": b"ab", "y": dt.date(1, 2, 3)}], None, []], [], None, [[None]]]),
    (pa.string_view(), "VARCHAR", ["short", None, "a text that is longer than a view", ""]),
    (pa.float16(), "FLOAT", [1.5, None, math.inf, -0.25]),
]


def their_nested_texts():
    for t, name, values in NESTED:
        assert sql(t) == name, (t, sql(t))
        batch = pa.record_batch([pa.array(values, t)], names=["v \""])
        for piece in (batch, batch.slice(1), batch.slice(2, 1), batch.slice(0, 0)):
            got = [json.loads(line) for line in ndjson(piece).splitlines()]
            want = [{'v "': plain(v)} for v in piece.column(0).to_pylist()]
            assert got == want, (t, got, want)
    chars = "".join(map(chr, [*range(0x250), 0x2028, 0xFFFD, 0x1F600]))
    batch = pa.record_batch([pa.array([chars])], names=["v"])
    assert json.loads(ndjson(batch)) == {"v": chars}
    durations = pa.record_batch([pa.array([90_061_000_001, None, -1], pa.duration("us"))], names=["d"])
    assert ndjson(durations) == '{"d":"PT25H1M1.000001S"}\n{"d":null}\n{"d":"PT-0.000001S"}\n'


def encode(schema):
    c, s = new("ArrowSchema")
    schema._export_to_c(s)
    return base64.b64decode(call_text(lib.interop_ipc_encode, ptr(s)), validate=True)


def decode(message):
    c, s = new("ArrowSchema")
    ok(lib.interop_ipc_decode(base64.b64encode(message), ptr(s)))
    return pa.Schema._import_from_c(s)


def both_ways(schema):
    got = pa.ipc.read_schema(pa.py_buffer(encode(schema)))
    assert got.equals(schema, check_metadata=True), (got, schema)
    back = decode(schema.serialize().to_pybytes())
    assert back.equals(schema, check_metadata=True), (back, schema)


def ipc_schemas():
    flat = [*TYPES.values(), pa.null(), pa.float16(), pa.month_day_nano_interval(), pa.decimal256(76, 10), pa.decimal64(18, 2)]
    flat += [pa.duration(u) for u in ("s", "ms", "us", "ns")] + [pa.binary(0), pa.list_view(pa.int8())]
    every = [*flat, *(t for t, _, _ in NESTED), pa.run_end_encoded(pa.int32(), pa.utf8())]
    for t in every:
        both_ways(pa.schema([pa.field("x", t, nullable=t == pa.null())]))
    both_ways(pa.schema([]))
    fields = [pa.field(f"größe {i}", t, metadata={"k": "v" * i, "": ""}) for i, t in enumerate(every)]
    both_ways(pa.schema(fields, metadata={"pandas": "{}" * 1000, "e": ""}))
    both_ways(pa.schema([pa.field("m", pa.map_(pa.utf8(), pa.int8(), keys_sorted=True)),
                         pa.field("d", pa.dictionary(pa.int64(), pa.list_(pa.utf8()), ordered=True)),
                         pa.field("u", pa.uuid()), pa.field("j", pa.json_())]))
    deep = pa.int8()
    for _ in range(60):
        deep = pa.list_(deep)
    both_ways(pa.schema([("deep", deep)]))


def written(file):
    """What a Parquet file has under ARROW:schema."""
    import pyarrow.parquet as pq

    return base64.b64decode(pq.ParquetFile(file).metadata.metadata[b"ARROW:schema"])


def their_parquet_schemas():
    import pyarrow.parquet as pq

    table = pa.table({str(i): pa.array(values, t) for i, (t, _, values) in enumerate(NESTED[:4] + NESTED[5:8])})
    file = io.BytesIO()
    pq.write_table(table, file)
    assert decode(written(file)).equals(table.schema)
    try:
        import polars as pl
    except ImportError:
        return
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [dt.timedelta(1), None], "d": [[1.5], []],
                          "e": [{"f": dt.datetime(2024, 1, 1)}, None], "g": pl.Series(["u", "v"], dtype=pl.Categorical)})
    file = io.BytesIO()
    frame.write_parquet(file)
    message = written(file)
    assert decode(message).equals(pa.ipc.read_schema(pa.py_buffer(message)), check_metadata=True)


def our_streams():
    for rows, batch in ((5, 0), (0, 0), (100_000, 999), (1_000_000, 0)):
        stream, s = new("ArrowArrayStream")
        ok(lib.interop_parts(ctypes.c_int64(rows), ctypes.c_int64(batch), ptr(s)))
        table = pa.RecordBatchReader._import_from_c(s).read_all()
        table.validate(full=True)
        assert table.num_rows == rows
        if rows == 5:
            assert table.to_pydict() == {
                "p_partkey": [1, 2, 3, 4, 5],
                "p_name": [f"Part#{i}" for i in range(1, 6)],
                "p_brand": ["Brand#1", "Brand#2", "Brand#3", "Brand#1", "Brand#2"],
                "p_retailprice": [10.0, 20.0, 30.0, 40.0, 50.0],
            }
            assert not table.schema.field("p_partkey").nullable
        else:
            assert table["p_name"].to_pylist() == [f"Part#{i}" for i in range(1, rows + 1)]
    stream, s = new("ArrowArrayStream")
    ok(lib.interop_failing(ptr(s)))
    reader = pa.RecordBatchReader._import_from_c(s)
    assert reader.read_next_batch().num_rows == 3
    try:
        reader.read_next_batch()
        raise SystemExit("the failure did not come through")
    except OSError as e:
        assert "page at byte 12 is broken" in str(e), e


def their_streams():
    schema = pa.schema([("x", pa.int64())])
    batches = [pa.record_batch([pa.array([1, 2, 3])], schema=schema)] * 4
    stream, s = new("ArrowArrayStream")
    pa.RecordBatchReader.from_batches(schema, batches)._export_to_c(s)
    assert lib.interop_count(ptr(s)) == 12

    def fail():
        yield batches[0]
        raise ValueError("their own words")

    stream, s = new("ArrowArrayStream")
    pa.RecordBatchReader.from_batches(schema, fail())._export_to_c(s)
    assert lib.interop_count(ptr(s)) < 0
    assert b"their own words" in lib.interop_error(), lib.interop_error()


for check in (our_columns, schema_copies, our_texts, their_nested_texts, ipc_schemas, their_parquet_schemas, our_streams, their_streams):
    check()
    print("ok", check.__name__)
before = pa.total_allocated_bytes()
assert before < 1 << 20, before  # what we were lent came back
