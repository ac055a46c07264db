#!/usr/bin/env python3
"""Object storage, ours and the peers', side by side in one run: servers under load, clients near and far.

usage: bench/s3.py --build build [--runs 3] [--rate BYTES] [--objects N] [--quick] [CASE…]

    server     4 KiB objects over 64 connections, and each server's memory
    big        objects of 64 MiB over four connections
    pages      one page of a listing after another, 10,000 keys
    clients    1 GiB up and down over loopback
    ranges     1 GiB in ranges of 4 MiB through a relay with 20 ms a direction and a limit of bandwidth, and the way up
    small      1,000 objects of 64 KiB through the relay, down and up
    list       100,000 keys through the relay, in one folder and in a hundred
    million    a bucket of a million objects: pages at its start, middle and end; the start of the server; its memory
    relay      what the relay itself can pass on

s3_servers.py and s3_clients.py tell how peers are found; one that is missing is left out. Contenders take turns, each server
has a fresh folder of its own on the same disk, and what others wrote is on the disk before a turn begins. Ratios are to
the first line's, greater is better for rates; times are whole processes. Everything lies below --folder (build/bench-s3).
"""
import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys

from measure import Server, compare, in_turns, once
from s3_clients import clients
from s3_servers import ACCESS, SECRET, Running, contenders, find, ours

MIB = 1 << 20


def settle(b):
    """Nobody pays for what others have yet to write."""
    if not b.quick:
        os.sync()


def load(b, server, op, **options):
    """One run of the load generator against a server."""
    words = [b.load, "--to", server.address, "--key", ACCESS, "--secret", SECRET, op]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{op}: {done.stderr.strip()[:300]}")
    return json.loads(done.stdout)


def rates(title, b, servers, work, unit="per_second", scale=1.0, digits=0):
    """Let work(server, round) load each server in turns; print rates, times, the server's CPU for each request, and ratios."""
    print(f"\n{title}")

    def turn(name, run):
        settle(b)
        before = servers[name].cpu_seconds()
        result = work(servers[name], run)
        result["server_cpu"] = (servers[name].cpu_seconds() - before) / max(result["answers"], 1)
        return result

    first = None
    for name, results in in_turns(servers, b.runs, turn).items():
        rate = statistics.median(r[unit] for r in results) * scale
        first = first or rate
        low, high = min(r[unit] for r in results) * scale, max(r[unit] for r in results) * scale
        p50, p99 = (statistics.median(r[f] for r in results) for f in ("p50_ms", "p99_ms"))
        cpu = statistics.median(r["server_cpu"] for r in results) * 1e6
        print(f"  {name:24} {rate:9.{digits}f}   {low:9.{digits}f} to {high:9.{digits}f}   p50 {p50:7.2f} ms   p99 {p99:7.2f} ms"
              f"   {cpu:8.0f} µs CPU each   {rate / first:6.2f} ×", flush=True)


def memory(servers):
    print("\nResident memory of the servers, MiB")
    for name, s in servers.items():
        print(f"  {name:24} idle {s.idle_kib / 1024:7.1f}   now {s.now_kib() / 1024:7.1f}   peak {s.peak_kib() / 1024:7.1f}")


def server(b):
    with Running(b, contenders(b)) as servers:
        for s in servers.values():
            load(b, s, "make")
            load(b, s, "put", keys=200 if b.quick else 2000, prefix="read")
        rates("GET of 4 KiB, 64 connections, a second", b, servers,
              lambda s, _: load(b, s, "get", keys=200 if b.quick else 2000, prefix="read", seconds=b.seconds))
        memory(servers)
        rates("PUT of 4 KiB, 64 connections, a second", b, servers,
              lambda s, run: load(b, s, "put", keys=int(10000 * b.seconds), prefix=f"r{run}-", seconds=b.seconds))
        memory(servers)


def big(b):
    with Running(b, contenders(b, ("full", "rename"), False)) as servers:
        for s in servers.values():
            load(b, s, "make")
        size, n = 64 * MIB, 2 if b.quick else 8
        rates("PUT of 64 MiB, 4 connections, MB a second", b, servers, scale=1e-6, unit="bytes_per_second",
              work=lambda s, _: load(b, s, "put", size=size, keys=n, connections=4))
        rates("GET of 64 MiB, 4 connections, MB a second", b, servers, scale=1e-6, unit="bytes_per_second",
              work=lambda s, _: load(b, s, "get", size=size, keys=n, requests=4 * n, connections=4))
        memory(servers)


