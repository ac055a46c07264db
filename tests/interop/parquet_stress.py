"""Random tables, written by us and by the peers with random options, read by us in every way: always the same values.

All batches of a reader are kept until its end and compared only then, so that memory that was used again too early shows as
another value; two readers run at once. Conditions run through `neuralake query` and through DuckDB's own reader.
NEURALAKE_TEST_SEED gives a run again (each table has a seed of its own, which a failure names), NEURALAKE_TEST_SECONDS runs
for longer. Skips like parquet_read.py, whose reading of files it uses.
"""
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import parquet_read
import parquet_write as writing
from parquet_read import duckdb, pa, pl, pq, read

import pyarrow.compute as pc

NEURALAKE = os.environ.get("NEURALAKE", "build/neuralake")
FLAT = [n for n in writing.TYPES if not n.startswith("duration") and n != "date64"]
NESTED_ROWS = 3000
PEER_TYPES = [n for n in FLAT if "dec256" not in n and n not in ("half", "dec64_18", "time_s")]

NO_SQL = ("dec256", "half", "time_ns", "ts_ns_UTC", "ts_ns_Europe")  # versions of DuckDB differ in these


# ── tables ──

def indices(rng, rows, pool):
    """Which value of the pool each row has: at random, in runs, sorted, or one after the other."""
    how = rng.choice(["random", "runs", "sorted", "turns", "halves"])
    ids = pa.array(range(rows), pa.int64())
    if how in ("runs", "turns"):
        run = rng.choice([2, 9, 500, 5000]) if how == "runs" else 1
        turn = pc.divide(ids, run)
        return pc.subtract(turn, pc.multiply(pc.divide(turn, pool), pool))
    some = pc.cast(pc.floor(pc.multiply(pc.random(rows, initializer=rng.randrange(2 ** 31)), float(pool))), pa.int64())
    if how == "sorted":
        return some.take(pc.sort_indices(some))
    # few values first, then all of them: dictionaries that overflow, runs that end
    return pc.if_else(pc.less(ids, rows // 2), pc.multiply(some, 0), some) if how == "halves" else some


def column(rng, name, rows):
    """A column of one type: some of its values in some order, nulls at random, in runs, nowhere, or nothing else."""
    pool = rng.choice([1, 2, 7, 200, 3000])
    values = writing.column(name, pool, 0, False)
    final, plain = values.type, {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}  # views cannot be taken from
    values = values.cast(plain.get(final, final))
    out = values.take(indices(rng, rows, pool))
    nulls = rng.choice(["required", "none", "some", "some", "many", "runs", "all"])
    if nulls in ("some", "many"):
        keep = pc.less(pc.random(rows, initializer=rng.randrange(2 ** 31)), 0.95 if nulls == "some" else 0.1)
        out = pc.if_else(keep, out, pa.scalar(None, out.type))
    elif nulls == "runs":
        n = rng.choice([30, 4000])
        turn = pc.divide(pa.array(range(rows), pa.int64()), n)
        out = pc.if_else(pc.equal(pc.bit_wise_and(turn, 1), 0), out, pa.scalar(None, out.type))
    elif nulls == "all":
        out = pa.nulls(rows, out.type)
    return out.cast(final), nulls != "required"


def flat_table(rng, types):
    rows = rng.choice([0, 1, 100, 1000, 5000, 40000, 40000, 120000])
    fields, arrays = [pa.field("id", pa.int64(), False)], [pa.array(range(rows), pa.int64())]
    for k in range(rng.randint(1, 6)):
        name = rng.choice(types)
        a, nullable = column(rng, name, rows)
        fields.append(pa.field(f"{name}.{k}", a.type, nullable))
        arrays.append(a)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def nested_table(rng):
    rows = rng.choice([1, 60, 700, NESTED_ROWS])
    made = [writing.random_field(f"c{i}", rng.randint(1, 4)) for i in range(rng.randint(1, 3))]
    made = [(f, make) for f, make in made if not writing.has(f.type, pa.types.is_list_view)] or [(pa.field("c", pa.int32(), False), lambda: 1)]
    arrays = [pa.array(range(rows), pa.int64())] + [pa.array([make() for _ in range(rows)], f.type) for f, make in made]
    return pa.Table.from_arrays(arrays, schema=pa.schema([pa.field("id", pa.int64(), False)] + [f for f, _ in made]))


# ── files ──

ENCODINGS = {"int": [3, 6], "string": [4, 5], "binary": [4, 5], "fixed": [5], "float": [6], "double": [6], "bool": [7], "ts": [3, 6], "date32": [3, 6]}


def by_us(rng, path, table, nested):
    options = dict(codec=rng.randrange(6), row_group_rows=rng.choice([0, 0, 777, 30000]), page_bytes=rng.choice([0, 0, 300, 70000]),
                   page_rows=rng.choice([0, 0, 1000, 20000]), dictionary_bytes=rng.choice([0, 0, 500, 20000]),
                   no_dictionary=rng.random() < 0.3, auto_encoding=rng.random() < 0.3, data_page_v2=rng.random() < 0.5,
                   no_page_index=rng.random() < 0.2, checksums=rng.random() < 0.5, threads=rng.choice([0, 3]))
    if not nested:
        chosen = {}
        for name in table.column_names:
            fits = next((v for k, v in ENCODINGS.items() if name.startswith(k) or name.startswith("u" + k)), [])
            if fits and rng.random() < 0.4:
                chosen[name] = {"encoding": rng.choice(fits), "bloom_filter": rng.random() < 0.5 and not name.startswith("bool")}
            elif rng.random() < 0.3 and not name.startswith("bool"):
                chosen[name] = {"bloom_filter": True}
        options["columns"] = chosen
    said = dict(options)
    writing.write(path, table.schema, writing.slices(table, rng.choice([[10 ** 6], [1, 5000], [64, 3, 900]])), **options)
    return f"us {said}"


def by_pyarrow(rng, path, table, _):
    options = dict(compression=rng.choice(["none", "snappy", "zstd", "gzip", "lz4", "brotli"]), use_dictionary=rng.random() < 0.6,
                   data_page_version=rng.choice(["1.0", "2.0"]), data_page_size=rng.choice([300, 50000, 2 ** 20]),
                   row_group_size=rng.choice([700, 30000, 10 ** 6]), write_page_index=rng.random() < 0.6,
                   dictionary_pagesize_limit=rng.choice([500, 2 ** 20]), write_page_checksum=rng.random() < 0.5, write_batch_size=rng.choice([16, 1024]))
    pq.write_table(table, path, **options)
    return f"pyarrow {options}"


def by_duckdb(rng, path, table, _):
    codec, version, group = rng.choice(["uncompressed", "snappy", "zstd", "lz4_raw"]), rng.choice(["v1", "v2"]), rng.choice([2048, 30000])
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.register("t", table)
    con.execute(f"COPY (FROM t) TO '{path}' (FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, ROW_GROUP_SIZE {group})")
    return f"duckdb {codec} {version} {group}"


def by_polars(rng, path, table, _):
    options = dict(compression=rng.choice(["uncompressed", "snappy", "zstd", "lz4"]), row_group_size=rng.choice([700, 30000]), data_page_size=rng.choice([300, 10 ** 6]))
    pl.from_arrow(table).write_parquet(path, **options)
    return f"polars {options}"


# ── equal? ──

def bits(a):
    """Floats as the integers of the same bits, so that NaN and zeros are compared too; one layout for what says the same."""
    if isinstance(a.type, pa.BaseExtensionType):
        a = a.storage
    if pa.types.is_dictionary(a.type):
        a = a.dictionary_decode()
    t = parquet_read.plain_type(a.type) if not pa.types.is_decimal256(a.type) else a.type
    a = a.cast(t) if t != a.type else a
    whole = {pa.float16(): pa.int16(), pa.float32(): pa.int32(), pa.float64(): pa.int64()}.get(t)
    return a.view(whole) if whole else a


def equal(got, want, what):
    assert got.num_rows == want.num_rows, f"{what}: {got.num_rows} rows, {want.num_rows} expected"
    assert got.num_columns == want.num_columns, f"{what}: {got.column_names}, expected {want.column_names}"
    for name, g, w in zip(want.column_names, got.columns, want.columns):
        g, w = g.combine_chunks(), w.combine_chunks()
        if pa.types.is_nested(w.type):
            g, w = [writing.plain(v) for v in g.to_pylist()], [writing.plain(v) for v in w.to_pylist()]
            ok = g == w
        else:
            g, w = bits(g), bits(w)
            g = g.cast(w.type) if g.type != w.type else g
            ok = g.equals(w)
            if not ok:
                g, w = g.to_pylist(), w.to_pylist()
        if not ok:
            at = [i for i in range(len(w)) if g[i] != w[i]]
            raise AssertionError(f"{what}: {name}: {len(at)} rows differ, first {at[0]}: {g[at[0]]!r}, expected {w[at[0]]!r}")


def some_ranges(rng, rows):
    cuts = sorted(rng.sample(range(rows + 1), min(rows + 1, 2 * rng.choice([1, 2, 5, 40]))))
    return [(a, b - a) for a, b in zip(cuts[::2], cuts[1::2])]


def one_way(rng, path, want, what):
    """Read a table in one way, chosen at random."""
    how = dict(batch_rows=rng.choice([0, 0, 1, 7, 100, 1000, 4096, 10000, 65536]), views=rng.random() < 0.6,
               threads=rng.choice([0, 1, 2, 4]), checksums=rng.random() < 0.3)
    if how["batch_rows"] * 2000 < want.num_rows:
        how["batch_rows"] = 1000
    names = want.column_names
    if rng.random() < 0.4:
        how["columns"] = [rng.randrange(len(names)) for _ in range(rng.randint(1, len(names)))]
        how["columns"] = list(dict.fromkeys(how["columns"]))
        want = want.select([names[i] for i in how["columns"]])
    elif rng.random() < 0.3:
        how["paths"] = rng.sample(names, rng.randint(1, len(names)))
        want = want.select(how["paths"])
    if rng.random() < 0.5:
        how["ranges"] = some_ranges(rng, want.num_rows)
        want = pa.concat_tables([want.slice(a, n) for a, n in how["ranges"]]) if how["ranges"] else want
    return lambda: equal(read(path, **how), want, f"{what}, read with {how}")


# ── conditions ──

def literal(text, kind):
    return "CAST('" + text.replace("'", "''") + f"' AS {kind})"


def condition(rng, con, path, kinds, depth=2):
    if depth and rng.random() < 0.4:
        two = [condition(rng, con, path, kinds, depth - 1) for _ in range(2)]
        return "(" + rng.choice([" AND ", " AND ", " OR "]).join(two) + ")"
    name, kind = rng.choice(kinds)
    if rng.random() < 0.15:
        return f'"{name}" IS {rng.choice(["", "NOT "])}NULL'
    rows = con.execute(f"SELECT \"{name}\"::VARCHAR FROM read_parquet('{path}') WHERE \"{name}\" IS NOT NULL USING SAMPLE 4 (reservoir, {rng.randrange(1000)})").fetchall()
    values = sorted({literal(v, kind) for (v,) in rows}) or ["NULL"]
    if kind in ("FLOAT", "DOUBLE") and rng.random() < 0.3:
        values = [literal(rng.choice(["nan", "inf", "-inf", "0", "-0.0"]), kind)]
    if rng.random() < 0.2:
        return f'"{name}" {rng.choice(["IN", "NOT IN"])} ({", ".join(values)})'
    if rng.random() < 0.2:
        return f'"{name}" BETWEEN {rng.choice(values)} AND {rng.choice(values)}'
    return f'"{name}" {rng.choice(["=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM"])} {rng.choice(values)}'


def conditions(rng, path, what):
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    kinds = [(n, k) for n, k, *_ in con.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
             if "[" not in k and "(" not in k.replace("DECIMAL(", "") and k != "\"NULL\""]
    told = " || '|' || ".join(f"coalesce(\"{n}\"::VARCHAR, 'NULL')" for n, _ in kinds)
    for _ in range(rng.choice([1, 2, 3])):
        where = condition(rng, con, path, kinds)
        pick = rng.choice(["id AS r", f"md5({told}) AS r"])
        want = [str(r) for (r,) in con.execute(f"SELECT {pick} FROM read_parquet('{path}') WHERE {where} ORDER BY id").fetchall()]
        sql = f"SET TimeZone = 'UTC'; SELECT {pick} FROM '{path}' WHERE {where} ORDER BY id"
        done = subprocess.run([NEURALAKE, "query", "-f", "csv", "--threads", str(rng.choice([1, 2])), sql], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{what}: {sql}: {done.stderr}"
        got = done.stdout.split("\n")[1:-1]
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
            raise AssertionError(f"{what}: {sql}: {len(got)} rows, {len(want)} expected; at {at} {got[at:at + 1]}, expected {want[at:at + 1]}")


# ── the run ──

def case(seed, folder, pool):
    rng = random.Random(seed)
    writing.R.seed(seed)
    nested = rng.random() < 0.3
    who = rng.choice([by_us, by_us, by_pyarrow] + ([] if nested else [by_duckdb, by_polars]))
    table = nested_table(rng) if nested else flat_table(rng, FLAT if who == by_us else PEER_TYPES)
    path = os.path.join(folder, f"{seed}.parquet")
    try:
        what = f"table {seed}, by {who(rng, path, table, nested)}"
        # pyarrow fails to read some of the nested shapes that it writes
        want = table if who == by_us or nested else pq.ParquetFile(path, arrow_extensions_enabled=False).read()
    except (pa.ArrowException, OSError):
        if who == by_us:
            raise
        return False  # a peer that cannot write its own table, or read what another wrote
    if who == by_us or nested:
        want = pa.Table.from_arrays([writing.expected(c) for c in want.columns], names=want.column_names)
    for done in [pool.submit(one_way(rng, path, want, what)) for _ in range(rng.randint(2, 5))]:
        done.result()
    if not nested and not any(n.startswith(NO_SQL) for n in want.column_names):
        conditions(rng, path, what)
    os.unlink(path)
    return True


def main():
    seconds, only = float(os.environ.get("NEURALAKE_TEST_SECONDS", 20)), os.environ.get("NEURALAKE_TEST_SEED")
    until, count, left_out, failed, seed = time.monotonic() + seconds, 0, 0, 0, int(only or 1)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        while count == 0 or (not only and time.monotonic() < until):
            try:
                left_out += not case(seed, folder, pool)
            except Exception as e:  # go on: several failures say more than one
                print(f"FAILED  seed {seed}: {type(e).__name__}: {str(e)[:1500]}", flush=True)
                failed += 1
            count, seed = count + 1, seed + 1
    print(f"{count} tables, {left_out} that a peer could not make, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
