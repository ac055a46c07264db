"""Nested columns, paths, row ranges, threads and checksums, against pyarrow (and files of DuckDB and Polars).

Shapes and values are random, from a seed that is printed (NEURALAKE_TEST_SEED repeats a run): nulls and empty lists at every
level, pages so small that rows go on from page to page, versions 1 and 2, with and without dictionary. Skips like
parquet_read.py, whose reading of files it uses.
"""
import os
import random
import tempfile

from parquet_read import Failed, duckdb, pa, pl, pq, read


def plain(t):
    """One type for layouts that say the same; names of lists' and maps' levels do not count."""
    if pa.types.is_struct(t):
        return ("struct",) + tuple((t.field(i).name, t.field(i).nullable, plain(t.field(i).type)) for i in range(t.num_fields))
    if pa.types.is_map(t):
        return ("map", plain(t.key_type), t.item_field.nullable, plain(t.item_type))
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        return ("list", t.value_field.nullable, plain(t.value_type))
    if t in (pa.string(), pa.large_string(), pa.string_view()):
        return "string"
    if t in (pa.binary(), pa.large_binary(), pa.binary_view()):
        return "binary"
    return str(t)


def compare(got, want, what):
    assert got.num_rows == want.num_rows, f"{what}: {got.num_rows} rows, expected {want.num_rows}"
    assert got.column_names == want.column_names, f"{what}: {got.column_names}, expected {want.column_names}"
    for name, g, w in zip(got.column_names, got.columns, want.columns):
        assert plain(g.type) == plain(w.type), f"{what}, {name}: {g.type}, expected {w.type}"
        a, b = g.to_pylist(), w.to_pylist()
        if a != b:
            i = next(i for i in range(len(b)) if a[i] != b[i])
            raise AssertionError(f"{what}, {name}: row {i} is {a[i]!r}, expected {b[i]!r}")


LEAVES = [(pa.int32(), lambda r: r.randrange(-9, 9)), (pa.int64(), lambda r: r.randrange(2 ** 40)),
          (pa.string(), lambda r: r.choice(["", "a", "thirteen byte", "x" * r.randrange(40)])),
          (pa.bool_(), lambda r: r.random() < 0.5), (pa.float64(), lambda r: r.random()),
          (pa.decimal128(12, 2), lambda r: __import__("decimal").Decimal(r.randrange(10 ** 6)).scaleb(-2)),
          (pa.binary(3), lambda r: r.randbytes(3)), (pa.int8(), lambda r: r.randrange(100))]


def shape(rng, depth):
    """A random type, and a function that makes values of it."""
    kind = rng.choice(["leaf", "list", "struct", "map", "list", "struct"]) if depth else "leaf"
    nulls = rng.choice([0, 0.1, 0.5])

    def maybe(value):
        return lambda r: None if r.random() < nulls else value(r)
    if kind == "leaf":
        t, value = rng.choice(LEAVES)
        return pa.field("x", t, nullable=nulls > 0), maybe(value)
    if kind == "list":
        inner, value = shape(rng, depth - 1)
        return (pa.field("l", pa.list_(inner.with_name("element")), nullable=nulls > 0),
                maybe(lambda r: [value(r) for _ in range(r.choice([0, 0, 1, 2, 5]))]))
    if kind == "map":
        inner, value = shape(rng, depth - 1)
        return (pa.field("m", pa.map_(pa.string(), inner.with_name("value")), nullable=nulls > 0),
                maybe(lambda r: [(f"k{i}", value(r)) for i in range(r.choice([0, 1, 3]))]))
    members = [shape(rng, depth - 1) for _ in range(rng.choice([1, 2, 3]))]
    fields = [f.with_name(f"{chr(97 + i)}") for i, (f, _) in enumerate(members)]
    return (pa.field("s", pa.struct(fields), nullable=nulls > 0),
            maybe(lambda r: {f.name: value(r) for f, (_, value) in zip(fields, members)}))


FIXED = [pa.list_(pa.list_(pa.int32())), pa.list_(pa.struct([("p", pa.list_(pa.string())), ("q", pa.int64())])),
         pa.map_(pa.string(), pa.list_(pa.struct([("x", pa.int32()), ("y", pa.bool_())]))),
         pa.struct([("a", pa.struct([("b", pa.list_(pa.struct([("c", pa.int32())])))]))]),
         pa.list_(pa.list_(pa.list_(pa.list_(pa.string()))))]


