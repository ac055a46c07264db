"""Engines that read and write tables on S3 drive the server: pyarrow, Polars, delta-rs, DuckDB with httpfs; and s3fs, which makes
a bucket a folder. Against `neuralake s3 serve`, or the endpoint that NEURALAKE_TEST_S3_ENDPOINT names.

An engine that is not installed is skipped, and told. Exit code 77: none is.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

from conformance.suite import ROOT, find_endpoint

ROWS = 1000
ENGINES = os.path.join(ROOT, "build/venv/engines")  # delta-rs, and a DuckDB of its own version (scripts/setup.sh)


def same(why, got, want):
    if got != want:
        raise AssertionError(f"{why}: got {got!r}, want {want!r}")


def have(*modules):
    missing = [m for m in modules if not importlib.util.find_spec(m)]
    return missing and f"no {', '.join(missing)}"


def sample():
    import pyarrow
    return pyarrow.table({"id": list(range(ROWS)), "name": [f"name {n}" for n in range(ROWS)]})


def options(e):
    return {"aws_access_key_id": e.access, "aws_secret_access_key": e.secret, "aws_region": e.region, "aws_endpoint_url": e.url,
            "aws_allow_http": "true"}


def pyarrow(e, bucket):
    if have("pyarrow"):
        return have("pyarrow")
    import pyarrow.dataset as dataset
    import pyarrow.fs as fs
    import pyarrow.parquet as parquet
    s3 = fs.S3FileSystem(access_key=e.access, secret_key=e.secret, region=e.region, scheme="https" if e.secure else "http",
                         endpoint_override=e.netloc)
    table, folder = sample(), bucket + "/arrow"
    parquet.write_table(table, f"{folder}/a.parquet", filesystem=s3)
    same("a file", parquet.read_table(f"{folder}/a.parquet", filesystem=s3).equals(table), True)
    dataset.write_dataset(table, f"{folder}/set", filesystem=s3, format="parquet", max_rows_per_file=300, max_rows_per_group=300)
    same("a dataset", dataset.dataset(f"{folder}/set", filesystem=s3).to_table().sort_by("id").equals(table), True)
    s3.copy_file(f"{folder}/a.parquet", f"{folder}/b.parquet")
    s3.move(f"{folder}/b.parquet", f"{folder}/moved ü.parquet")
    s3.create_dir(f"{folder}/empty")
    found = {i.path.removeprefix(folder): i.type.name for i in s3.get_file_info(fs.FileSelector(folder))}
    same("a listing", found, {"/a.parquet": "File", "/moved ü.parquet": "File", "/set": "Directory", "/empty": "Directory"})
    same("all below", len(s3.get_file_info(fs.FileSelector(folder, recursive=True))), 8)
    with s3.open_output_stream(f"{folder}/big") as out:
        out.write(b"0123456789" * (1200 * 1024))
    with s3.open_input_file(f"{folder}/big") as big:
        same("12 MB in parts, a range of them", (big.size(), big.read_at(4, 10_000_008)), (12_288_000, b"8901"))
    with s3.open_output_stream(f"{folder}/with metadata", metadata={"Content-Type": "x/y"}) as out:
        out.write(b"")
    same("metadata", e.ask("HEAD", bucket, "arrow/with metadata").headers["content-type"], "x/y")
    s3.delete_dir(folder)
    same("all deleted", [i.path for i in s3.get_file_info(fs.FileSelector(bucket, recursive=True)) if "/arrow" in i.path], [])


def polars(e, bucket):
    if have("polars", "pyarrow"):
        return have("polars", "pyarrow")
    import polars as pl
    frame, url = pl.from_arrow(sample()), f"s3://{bucket}/polars"
    frame.write_parquet(f"{url}/a.parquet", storage_options=options(e))
    frame.lazy().sink_parquet(f"{url}/b.parquet", storage_options=options(e))
    scan = pl.scan_parquet(f"{url}/*.parquet", storage_options=options(e))
    same("a filter over two files", scan.filter(pl.col("id") >= 990).select(pl.len()).collect().item(), 20)
    same("a file", pl.read_parquet(f"{url}/b.parquet", storage_options=options(e)).equals(frame), True)
    frame.with_columns(part=pl.col("id") % 3).write_parquet(f"{url}/parts", partition_by="part", storage_options=options(e))
    same("partitions", pl.scan_parquet(f"{url}/parts/", storage_options=options(e)).filter(part=2).select(pl.len()).collect().item(), 333)


def delta(e, bucket):
    if have("deltalake", "pyarrow"):
        return have("deltalake", "pyarrow")
    import deltalake
    url, table = f"s3://{bucket}/delta", sample()
    store = {**options(e), "conditional_put": "etag"}  # commits by If-None-Match: *, no table of locks
    deltalake.write_deltalake(url, table, storage_options=store)

    def append():
        deltalake.write_deltalake(url, table, mode="append", storage_options=store)
    writers = [threading.Thread(target=append) for _ in range(4)]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    now = deltalake.DeltaTable(url, storage_options=store)
    same("four that append at the same time", (now.version(), now.to_pyarrow_table().num_rows), (4, 5 * ROWS))
    same("compacting", now.optimize.compact()["numFilesRemoved"], 5)
    now.create_checkpoint()
    same("vacuum", len(now.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)), 5)
    now = deltalake.DeltaTable(url, storage_options=store)
    same("read from the checkpoint", now.to_pyarrow_table().num_rows, 5 * ROWS)
    deltalake.write_deltalake(url, table, mode="overwrite", storage_options=store)
    same("overwritten", deltalake.DeltaTable(url, storage_options=store).to_pyarrow_table().num_rows, ROWS)
    same("an older version", deltalake.DeltaTable(url, version=1, storage_options=store).version(), 1)


DUCKDB = """
import duckdb, duckdb_extension_httpfs, glob, os, sys
url, key, secret, region, netloc, secure = sys.argv[1:]
c = duckdb.connect()
c.execute("LOAD '%s'" % glob.glob(os.path.dirname(duckdb_extension_httpfs.__file__) + "/extensions/*/httpfs.duckdb_extension")[0])
c.execute(f"CREATE SECRET s (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION '{region}', ENDPOINT '{netloc}', URL_STYLE 'path', USE_SSL {secure})")
c.execute(f"COPY (SELECT range AS id, 'name ' || range AS name FROM range(100000)) TO '{url}/a b.parquet'")
c.execute(f"COPY (SELECT range AS id FROM range(7)) TO '{url}/c.csv'")
c.execute(f"COPY (SELECT range AS id, range % 4 AS part FROM range(1000)) TO '{url}/parts' (FORMAT parquet, PARTITION_BY (part))")
print(c.execute(f"SELECT count(*), sum(id), max(name) FROM '{url}/*.parquet'").fetchone(),
      c.execute(f"SELECT count(*) FROM read_parquet('{url}/parts/*/*.parquet', hive_partitioning=true) WHERE part = 3").fetchone(),
      c.execute(f"SELECT sum(id) FROM '{url}/c.csv'").fetchone(), len(c.execute(f"FROM glob('{url}/**')").fetchall()))
