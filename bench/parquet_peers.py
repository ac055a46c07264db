#!/usr/bin/env python3
"""One peer that reads or writes Parquet, as a process that does jobs: bench/job.h tells how they come in.

usage: bench/parquet_peers.py VARIANT THREADS

Each variant is the best practice of its library for one way of reading; parquet.py keeps for each file the variant that
is fastest. The clock stops before the result is dropped.

    polars           read_parquet into a frame
    polars-lazy      scan_parquet(…).collect()
    pyarrow          read_table
    pyarrow-batches  ParquetFile.iter_batches, batch after batch
    duckdb           every row is scanned and skipped: SELECT … LIMIT 1 OFFSET rows - 1, with the optimisers off that would
                     read less. The vectors of all columns are decoded, and nothing else is done with them; an
                     aggregate costs more than decoding, and count(c) is answered from the statistics
    duckdb-arrow     a stream of Arrow batches, strings as views: the result that the others give

Writing: a polars frame, a pyarrow table, a DuckDB table in memory.
"""
import os
import resource
import signal
import sys
import time


class Polars:
    def __init__(self, variant, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars
        self.polars, self.lazy, self.frame = polars, variant.endswith("lazy"), None

    def read(self, path, columns):
        if not self.lazy:
            return self.polars.read_parquet(path, columns=columns or None)
        frame = self.polars.scan_parquet(path)
        return (frame.select(columns) if columns else frame).collect()

    def rows(self, result):
        return result.height

    def load(self, path):
        self.frame = self.polars.read_parquet(path).rechunk()

    def write(self, path, codec, _):
        codec, level = {"none": ("uncompressed", None), "zstd": ("zstd", 3)}.get(codec, (codec, None))
        self.frame.write_parquet(path, compression=codec, compression_level=level)


class Pyarrow:
    def __init__(self, variant, threads):
        import pyarrow
        import pyarrow.parquet
        pyarrow.set_cpu_count(threads)
        self.parquet, self.threads, self.batches, self.table = pyarrow.parquet, threads > 1, variant.endswith("batches"), None

    def read(self, path, columns):
        if not self.batches:
            return self.parquet.read_table(path, columns=columns or None, use_threads=self.threads)
        rows = 0
        for batch in self.parquet.ParquetFile(path).iter_batches(columns=columns or None, use_threads=self.threads):
            rows += batch.num_rows
        return rows

    def rows(self, result):
        return result if self.batches else result.num_rows

    def load(self, path):
        self.table = self.parquet.read_table(path).combine_chunks()

    def write(self, path, codec, _):
        self.parquet.write_table(self.table, path, compression=codec, compression_level=3 if codec == "zstd" else None)


class DuckDB:
    def __init__(self, variant, threads):
        import duckdb
        self.arrow = variant.endswith("arrow")
        self.connection = duckdb.connect(config={"threads": threads})
        for setting in ("produce_arrow_string_view = true", "arrow_output_version = '1.5'", "preserve_insertion_order = false",
                        "disabled_optimizers = 'late_materialization'"):
            self.connection.execute(f"SET {setting}")

    def read(self, path, columns):
        names = ", ".join(f'"{c}"' for c in columns) or "*"
        if self.arrow:
            stream = self.connection.sql(f"SELECT {names} FROM '{path}'").to_arrow_reader(122880)
            return sum(batch.num_rows for batch in stream)
        rows = self.connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0]
        self.connection.execute(f"SELECT {names} FROM '{path}' LIMIT 1 OFFSET {rows - 1}").fetchall()
        return rows

    def rows(self, result):
        return result

    def load(self, path):
        self.connection.execute(f"CREATE OR REPLACE TABLE loaded AS FROM '{path}'")

    def write(self, path, codec, _):
        codec = {"none": "uncompressed"}.get(codec, codec)
        self.connection.execute(f"COPY loaded TO '{path}' (FORMAT parquet, COMPRESSION {codec})")


PEERS = {"polars": Polars, "pyarrow": Pyarrow, "duckdb": DuckDB}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def do(peer, words):
    """One job: seconds, CPU seconds, and rows or bytes."""
    wall, used = time.perf_counter(), cpu()
    result = None
    if words[0] == "read":
        result = peer.read(words[1], words[2:])
    elif words[0] == "load":
        peer.load(words[1])
    else:
        peer.write(words[1], words[2], words[3:])
    wall, used = time.perf_counter() - wall, cpu() - used
    return wall, used, peer.rows(result) if words[0] == "read" else os.path.getsize(words[1])


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever asked is gone
    variant, threads = sys.argv[1], int(sys.argv[2])
    peer = PEERS[variant.split("-")[0]](variant, threads)
    for line in sys.stdin:
        try:
            wall, used, number = do(peer, line.rstrip("\n").split("\t"))
            print(f"ok\t{wall:.6f}\t{used:.6f}\t{number}", flush=True)
        except Exception as e:  # whatever a peer cannot do is said in the table
            print("error\t" + (str(e) or type(e).__name__).split("\n")[0], flush=True)


if __name__ == "__main__":
    main()
