#!/usr/bin/env python3
"""Parquet, ours and the peers': how fast each reads and writes the same files, as ratios to ours.

usage: bench/parquet.py --build build [--quick] [--runs 3] [--markdown] [--case read,columns,write,memcpy,memory]
                        [--table lineitem,log…] [--threads 1,2] [--files FOLDER] [--by wall|cpu] [--take median|min]

    read     each table, written by each contender, read whole; of `wide` three columns
    columns  the columns of lineitem one by one
    write    each table from memory into a file system in memory, as each contender does it unasked, with the size of what
             comes out; all codecs for lineitem, log and floats
    memcpy   plain integers without compression, against copying as many bytes
    memory   what our reading takes at its peak, against 64 MiB and two row groups

Each contender is a process that waits for jobs, so that neither starting nor importing is timed; on one core all of them are
bound to it, and told to use one thread. The first round is not counted: it warms the page cache and the libraries, and
chooses for each peer the fastest of its ways to read this file. Then the contenders take turns, with two jobs a turn, of
which the faster counts: an allocator that gives memory back while others have theirs is not punished for it.
A ratio is the peer's time divided by ours: above 1, ours is faster. What a contender cannot read is said, and left out.

Peers: Python with bench/requirements.txt, and carquet as CARQUET_BENCH names it (bench/peers/carquet.c).
"""
import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

from parquet_files import TABLES, WIDE_READ, WRITERS, Files

HERE = os.path.dirname(os.path.abspath(__file__))
READERS = ["polars", "polars-lazy", "duckdb", "duckdb-arrow", "pyarrow", "pyarrow-batches", "carquet"]
PEERS = ["polars", "duckdb", "pyarrow", "carquet"]


class Worker:
    """A contender on so many cores; job() gives (wall, cpu, number), or raises RuntimeError with what it says."""

    def __init__(self, words, threads):
        cores = sorted(os.sched_getaffinity(0))[-threads:]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def job(self, *words):
        try:
            self.process.stdin.write("\t".join(words) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().rstrip("\n").split("\t")
        except BrokenPipeError:
            answer = [""]
        if answer[0] == "ok":
            return float(answer[1]), float(answer[2]), int(answer[3])
        raise RuntimeError(answer[1] if len(answer) > 1 else "the process ended")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Bench:
    def __init__(self, options):
        self.options, self.workers = options, {}
        self.scan = os.path.join(options.build, "bench", "parquet_scan")
        self.write = os.path.join(options.build, "bench", "parquet_write")
        self.files = Files(options.files, options.scale, self.write)
        self.peers = [p for p in PEERS if self.have(p)]

    def have(self, peer):
        there = os.environ.get("CARQUET_BENCH") or shutil.which("carquet_bench") if peer == "carquet" else importlib.util.find_spec(peer)
        if not there:
            print(f"({peer} is not there: left out)")
        return bool(there)

    def worker(self, name, threads):
        there = self.workers.get((name, threads))
        if not there or there.process.poll() is not None:  # one that crashed begins anew
            if name == "neuralake":
                words = [self.scan, "--threads", str(threads), "--serve"]
            elif name == "neuralake write":
                words = [self.write, "--threads", str(threads), "--serve"]
            elif name == "carquet":
                words = [os.environ.get("CARQUET_BENCH") or "carquet_bench", str(threads)]
            else:
                words = [sys.executable, os.path.join(HERE, "parquet_peers.py"), name, str(threads)]
            self.workers[name, threads] = Worker(words, threads)
        return self.workers[name, threads]

    def stop(self):
        for worker in self.workers.values():
            worker.stop()
        self.workers = {}

    def taken(self, answers):
        times = [a[0 if self.options.by == "wall" else 1] for a in answers]
        return min(times) if self.options.take == "min" else statistics.median(times)

    def compare(self, contenders, threads, job, runs):
        """Take turns at one job. {contender: time}, and {contender: why it could not}; a peer is its fastest variant."""
        first, failed = {}, {}
        for name in contenders:
            try:
                first[name] = self.worker(name, threads).job(*job)
            except RuntimeError as e:
                failed[name] = str(e)
        rows = {name: answer[2] for name, answer in first.items()}
        if job[0] == "read" and len(set(rows.values())) > 1:
            raise SystemExit(f"{job}: the contenders count different rows: {rows}")
        best = {}
        for name in sorted(first, key=lambda n: first[n][0]):
            best.setdefault(name.split("-")[0], name)
        answers = {name: [] for name in best.values()}
        for _ in range(runs):
            for name in list(answers):
                try:
                    answers[name].append(self.turn(name, threads, job))
                except RuntimeError as e:  # not each time
                    del answers[name], best[name.split("-")[0]]
                    failed[name] = str(e)
        return ({name.split("-")[0]: self.taken(a) for name, a in answers.items()},
                {name: why for name, why in failed.items() if name.split("-")[0] not in best},
                {name.split("-")[0]: a[0][2] for name, a in answers.items()})

    def turn(self, name, threads, job):
        return min(self.worker(name, threads).job(*job) for _ in range(self.options.burst))

    def readers(self):
        return ["neuralake"] + [r for r in READERS if r.split("-")[0] in self.peers]


class Table:
    """Rows of text, laid out for a terminal or as Markdown."""

    def __init__(self, options, title, heads):
        self.markdown = options.markdown
        print(f"\n{'### ' if self.markdown else ''}{title}\n", flush=True)
        if self.markdown:
            print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads))
        else:
            self.row(*heads)

    def row(self, *cells):
        if self.markdown:
            print("| " + " | ".join(cells) + " |", flush=True)
        else:
            print("  " + cells[0].ljust(34) + "".join(c.rjust(12) for c in cells[1:]), flush=True)

    def note(self, text):
        print(("\n" if self.markdown else "  ") + text, flush=True)