"""


def duckdb(e, bucket):
    if have("duckdb_extension_httpfs"):
        return "no DuckDB with httpfs"
    env = {**os.environ, "PYTHONPATH": ENGINES}  # before the oracles' DuckDB
    got = subprocess.run([sys.executable, "-B", "-c", DUCKDB, f"s3://{bucket}/duckdb", e.access, e.secret, e.region, e.netloc, str(e.secure).lower()],
                         env=env, capture_output=True, text=True)
    if got.returncode:
        raise AssertionError(got.stderr)
    same("files, partitions, CSV, glob", got.stdout.strip(), "(100000, 4999950000, 'name 99999') (250,) (21,) 6")


def s3fs(e, bucket):
    """A bucket as a folder: what a program does with files."""
    if not shutil.which("s3fs") or not shutil.which("fusermount") and not shutil.which("fusermount3"):
        return "no s3fs"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no access to /dev/fuse"
    with tempfile.TemporaryDirectory() as top:
        folder, keys = os.path.join(top, "mounted"), os.path.join(top, "keys")
        os.mkdir(folder)
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(f"{e.access}:{e.secret}\n")
        process = subprocess.Popen(["s3fs", bucket, folder, "-f", "-o", f"passwd_file={keys},url={e.url},use_path_request_style,endpoint={e.region}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            while not os.path.ismount(folder):
                if process.poll() is not None:
                    return "s3fs cannot mount here: " + process.stderr.read().strip()[-200:]
                time.sleep(0.05)
            use_folder(e, bucket, folder)
        finally:
            subprocess.run(["fusermount3" if shutil.which("fusermount3") else "fusermount", "-u", folder], capture_output=True)
            process.wait()


def use_folder(e, bucket, folder):
    os.makedirs(f"{folder}/sub/deep")
    with open(f"{folder}/sub/deep/a b ü.txt", "w") as f:
        f.write("by a program")
    with open(f"{folder}/sub/deep/a b ü.txt", "a") as f:
        f.write(", twice")
    same("a file is an object", e.ask("GET", bucket, "sub/deep/a b ü.txt").body, b"by a program, twice")
    big = os.urandom(21_000_000)
    with open(f"{folder}/big", "wb") as f:
        f.write(big)
    same("21 MB by multipart", e.ask("GET", bucket, "big").body == big, True)
    os.rename(f"{folder}/big", f"{folder}/sub/renamed")
    same("renamed", (e.ask("HEAD", bucket, "big").status, e.ask("HEAD", bucket, "sub/renamed").headers["content-length"]), (404, "21000000"))
    e.ask("PUT", bucket, "sub/by another", body=b"client")
    same("a listing", sorted(os.listdir(f"{folder}/sub")), ["by another", "deep", "renamed"])
    with open(f"{folder}/sub/by another", "rb") as f:
        same("what another client wrote", f.read(), b"client")
    shutil.rmtree(f"{folder}/sub")
    same("removed", [k for k in e.ask("GET", bucket, query=[("prefix", "sub")]).all("Contents/Key") if k != "sub/"], [])


def main():
    endpoint = find_endpoint()
    # No engine may find settings of this machine, nor a bundle of certificates that is not meant for it.
    for name in [n for n in os.environ if n.startswith(("AWS_", "SSL_CERT"))]:
        del os.environ[name]
    sys.path.append(ENGINES)
    ran = 0
    for engine in (pyarrow, polars, delta, duckdb, s3fs):
        bucket = "engine-" + engine.__name__ + "-" + os.urandom(4).hex()
        endpoint.ask("PUT", bucket)
        start = time.monotonic()
        missing = engine(endpoint, bucket)
        ran += not missing
        print(f"{engine.__name__}: {'skipped: ' + missing if missing else f'ok, {time.monotonic() - start:.1f} s'}", flush=True)
        for key in endpoint.ask("GET", bucket).all("Contents/Key"):
            endpoint.ask("DELETE", bucket, key)
        endpoint.ask("DELETE", bucket)
    return 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main())