def pages(b):
    with Running(b, contenders(b, ("none",), False)) as servers:
        n = 2000 if b.quick else 10000
        for s in servers.values():
            load(b, s, "make")
            load(b, s, "put", keys=n, size=16)
        for name, after in (("first", ""), ("last", f"o{n - 1001:08}")):
            rates(f"The {name} page of {n} keys, one connection, pages a second", b, servers, digits=1,
                  work=lambda s, _, after=after: load(b, s, "list", requests=40, connections=1, after=after))


def small_objects(b):
    return 100 if b.quick else 1000


def make_big(b):
    """A file of 1 GiB, and a folder of 1,000 files of 64 KiB: their paths."""
    path, tree = os.path.join(b.folder, "quick" if b.quick else "big"), os.path.join(b.folder, f"tree-{small_objects(b)}")
    if not os.path.exists(path):
        with open("/dev/urandom", "rb") as r, open(path, "wb") as f:
            for _ in range(16 if b.quick else 1024):
                f.write(r.read(MIB))
    if not os.path.isdir(tree):
        os.mkdir(tree)
        for i in range(small_objects(b)):
            with open(os.path.join(tree, f"{i:08}"), "wb") as f:
                f.write(os.urandom(64 << 10))
    return path, tree


def both_ways(b, title, peers, endpoint, direct, big_file):
    """Copies of one file up and down. direct: the client that tidies up, without the relay."""
    back = os.path.join(b.folder, "back")
    env = direct.env(b.endpoint)
    envs = {name: peer.env(endpoint) for name, peer in peers.items()}

    def tidy(_):
        once(direct.s3 + ["rm", "s3://bench/up"], env)
        if os.path.exists(back):
            os.unlink(back)
        settle(b)

    up = compare(f"{title}: up", {n: (p.copy(big_file, "s3://bench/up"), envs[n]) for n, p in peers.items()}, None, b.runs, tidy,
                 warm=False)
    once(direct.copy(big_file, "s3://bench/big"), env)
    down = compare(f"{title}: down", {n: (p.copy("s3://bench/big", back), envs[n]) for n, p in peers.items()}, None, b.runs, tidy)
    if subprocess.run(["cmp", big_file, back], check=False).returncode:
        raise SystemExit("the bytes came back changed")
    return up, down


STREAMS = {"rclone, 16 streams": ("--s3-upload-concurrency", "16", "--s3-chunk-size", "16M", "--multi-thread-streams", "16")}


def with_server(b, work, *options):
    """work(b, server) with one server of ours, whose bucket is "bench"."""
    folder = os.path.join(b.folder, "server")
    shutil.rmtree(folder, ignore_errors=True)
    s = ours(b.program, folder, *options)
    try:
        b.endpoint = s.endpoint
        b.env = clients(b)["neuralake"].env(s.endpoint)
        once([b.program, "s3", "mb", "s3://bench"], b.env)
        work(b, s)
        print(f"  the server's resident memory at its peak: {s.peak_kib() / 1024:.1f} MiB, CPU {s.cpu_seconds():.1f} s")
    finally:
        s.stop()
        shutil.rmtree(folder, ignore_errors=True)


def near(b):
    big_file, _ = make_big(b)
    with_server(b, lambda b, s: both_ways(b, "1 GiB, loopback", clients(b, STREAMS), s.endpoint, clients(b)["neuralake"], big_file))
    with Running(b, contenders(b, ("rename",), False)) as servers:
        ours_alone = clients(b)["neuralake"]
        for name, s in servers.items():
            b.endpoint = s.endpoint
            once([b.program, "s3", "mb", "s3://bench"], ours_alone.env(s.endpoint))
            both_ways(b, f"1 GiB, loopback, against {name}", {"neuralake": ours_alone}, s.endpoint, ours_alone, big_file)


def through_relay(b, server_, delay, rate=0):
    words = [b.relay, "--to", server_.address, "--delay", str(delay)]
    return Server(words + (["--rate", str(int(rate))] if rate else []))


def share(medians, size, rate):
    for name, seconds in medians.items():
        print(f"  {name:34} {size / seconds / 1e6:7.1f} MB/s: {100 * size / seconds / rate:5.1f} % of the bandwidth")