def ratio(times, peer):
    return f"{times[peer] / times['neuralake']:.2f} ×" if peer in times and "neuralake" in times else "–"


def best_ratio(times):
    others = [t for name, t in times.items() if name != "neuralake"]
    return min(others) / times["neuralake"] if others and "neuralake" in times else None


def sum_up(table, ratios):
    """ratios: {what: the best peer's}"""
    if ratios:
        worst = min(ratios, key=ratios.get)
        table.note(f"Best peer, median of {len(ratios)}: {statistics.median(ratios.values()):.2f} ×; "
                   f"worst: {ratios[worst]:.2f} × ({worst})")


def each_file(bench, names=None):
    """(table, writer, codec, path) of every file that is asked for; what cannot be written is said."""
    for name in names or bench.options.table:
        for codec in TABLES[name][2]:
            for writer in WRITERS:
                if writer != "neuralake" and writer not in bench.peers:
                    continue
                try:
                    yield name, writer, codec, bench.files.path(name, writer, codec)
                except RuntimeError as e:
                    print(f"  {name}, {codec}, {writer}: skipped, not written: {e}", flush=True)


def say_failures(table, title, failed):
    for who, why in failed.items():
        table.note(f"{title}: skipped by {who}: {why}")


def read_case(bench, threads):
    table = Table(bench.options, f"Reading, {threads} core{'s'[:threads - 1]}",
                  ["file", "ours"] + bench.peers + ["best"])
    ratios = {}
    for name, writer, codec, path in each_file(bench):
        columns = WIDE_READ if name == "wide" else []
        times, failed, _ = bench.compare(bench.readers(), threads, ["read", path, *columns], bench.options.runs)
        title = f"{name}, {codec}, {writer}"
        best = best_ratio(times)
        if "neuralake" in times:
            table.row(title, f"{times['neuralake'] * 1000:.1f} ms", *(ratio(times, p) for p in bench.peers),
                      f"{best:.2f} ×" if best else "–")
        say_failures(table, title, failed)
        if best:
            ratios[title] = best
    sum_up(table, ratios)


