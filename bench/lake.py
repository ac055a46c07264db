#!/usr/bin/env python3
"""Whole commands, ours and the peers', side by side in one run, on the same files: medians and ratios.

usage: bench/lake.py --program build/neuralake --relay build/bench/relay [--runs 7] [CASE…]

    startup    --version, describe and s3 env: commands that need no SQL
    small      five rows of a table on S3: the whole process, over loopback and through a relay with 20 ms a direction
    many       the sum over 1,000 small files on S3, through the relay: who hides the latency
    cached     both kinds of query again, through the relay, with the cache on disk: what is not asked for a second time
    generate   ten million rows of parts into a file, and the memory that it takes

Peers are Python programs (DuckDB with httpfs, Polars, pyarrow: bench/requirements.txt; this Python's own environment); one
that is missing is said to be, and left out. Runs alternate (A B C A B C …), each is a process of its own, timed from outside
by wait4(): wall time, CPU time, and the resident memory at its peak. Object storage has a program of its own: s3.py.
"""
import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

from measure import KEYS, Server, clean_environment, compare, once

URI = "s3://bench/parts.parquet"

DUCKDB = """
import duckdb, duckdb_extension_httpfs, os, glob
c = duckdb.connect(config={"allow_unsigned_extensions": "true"})
c.execute("LOAD '%s'" % glob.glob(os.path.dirname(duckdb_extension_httpfs.__file__) + "/extensions/*/httpfs.duckdb_extension")[0])
host = os.environ["AWS_ENDPOINT_URL"].split("//")[1]
c.execute("CREATE SECRET (TYPE s3, KEY_ID '%s', SECRET '%s', REGION 'us-east-1', ENDPOINT '%s', URL_STYLE 'path', USE_SSL false)"
          % (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], host))
print(c.sql("SELECT * FROM 's3://bench/parts.parquet'"))
"""
POLARS = """
import polars, os
print(polars.scan_parquet("s3://bench/parts.parquet", storage_options={"aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
      "aws_allow_http": "true", "aws_region": "us-east-1"}).collect())
"""
PYARROW = """
import pyarrow.parquet as pq, pyarrow.fs as fs, os
s3 = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], region="us-east-1")
print(pq.read_table("bench/parts.parquet", filesystem=s3))
"""


def over_many(program):
    """The peers' program of the small case, summing a column of many files instead."""
    return (program.replace("SELECT * FROM 's3://bench/parts.parquet'", "SELECT sum(p_retailprice) FROM 's3://bench/many/*.parquet'")
            .replace('"s3://bench/parts.parquet"', '"s3://bench/many/*.parquet"')
            .replace(").collect()", ').select(polars.col("p_retailprice").sum()).collect()')
            .replace('pq.read_table("bench/parts.parquet", filesystem=s3)',
                     'pc.sum(pq.read_table("bench/many", filesystem=s3, columns=["p_retailprice"])["p_retailprice"])')
            .replace("import pyarrow.parquet as pq,", "import pyarrow.compute as pc, pyarrow.parquet as pq,"))


def have(module):
    if importlib.util.find_spec(module):
        return True
    print(f"  ({module} is not installed: left out)")
    return False


def python_peers(change=lambda program: program):
    peers = {}
    if have("duckdb") and have("duckdb_extension_httpfs"):
        peers["DuckDB with httpfs, from Python"] = [sys.executable, "-c", change(DUCKDB)]
    if have("polars"):
        peers["Polars, from Python"] = [sys.executable, "-c", change(POLARS)]
    if have("pyarrow"):
        peers["pyarrow, from Python"] = [sys.executable, "-c", change(PYARROW)]
    return peers


def startup(b):
    catalog = os.path.join(b.source, "examples/demo/neuralake.yaml")
    compare("Start: commands that need no SQL", {
        "neuralake --version": [b.program, "--version"],
        "neuralake tables (YAML)": [b.program, "tables", "-c", catalog],
        "neuralake s3 ls": [b.program, "s3", "ls"],
        "neuralake parquet head s3://…": [b.program, "parquet", "head", URI],
        "true": ["true"],
    }, b.env, b.runs)


def small(b):
    query = [b.program, "query", f"SELECT * FROM '{URI}'"]
    contenders = {"neuralake query": query, "neuralake parquet head": [b.program, "parquet", "head", URI],
                  "neuralake query 'SELECT 1' (start)": [b.program, "query", "SELECT 1"]}
    contenders.update(python_peers())
    compare("Five rows from S3, whole process, loopback", contenders, b.env, b.runs)
    relay = Server([b.relay, "--to", b.endpoint.split("//")[1], "--delay", "20"])
    env = dict(b.env, AWS_ENDPOINT_URL=f"http://{relay.address}")
    del contenders["neuralake query 'SELECT 1' (start)"]
    compare("Five rows from S3, whole process, 20 ms a direction (the network's limit: 80 ms)", contenders, env, b.runs)
    print(f"  relay: {relay.stop()}")
    relay = Server([b.relay, "--to", b.endpoint.split("//")[1], "--delay", "20"])
    once(query, dict(b.env, AWS_ENDPOINT_URL=f"http://{relay.address}"))
    print(f"  one neuralake query through the relay: {relay.stop()}")