def far_ranges(b):
    big_file, _ = make_big(b)
    size = os.path.getsize(big_file)

    def work(b, s):
        direct = clients(b)["neuralake"]
        once(direct.copy(big_file, "s3://bench/big"), b.env)
        title = f"1 GiB, 20 ms a direction, {b.rate / 1e6:.0f} MB/s"
        with through_relay(b, s, 20, b.rate) as relay:
            endpoint = f"http://{relay.address}"
            library = {"the library, 4 MiB ranges": ([b.ranges, "ranges", "s3://bench/big"], direct.env(endpoint))}
            share(compare(f"{title}: the library, bytes dropped", library, None, b.runs), size, b.rate)
            for medians in both_ways(b, title, clients(b, STREAMS), endpoint, direct, big_file):
                share(medians, size, b.rate)
            print(f"  relay: CPU {relay.cpu_seconds():.1f} s, {relay.stop()}")

    with_server(b, work)


def far_small(b):
    _, tree = make_big(b)
    transfers = {"rclone, 64 transfers": ("--transfers", "64", "--checkers", "64")}

    def work(b, s):
        with through_relay(b, s, 20) as relay:
            endpoint, direct = f"http://{relay.address}", clients(b)["neuralake"]
            once(direct.copy_tree(tree, "s3://bench/tree"), b.env)
            back = os.path.join(b.folder, "tree-back")
            peers = clients(b, transfers)
            peers.pop("rclone", None)  # with its four transfers it takes ten times as long
            envs = {n: p.env(endpoint) for n, p in peers.items()}
            down = {n: (p.copy_tree("s3://bench/tree", back), envs[n]) for n, p in peers.items()}
            library = ([b.ranges, "objects", "s3://bench/tree/", str(small_objects(b))], direct.env(endpoint))
            compare(f"{small_objects(b)} objects of 64 KiB, 20 ms a direction: the library, each by its tail", {"the library": library}, None, b.runs)
            compare(f"{small_objects(b)} objects of 64 KiB, 20 ms a direction: down", down, None, b.runs,
                    lambda _: (shutil.rmtree(back, ignore_errors=True), settle(b)))
            if subprocess.run(["diff", "-rq", tree, back], check=False).returncode:
                raise SystemExit("the bytes came back changed")
            compare(f"{small_objects(b)} objects of 64 KiB, 20 ms a direction: up",
                    {n: (p.copy_tree(tree, "s3://bench/up"), envs[n]) for n, p in peers.items()}, None, b.runs,
                    lambda _: (once(direct.s3 + ["rm", "--recursive", "s3://bench/up"], b.env), settle(b)))
            print(f"  relay: {relay.stop()}")

    with_server(b, work)