def value_of(t, r):
    if r.random() < 0.2:
        return None
    if pa.types.is_struct(t):
        return {t.field(i).name: value_of(t.field(i).type, r) for i in range(t.num_fields)}
    if pa.types.is_map(t):
        return [(f"k{i}", value_of(t.item_type, r)) for i in range(r.choice([0, 1, 3]))]
    if pa.types.is_list(t):
        return [value_of(t.value_type, r) for _ in range(r.choice([0, 0, 1, 2, 5]))]
    return {"int32": r.randrange(99), "int64": r.randrange(99), "bool": r.random() < 0.5}.get(str(t), "s" * r.randrange(20))


def table(rng, rows):
    fields = [pa.field(f"fixed{i}", t) for i, t in enumerate(FIXED)]
    arrays = [pa.array([value_of(t, rng) for _ in range(rows)], t) for t in FIXED]
    for i in range(4):
        field, value = shape(rng, rng.choice([1, 2, 3, 4]))
        fields.append(field.with_name(f"c{i}"))
        arrays.append(pa.array([value(rng) for _ in range(rows)], field.type))
    fields.append(pa.field("flat", pa.int64()))
    arrays.append(pa.array([None if rng.random() < 0.1 else i for i in range(rows)], pa.int64()))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def ranges_of(rng, rows):
    cuts = sorted(rng.sample(range(rows + 1), min(rows + 1, 2 * rng.choice([1, 2, 5]))))
    return [(a, b - a) for a, b in zip(cuts[::2], cuts[1::2]) if b > a]


def pick(t, ranges):
    return pa.concat_tables([t.slice(a, n) for a, n in ranges]) if ranges else t.slice(0, 0)


def check(path, want, rng, what):
    for views in (True, False):
        for batch_rows in (0, 100, 7):
            compare(read(path, None, batch_rows, views), want, f"{what}, views {views}, {batch_rows}")
    compare(read(path, threads=3, checksums=True), want, f"{what}, three threads")
    if want.num_rows > 1:
        for _ in range(4):
            r = ranges_of(rng, want.num_rows)
            if r:
                for batch_rows in (0, 13):
                    compare(read(path, ranges=r, batch_rows=batch_rows), pick(want, r), f"{what}, rows {r}, {batch_rows}")


def from_pyarrow(folder, rng):
    count = 0
    path = os.path.join(folder, "nested.parquet")
    for rows in (0, 1, 300, 1200):
        for version in ("1.0", "2.0"):
            for dictionary in (True, False):
                for page, group, index in ((64, 10 ** 6, True), (2 ** 20, 10 ** 6, False), (200, 250, True), (100, 250, False)):
                    t = table(rng, rows)
                    s = dict(data_page_version=version, use_dictionary=dictionary, data_page_size=page, row_group_size=group,
                             write_page_index=index, write_batch_size=16, write_page_checksum=rng.random() < 0.5,
                             compression=rng.choice(["none", "snappy", "zstd"]))
                    pq.write_table(t, path, store_schema=False, **s)
                    want = t  # not what pyarrow reads: it fails on some of these shapes
                    check(path, want, rng, f"pyarrow, {rows} rows, {s}")
                    count += 1
    return count


def from_duckdb(folder, rng):
    path = os.path.join(folder, "duckdb.parquet")
    con = duckdb.connect()
    for version in ("V1", "V2"):
        con.execute(f"""copy (select i as id, case when i % 7 = 0 then null else range(i % 4) end as l,
            [{{'a': i, 'b': case when i % 3 = 0 then null else [i::varchar, null] end}}, null] as ls,
            map {{'k' || i: [i, null], 'z': null}} as m, {{'x': {{'y': i % 2 = 0}}}} as s
            from range(3000) t(i)) to '{path}' (format parquet, parquet_version '{version}', row_group_size 2048)""")
        check(path, pq.read_table(path), rng, f"duckdb {version}")
    return 2


def from_polars(folder, rng):
    path = os.path.join(folder, "polars.parquet")
    t = table(rng, 1000)
    t = t.select([n for n in t.column_names if "map" not in str(t.schema.field(n).type) and
                  "fixed_size" not in str(t.schema.field(n).type)])
    pl.from_arrow(t).write_parquet(path, row_group_size=300, data_page_size=500)
    check(path, pq.ParquetFile(path).read(), rng, "polars")
    return 1