def columns_case(bench, threads):
    if "lineitem" not in bench.options.table:
        return
    import pyarrow.parquet
    names = pyarrow.parquet.ParquetFile(bench.files.source("lineitem")).schema_arrow.names
    table = Table(bench.options, f"Reading the columns of lineitem one by one, {threads} core{'s'[:threads - 1]}: "
                  "median over the files", ["column", "ours"] + bench.peers + ["best", "worst file"])
    ratios = {}
    paths = list(each_file(bench, ["lineitem"]))
    for column in names:
        got = []
        for _, writer, codec, path in paths:
            times, _, _ = bench.compare(bench.readers(), threads, ["read", path, column], bench.options.runs)
            got.append(times)
            if best_ratio(times):
                ratios[f"{column}, {codec}, {writer}"] = best_ratio(times)
        mine = [r for title, r in ratios.items() if title.startswith(column + ",")]
        cells = [[t[p] / t["neuralake"] for t in got if p in t and "neuralake" in t] for p in bench.peers]
        table.row(column, f"{statistics.median(t['neuralake'] for t in got) * 1000:.1f} ms",
                  *(f"{statistics.median(c):.2f} ×" if c else "–" for c in cells),
                  f"{statistics.median(mine):.2f} ×" if mine else "–", f"{min(mine):.2f} ×" if mine else "–")
    sum_up(table, ratios)


def write_case(bench, threads):
    folder = tempfile.mkdtemp(prefix="neuralake-bench-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    table = Table(bench.options, f"Writing, {threads} core{'s'[:threads - 1]}, in memory: time, and size against the smallest",
                  ["table", "ours"] + [p for p in bench.peers if p != "carquet"] + ["best", "our size", "smallest"])
    ratios = {}
    contenders = ["neuralake write"] + [p for p in bench.peers if p != "carquet"]
    try:
        for name in [t for t in bench.options.table if t != "wide"]:  # one of columns is for reading
            for contender in contenders:
                bench.worker(contender, threads).job("load", bench.files.source(name))
            for codec in ["snappy", "zstd", "none"] if name in ("lineitem", "log", "floats") else TABLES[name][2]:
                out = os.path.join(folder, "out.parquet")
                times, failed, sizes = bench.compare(contenders, threads, ["write", out, codec], bench.options.runs)
                times, sizes = ({k.replace(" write", ""): v for k, v in d.items()} for d in (times, sizes))
                best = best_ratio(times)
                others = {k: v for k, v in sizes.items() if k != "neuralake"}
                smallest = min(others, key=others.get) if others else "neuralake"
                table.row(f"{name}, {codec}", f"{times['neuralake'] * 1000:.0f} ms",
                          *(ratio(times, p) for p in bench.peers if p != "carquet"), f"{best:.2f} ×" if best else "–",
                          f"{sizes['neuralake'] / 1e6:.1f} MB", f"{sizes[smallest] / 1e6:.1f} {smallest}")
                say_failures(table, f"{name}, {codec}", failed)
                if best:
                    ratios[f"{name}, {codec}"] = best
        sum_up(table, ratios)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memcpy_case(bench, threads):
    if threads > 1 or "integers" not in bench.options.table:
        return
    path = bench.files.path("integers", "neuralake", "none")
    worker = bench.worker("neuralake", 1)
    rows = worker.job("read", path)[2]
    reads, copies = [], []
    for _ in range(max(bench.options.runs, 3)):
        reads.append(worker.job("read", path))
        copies.append(worker.job("memcpy", str(8 * rows)))
    read, copy = bench.taken(reads), bench.taken(copies)
    table = Table(bench.options, "Plain integers without compression", ["what", "time", "bandwidth", "of memcpy"])
    table.row("memcpy, pages there", f"{copy * 1000:.1f} ms", f"{8e-9 * rows / copy:.1f} GB/s", "100 %")
    table.row("parquet_scan", f"{read * 1000:.1f} ms", f"{8e-9 * rows / read:.1f} GB/s", f"{100 * copy / read:.0f} %")