def far_list(b):
    def work(b, s):
        n = 2000 if b.quick else 100_000
        load(b, s, "put", bucket="bench", prefix="flat/o", keys=n, size=16)
        load(b, s, "put", bucket="bench", prefix="folders/", folder=n // 100, keys=n, size=16)
        with through_relay(b, s, 20) as relay:
            endpoint = f"http://{relay.address}"
            peers = clients(b, {"rclone --fast-list": ("--fast-list",), "rclone, 64 checkers": ("--checkers", "64")})
            for layout in ("flat", "folders"):
                words = {name: (p.list(f"s3://bench/{layout}/"), e) for name, p in peers.items() for e in [p.env(endpoint)]}
                for name, (command, env) in words.items():
                    lines = subprocess.run(command, env=env, capture_output=True, check=False).stdout.count(b"\n")
                    if lines != n:
                        print(f"  ({name} lists {lines} of {n} keys)")
                compare(f"{n} keys, {layout}, 20 ms a direction", words, None, b.runs)
            print(f"  relay: {relay.stop()}")

    with_server(b, work, "--durability", "none")


def fill(b, folder):
    """A bucket of many small objects in folders of a thousand, whole or not at all."""
    new = folder + ".new"
    shutil.rmtree(new, ignore_errors=True)
    with ours(b.program, new, "--durability", "none") as s:
        load(b, s, "make")
        filled = load(b, s, "put", keys=b.objects, folder=1000, size=16)
    os.rename(new, folder)
    print(f"\n{b.objects} objects in folders of a thousand: {filled['seconds']:.0f} s")


def million(b):
    """Filled once and kept below --folder; the server starts again for each run."""
    folder = os.path.join(b.folder, f"objects-{b.objects}")
    if not os.path.exists(folder):
        fill(b, folder)
    starts, before, after, peak = [], [], [], []
    print(f"\n{b.objects} objects: pages of 1,000 keys, one connection")
    for run in range(b.runs):
        with ours(b.program, folder, "--durability", "none") as s:
            starts.append(s.start_seconds)
            before.append(s.now_kib())
            for name, at in (("start", 0), ("middle", b.objects // 2), ("end", b.objects - 1001)):
                key = f"o{at // 1000:05}/{at:08}"
                cold = load(b, s, "list", requests=1, connections=1, after=key)
                warm = load(b, s, "list", requests=100, connections=1, after=key)
                print(f"  run {run}, {name:7} first page {cold['p50_ms']:9.2f} ms, then {warm['p50_ms']:7.2f} ms (p99 {warm['p99_ms']:.2f})")
            once([b.program, "s3", "ls", "--recursive", "s3://load/"], clients(b)["neuralake"].env(s.endpoint))
            after.append(s.now_kib())
            peak.append(s.peak_kib())
    print(f"  start until it listens: {statistics.median(starts) * 1000:.1f} ms; resident {statistics.median(before) / 1024:.1f} MiB, after "
          f"a whole listing {statistics.median(after) / 1024:.1f}, peak {max(peak) / 1024:.1f} MiB")


def relay_alone(b):
    """What the relay passes on with nothing but itself in the way: 64 MiB objects, with and without it."""
    def work(b, s):
        load(b, s, "put", bucket="bench", size=64 * MIB, keys=4, connections=4)
        with through_relay(b, s, 0) as at_once, through_relay(b, s, 20) as late:
            through = {"direct": s, "relay": at_once, "relay, 20 ms a direction": late}
            rates("The relay: GET of 64 MiB, 16 connections, MB a second", b, through, scale=1e-6, unit="bytes_per_second",
                  work=lambda t, _: load(b, t, "get", bucket="bench", size=64 * MIB, keys=4, requests=32, connections=16))

    with_server(b, work, "--durability", "none")


CASES = {"server": server, "big": big, "pages": pages, "clients": near, "ranges": far_ranges, "small": far_small,
         "list": far_list, "million": million, "relay": relay_alone}


def versions(b):
    """What each program that is there says of itself, in one line."""
    for program, words in ((b.program, ["--version"]), (find("VERSITYGW", "versitygw"), ["--version"]),
                           (find("MINIO", "minio"), ["--version"]), (find("AWS", "aws"), ["--version"]),
                           (find("RCLONE", "rclone"), ["version"])):
        if program:
            lines = subprocess.run([program] + words, capture_output=True, text=True, check=False).stdout.splitlines()
            yield " ".join(lines[0].split()[:3]) if lines else program


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--folder", help="where servers keep their objects: a disk, not memory")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each load")
    parser.add_argument("--rate", type=float, default=200e6, help="the relay's bandwidth in the case ranges")
    parser.add_argument("--objects", type=int, default=1_000_000, help="of the case million")
    parser.add_argument("--quick", action="store_true", help="smaller everything: shows that it works")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=" ".join(CASES))
    b = parser.parse_args()
    for name in b.cases:
        if name not in CASES:
            parser.error(f"{name} is none of {', '.join(CASES)}")
    build = os.path.abspath(b.build)
    b.program, b.relay = os.path.join(build, "neuralake"), os.path.join(build, "bench/relay")
    b.load, b.ranges = os.path.join(build, "bench/s3_load"), os.path.join(build, "bench/s3_ranges")
    b.folder = os.path.abspath(b.folder or os.path.join(build, "bench-s3"))
    if b.quick:
        b.runs, b.seconds, b.objects = 1, 0.1, min(b.objects, 5000)
    os.makedirs(b.folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are stopped too
    print(f"{'; '.join(versions(b))}; {platform.machine()}, {os.cpu_count()} cores, {b.runs} runs after one that warms up")
    for name in b.cases or [c for c in CASES if not (b.quick and c == "relay")]:
        CASES[name](b)
        print(f"  (load of the machine: {os.getloadavg()[0]:.1f})", flush=True)
    for name in ("back", "tree-back"):
        path = os.path.join(b.folder, name)
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.unlink(path)


if __name__ == "__main__":
    main()
