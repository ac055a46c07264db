"""What lake.py and s3.py share: background programs, one measured process, and contenders that take turns."""
import os
import signal
import statistics
import subprocess
import time
from typing import NamedTuple

KEYS = {"AWS_ACCESS_KEY_ID": "AKIABENCHBENCHBENCH0", "AWS_SECRET_ACCESS_KEY": "benchbenchbenchbenchbenchbenchbenchbench",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


def clean_environment(endpoint=None):
    """Ours and the peers' environment: these keys, this endpoint, no machine's own AWS settings."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(KEYS, AWS_EC2_METADATA_DISABLED="true")
    if endpoint:
        env["AWS_ENDPOINT_URL"] = endpoint
    return env


class Process:
    """A background program, ended by its own pid; what it used is read while it runs."""

    def __init__(self, words, env=None, output=subprocess.PIPE, errors=None):
        self.process = subprocess.Popen(words, stdout=output, stderr=errors, text=True, env=env)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        rest = self.process.communicate(timeout=60)[0]
        return (rest or "").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def _status_kib(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field + ":"))

    def peak_kib(self):
        return self._status_kib("VmHWM")

    def now_kib(self):
        return self._status_kib("VmRSS")

    def cpu_seconds(self):
        """In user and system mode, of all threads so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server(Process):
    """A background program that prints "listening on …" first."""

    def __init__(self, words, env=None):
        super().__init__(words, env)
        self.address = self.process.stdout.readline().split()[-1]


class Used(NamedTuple):
    """What one process took: wall and CPU seconds, and its memory at the peak."""
    seconds: float
    cpu: float
    kib: int


def once(words, env, output=None):
    """One process, from start to end."""
    started = time.perf_counter()
    with open(output or os.devnull, "wb") as out:
        process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(words)[:100]}: exit {process.returncode}: {errors.decode()[-300:]}")
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def in_turns(names, runs, work, warm=True):
    """{name: [what work(name, run) answered]}: A B C A B C …; the first round (0) warms up and is not counted, unless warm is
    False. A contender that fails is said to, and left out from there on."""
    results, broken = {name: [] for name in names}, {}
    for run in range(0 if warm else 1, runs + 1):
        for name in names:
            if name in broken:
                continue
            try:
                answer = work(name, run)
            except RuntimeError as e:
                broken[name] = str(e)
                continue
            if run:
                results[name].append(answer)
    for name, why in broken.items():
        print(f"  {name:34} failed: {why}")
    return {name: r for name, r in results.items() if name not in broken and r}


def compare(title, contenders, env, runs, before=None, warm=True):
    """contenders: {name: words, or (words, environment)}; the first is ours. Alternates them, and prints medians and the ratio
    to ours. Answers {name: median seconds}."""
    print(f"\n{title}")

    def work(name, _):
        if before:
            before(name)
        words = contenders[name]
        return once(*words) if isinstance(words, tuple) else once(words, env)

    ours, medians = None, {}
    for name, used in in_turns(contenders, runs, work, warm).items():
        times = [u.seconds for u in used]
        medians[name] = median = statistics.median(times)
        ours = ours or median
        print(f"  {name:34} {median * 1000:9.1f} ms   {min(times) * 1000:9.1f} to {max(times) * 1000:9.1f}"
              f"   {max(u.kib for u in used) / 1024:7.1f} MiB   {statistics.median(u.cpu for u in used):6.2f} s CPU"
              f"   {median / ours:6.2f} ×", flush=True)
    return medians