def paths(folder):
    path = os.path.join(folder, "paths.parquet")
    t = pa.table({"id": [1, 2, 3], "s": [{"x": 1, "y": {"z": "a", "w": None}}, None, {"x": 3, "y": None}],
                  "items": [[{"price": 1, "name": "n"}, None], None, []],
                  "m": pa.array([[("k", {"p": 1, "q": 2})], None, []],
                                pa.map_(pa.string(), pa.struct([("p", pa.int32()), ("q", pa.int32())]))),
                  "a.b": [7, 8, 9], "a": [{"b": 1, "c": 2}, {"b": 3, "c": 4}, None]})
    pq.write_table(t, path, store_schema=False)

    def rows(*names):
        return read(path, paths=names).to_pylist()
    assert rows("s.y.z", "id") == [{"s": {"y": {"z": "a"}}, "id": 1}, {"s": None, "id": 2}, {"s": {"y": None}, "id": 3}]
    assert rows("items.price") == [{"items": [{"price": 1}, None]}, {"items": None}, {"items": []}]
    assert rows("m.value.q") == [{"m": [("k", {"q": 2})]}, {"m": None}, {"m": []}]
    assert rows("m.key") == [{"m": [{"key": "k"}]}, {"m": None}, {"m": []}]
    assert rows("a.b") == [{"a.b": 7}, {"a.b": 8}, {"a.b": 9}], "exact matches first"
    assert rows("a.c", "s.x", "a.b") == [{"a": {"c": 2}, "s": {"x": 1}, "a.b": 7}, {"a": {"c": 4}, "s": None, "a.b": 8},
                                         {"a": None, "s": {"x": 3}, "a.b": 9}]
    assert rows("s.y", "s.x")[0] == {"s": {"x": 1, "y": {"z": "a", "w": None}}}
    for wrong in ("nowhere", "s.nowhere", "s.x.deeper", "id.", "", "items.element"):
        try:
            rows(wrong)
            raise AssertionError(f"path {wrong!r} was found")
        except Failed as e:
            assert "no such column" in str(e), e
    return 1


def checksums(folder):
    """A changed byte is seen where checksums are asked for, and only there."""
    path = os.path.join(folder, "sums.parquet")
    for version in ("1.0", "2.0"):
        pq.write_table(pa.table({"l": [[0x1122334455667788]], "x": [7]}), path, store_schema=False, use_dictionary=False,
                       compression="none", write_page_checksum=True, data_page_version=version, write_statistics=False)
        data = bytearray(open(path, "rb").read())
        assert read(path, checksums=True).num_rows == 1
        data[data.index(bytes.fromhex("8877665544332211"))] ^= 1
        with open(path, "wb") as f:
            f.write(data)
        assert read(path).to_pylist() == [{"l": [0x1122334455667789], "x": 7}]
        try:
            read(path, checksums=True)
            raise AssertionError("a changed byte was not seen")
        except Failed as e:
            assert "row group 0, column l.list.element" in str(e) and "its checksum is" in str(e), e
    return 2


def field_ids(folder):
    """Ids of fields come along, nested ones too."""
    path = os.path.join(folder, "ids.parquet")
    t = pa.table({"a": [1], "s": [{"b": 2}]}, schema=pa.schema([
        pa.field("a", pa.int64(), metadata={"PARQUET:field_id": "7"}),
        pa.field("s", pa.struct([pa.field("b", pa.int64(), metadata={"PARQUET:field_id": "9"})]))]))
    pq.write_table(t, path, store_schema=False)
    s = read(path).schema
    assert s.field("a").metadata == {b"PARQUET:field_id": b"7"}, s.field("a").metadata
    assert s.field("s").type.field(0).metadata == {b"PARQUET:field_id": b"9"}
    return 1


def main():
    seed = int(os.environ.get("NEURALAKE_TEST_SEED", random.randrange(2 ** 32)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        total = paths(folder) + checksums(folder) + field_ids(folder)
        total += from_pyarrow(folder, rng) + from_duckdb(folder, rng) + from_polars(folder, rng)
    print(f"{total} files agree")


if __name__ == "__main__":
    main()