def memory_case(bench, threads):
    """A process of its own for each file. The limit is 64 MiB and two of the largest row group, decoded or not."""
    import pyarrow.parquet
    table = Table(bench.options, f"Memory of our full scan, {threads} core{'s'[:threads - 1]}", ["file", "peak", "limit", ""])
    for name, writer, codec, path in each_file(bench):
        done = subprocess.run([bench.scan, "--threads", str(threads), path] + (WIDE_READ if name == "wide" else []),
                              capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        if not lines or not lines[0].startswith("ok"):
            table.note(f"{name}, {codec}, {writer}: skipped: " + (lines[0].replace("error\t", "") if lines else "no answer"))
            continue
        meta = pyarrow.parquet.ParquetFile(path).metadata
        wanted = [c for c in range(meta.num_columns) if name != "wide" or meta.schema.column(c).name in WIDE_READ]
        group = max(sum(meta.row_group(g).column(c).total_uncompressed_size for c in wanted) for g in range(meta.num_row_groups))
        peak, limit = int(lines[-1].split("\t")[1]) / 1024, 64 + 2 * group / 2**20
        table.row(f"{name}, {codec}, {writer}", f"{peak:.1f} MiB", f"{limit:.1f} MiB", "met" if peak < limit else "MISSED")


CASES = {"read": read_case, "columns": columns_case, "write": write_case, "memcpy": memcpy_case, "memory": memory_case}


def versions(bench):
    there = [f"{p} {importlib.metadata.version(p)}" for p in bench.peers if p != "carquet"]
    return (f"{', '.join(there)}{', carquet' if 'carquet' in bench.peers else ''}; Python {platform.python_version()}, "
            f"{os.cpu_count()} cores; {bench.options.take} of {bench.options.runs}, {bench.options.by} time; scale {bench.options.scale:g}")


def arguments():
    def words(text):
        return text.split(",")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the build folder, with its target bench built")
    parser.add_argument("--files", help="where the files are kept (BUILD/bench-files)")
    parser.add_argument("--runs", type=int, default=3, help="turns of each contender (3)")
    parser.add_argument("--burst", type=int, default=2, help="jobs a turn, of which the fastest counts (2)")
    parser.add_argument("--quick", action="store_true", help="small tables and one run: shows that it works")
    parser.add_argument("--scale", type=float, help="of the tables: 1 is six million rows of lineitem (quick: 0.01)")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--by", choices=["wall", "cpu"], default="wall", help="cpu: of all threads, for a busy machine")
    parser.add_argument("--take", choices=["median", "min"], default="median", help="of the turns; min: for a busy machine")
    parser.add_argument("--threads", type=words, default=["1", "2"])
    parser.add_argument("--case", type=words, default=list(CASES))
    parser.add_argument("--table", type=words, default=list(TABLES))
    options = parser.parse_args()
    for given, known in ((options.case, CASES), (options.table, TABLES)):
        for word in given:
            if word not in known:
                parser.error(f"{word} is none of {', '.join(known)}")
    options.scale = options.scale or (0.01 if options.quick else 1)
    if options.quick:
        options.runs = options.burst = 1
    options.files = os.path.abspath(options.files or os.path.join(options.build, "bench-files"))
    return options


def main():
    options = arguments()
    bench = Bench(options)
    print(versions(bench))
    try:
        for threads in map(int, options.threads):
            if threads > len(os.sched_getaffinity(0)):
                print(f"\n({threads} cores are not there: left out)")
                continue
            for name in options.case:
                CASES[name](bench, threads)
                if name == "write":
                    bench.stop()  # their tables need the memory no longer
    finally:
        bench.stop()


if __name__ == "__main__":
    main()
