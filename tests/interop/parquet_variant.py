"""Variants that DuckDB writes, shredded and not, read by `neuralake parquet cat` and by SQL.

DuckDB shreds by what the rows have in common: tables of one kind come all shredded, mixed ones in part. What DuckDB itself makes of
the column as JSON is the oracle. Skipped (77) without DuckDB, or with one that does not write variants.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

try:
    import duckdb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

NEURALAKE = os.environ.get("NEURALAKE", "build/neuralake")
if not os.path.exists(NEURALAKE):
    print(f"skipped: {NEURALAKE} is missing")
    sys.exit(77)

seed = int(os.environ.get("SEED", random.randrange(2**32)))
r = random.Random(seed)
print("seed", seed)


def value(depth=0):
    """Anything that JSON can say; objects share some names."""
    kind = r.randrange(10 if depth < 4 else 7)
    if kind == 7:
        return [value(depth + 1) for _ in range(r.randrange(4))]
    if kind > 7:
        return {k: value(depth + 1) for k in r.sample(["a", "b", "long name", "ü", 'quo"te', "z"], r.randrange(6))}
    return [None, True, False, r.randrange(-200, 200), r.randrange(-2**62, 2**62), r.random() * 10**r.randrange(-5, 9),
            "text" * r.randrange(40)][kind]


def event(i):
    """Objects of one shape, but for a few."""
    if i % 50 == 49:
        return value()
    e = {"id": i, "name": f"n{i}", "tags": ["x"] * (i % 3), "where": {"lat": i / 4, "lon": -i / 8}}
    if i % 7 == 0:
        e["more"] = value(3)
    return e


SETS = {
    "anything": [value() for _ in range(2000)],
    "events": [event(i) for i in range(3000)],
    "numbers": list(range(1000)),
    "texts": [f"t{i}" for i in range(1000)],
    "nulls": [None if i % 3 else i for i in range(300)],
    "empty": [],
}


def cat(path, *more):
    run = subprocess.run([NEURALAKE, "parquet", "cat", path, "--format", "ndjson", *more], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    con = duckdb.connect()
    with tempfile.TemporaryDirectory() as folder:
        for name, values in SETS.items():
            path, source = os.path.join(folder, f"{name}.parquet"), os.path.join(folder, f"{name}.csv")
            con.execute("create or replace table t (i bigint, j json)")
            if values:
                con.executemany("insert into t values (?, ?)", [(i, json.dumps(v)) for i, v in enumerate(values)])
            try:
                con.execute(f"copy (select i, j::variant as v from t order by i) to '{path}' (format parquet)")
            except duckdb.Error as e:
                print(f"skipped: {e}")
                sys.exit(77)
            want = [v and json.loads(v) for (v,) in con.execute(f"select v::json::varchar from '{path}' order by i").fetchall()]
            for more in ((), ("--threads", "2"), ("--columns", "v")):
                got = [row["v"] and json.loads(row["v"]) for row in cat(path, *more)]
                assert len(got) == len(want) == len(values)
                for i, (g, w) in enumerate(zip(got, want)):
                    assert g == w, (name, i, g, w)
            print(name, len(values), "rows agree")


main()