def put_many(b):
    """A thousand small objects, once."""
    folder = os.path.join(b.folder, "many")
    if os.path.exists(folder):
        return
    os.mkdir(folder)
    once([b.program, "generate", "parts", "--rows", "50", "--out", os.path.join(folder, "0000.parquet")], b.env)
    for i in range(1, 1000):
        shutil.copy(os.path.join(folder, "0000.parquet"), os.path.join(folder, f"{i:04}.parquet"))
    once([b.program, "s3", "cp", "--recursive", "--quiet", folder, "s3://bench/many"], b.env)


def many(b):
    put_many(b)
    query = [b.program, "query", "SELECT sum(p_retailprice) FROM 's3://bench/many/*.parquet'"]
    contenders = {"neuralake query": query}
    contenders.update(python_peers(over_many))
    relay = Server([b.relay, "--to", b.endpoint.split("//")[1], "--delay", "20"])
    env = dict(b.env, AWS_ENDPOINT_URL=f"http://{relay.address}")
    compare("The sum over 1,000 small files, 20 ms a direction", contenders, env, max(b.runs // 3, 1))
    relay.stop()
    relay = Server([b.relay, "--to", b.endpoint.split("//")[1], "--delay", "20"])
    once(query, dict(b.env, AWS_ENDPOINT_URL=f"http://{relay.address}"))
    print(f"  one neuralake query through the relay: {relay.stop()}")


def cached(b):
    """Without a cache, with an empty one, and with a filled one."""
    put_many(b)
    one = "s3://bench/cached.parquet"
    once([b.program, "generate", "parts", "--rows", "5000000", "--out", one], b.env)
    for what, uri, runs in (("two columns of one object of 5,000,000 rows", one, b.runs),
                            ("a column of 1,000 objects", "s3://bench/many/*.parquet", max(b.runs // 2, 1))):
        query = [b.program, "query", "-v", f"SELECT sum(p_retailprice), count(DISTINCT p_brand) FROM '{uri}'"]
        folder = os.path.join(b.folder, "cache")
        with_cache = query + ["--cache-dir", folder]
        contenders = {"without a cache": query,
                      "with an empty one": ["sh", "-c", 'exec "$@" --cache-dir "$0-$$"', folder] + query,
                      "with what is kept": with_cache}
        relay = Server([b.relay, "--to", b.endpoint.split("//")[1], "--delay", "20", "--rate", "12500000"])
        env = dict(b.env, AWS_ENDPOINT_URL=f"http://{relay.address}")
        compare(f"Again: {what}, 20 ms a direction, 100 Mbit/s", contenders, env, runs)
        for name, command in contenders.items():
            said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stderr.splitlines()[-1]
            print(f"  {name}: {said}")
        relay.stop()


def generate(b):
    out = os.path.join(b.folder, "ten-million.parquet")
    words = {"neuralake generate parts": [b.program, "generate", "parts", "--rows", "10000000", "--out", out]}
    compare("Ten million rows of parts into a file", words, b.env, max(b.runs // 2, 1))
    print(f"  size: {os.path.getsize(out)} bytes")


CASES = {"startup": startup, "small": small, "many": many, "cached": cached, "generate": generate}


def versions(program):
    lines = [subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()]
    for module in ("duckdb", "polars", "pyarrow"):
        if importlib.util.find_spec(module):
            lines.append(f"{module} {importlib.metadata.version(module)}")
    return f"{', '.join(lines)}; Python {platform.python_version()}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--relay", required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("cases", nargs="*", help=" ".join(CASES))
    b = parser.parse_args()
    b.program, b.relay = os.path.abspath(b.program), os.path.abspath(b.relay)
    b.source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    b.folder = tempfile.mkdtemp(prefix="neuralake-bench-")
    keys = os.path.join(b.folder, "keys.yaml")
    with open(keys, "w", encoding="utf-8") as f:
        json.dump([{"access_key": KEYS["AWS_ACCESS_KEY_ID"], "secret_key": KEYS["AWS_SECRET_ACCESS_KEY"]}], f)
    b.server = Server([b.program, "s3", "serve", "--root", os.path.join(b.folder, "s3"), "--listen", "127.0.0.1:0",
                       "--credentials", keys])
    try:
        b.endpoint = b.server.address
        b.env = clean_environment(b.endpoint)
        print(versions(b.program))
        once([b.program, "s3", "mb", "s3://bench"], b.env)
        once([b.program, "generate", "parts", "--out", URI], b.env)
        for name in b.cases or CASES:
            CASES[name](b)
    finally:
        b.server.stop()
        shutil.rmtree(b.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
