"""Our Arrow structures into pyarrow, and pyarrow's into ours. Argument: the shared object of export.c."""

import ctypes
import datetime as dt
import decimal
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


for check in (our_columns, schema_copies, our_texts, our_streams, their_streams):
    check()
    print("ok", check.__name__)
before = pa.total_allocated_bytes()
assert before < 1 << 20, before  # what we were lent came back
