#!/usr/bin/env python3
"""Run every command and code block of a Markdown page: documentation that has drifted fails here.

usage: run.py --program build/neuralake --source . PAGE.md…

A fence is one of
    ```sh                 run by one bash a page, so that exports, cd and background jobs last from block to block
    ```sh exit=2          the same, and it must end with that exit code (default 0)
    ```sh stand-in        the same, before an endpoint that the page names (AWS, MinIO) is replaced by the embedded server
    ```output             what the block before printed; "…" matches anything in a line, a line "…" any lines
    ```c file=NAME        (any language) written to NAME in the page's folder, for the blocks behind it
    ```sql                run by `neuralake query`
    ```sh needs=COMMAND   run where that command succeeds; else skipped, with the output behind it, and counted
    ```LANGUAGE skip=WHY  not run; counted, with the reason

Each page runs in a fresh folder with a home of its own, HOME and XDG folders included, and with `neuralake` on its PATH.
NEURALAKE_SOURCE is the checkout, NEURALAKE_BUILD the program's folder, and CFLAGS what a program needs to link with the
library there (sanitizers; mostly empty).
A `neuralake s3 serve` without --listen takes a free port: pages may be run on a machine where 9000 is taken.
The last line is "N passed, N failed, N skipped", over blocks.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(\s*)(```+|~~~+)\s*(.*)$")
LIMIT_SECONDS = 600


def blocks(path):
    """The fences of a page: (line, language, {key: value or True}, text)."""
    found, inside = [], None
    with open(path, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            fence = FENCE.match(line.rstrip("\n"))
            if inside is None and fence:
                words = fence.group(3).split(None, 1)
                language = words[0] if words else ""
                info = {}
                for key, value in re.findall(r"([\w-]+)(?:=(\"[^\"]*\"|\S+))?", words[1] if len(words) > 1 else ""):
                    info[key] = value.strip('"') if value else True
                inside = (number, fence.group(1), fence.group(2), language, info, [])
            elif inside and fence and fence.group(2).startswith(inside[2]) and not fence.group(3):
                found.append((inside[0], inside[3], inside[4], "".join(inside[5])))
                inside = None
            elif inside:
                text = line[len(inside[1]):] if line.startswith(inside[1]) else line.lstrip()
                inside[5].append(text)
    if inside:
        raise SystemExit(f"{path}:{inside[0]}: a fence is not closed")
    return found


def matches(expected, printed):
    """Does the output fit, with "…" as a wildcard?"""
    pattern = ""
    lines = [line.rstrip() for line in expected.rstrip("\n").split("\n")]
    for i, line in enumerate(lines):
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + r"[ \t]*\n"
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n") is not None


class Shell:
    """One bash that stays: blocks are sent to it, and answered with what they printed and their exit code."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=folder, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.count = 0

    def run(self, text):
        self.count += 1
        mark = f"@@end-of-block-{self.count}@@"
        script = f"{{\n{text}\n}} </dev/null\nprintf '\\n%s %d\\n' '{mark}' $?\n"
        self.process.stdin.write(script.encode())
        self.process.stdin.flush()
        signal.alarm(LIMIT_SECONDS)
        printed = []
        while True:
            line = self.process.stdout.readline().decode("utf-8", "replace")
            if not line:
                return "".join(printed) + "\n(the shell ended)", -1
            if line.startswith(mark):
                signal.alarm(0)
                # The newline before the mark is ours.
                text = "".join(printed)
                return text[:-1] if text.endswith("\n") else text, int(line.split()[1])
            printed.append(line)

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


SHIM = """#!/bin/bash
# The program under test; a server without --listen takes a free port.
if [[ "$1 $2" == "s3 serve" && " $* " != *" --listen "* ]]; then
    exec "{program}" "$@" --listen 127.0.0.1:0
fi
exec "{program}" "$@"
"""


def sanitizers(program):
    """What a program must be compiled with to load a library that was built as this one."""
    with open(program, "rb") as f:
        text = f.read()
    return "-fsanitize=address,undefined" if b"__asan_init" in text else \
        "-fsanitize=thread" if b"__tsan_init" in text else ""


def environment(home, program, source):
    """What a new user's shell has, and nothing of ours."""
    shim = os.path.join(home, "bin")
    os.makedirs(shim)
    with open(os.path.join(shim, "neuralake"), "w", encoding="utf-8") as f:
        f.write(SHIM.format(program=program))
    os.chmod(os.path.join(shim, "neuralake"), 0o755)
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith(("AWS_", "XDG_", "NEURALAKE_")) and k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    keep.update(HOME=home, PATH=f"{shim}:{os.environ['PATH']}", NEURALAKE_SOURCE=source, LC_ALL="C.UTF-8",
                NEURALAKE_BUILD=os.path.dirname(os.path.realpath(program)), CFLAGS=sanitizers(program))
    return keep


def stand_in(shell, home):
    """An embedded server in the place of the endpoint that a page names, with the keys that it shows."""
    root = os.path.join(home, "stand-in")
    keys = os.path.join(home, "stand-in.yaml")
    with open(keys, "w", encoding="utf-8") as f:
        f.write("- access_key: AKIAIOSFODNN7EXAMPLE\n  secret_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
                "- access_key: minioadmin\n  secret_key: minioadmin\n")
    printed, code = shell.run(
        f"[ -n \"$STAND_IN\" ] || {{ neuralake s3 serve --root {root} --credentials {keys} > {home}/stand-in.log & "
        f"while [ ! -s {home}/stand-in.log ]; do sleep 0.05; kill -0 $! || break; done; }}\n"
        f"STAND_IN=$(sed 's/listening on //' {home}/stand-in.log); export AWS_ENDPOINT_URL=$STAND_IN\n"
        "case $STAND_IN in http*) ;; *) false ;; esac")
    if code != 0:
        raise SystemExit(f"the stand-in server did not start: {printed}")


class Page:
    def __init__(self, path, program, source):
        self.path, self.program, self.source = path, program, source
        self.passed = self.failed = self.skipped = 0
        self.last = None      # what the block before printed
        self.missing = None   # what it needed and was not there

    def fail(self, line, why):
        self.failed += 1
        print(f"{self.path}:{line}: {why}", flush=True)

    def skip(self, line, why):
        self.skipped += 1
        print(f"{self.path}:{line}: skipped: {why}", flush=True)

    def one(self, shell, folder, home, line, language, info, text):
        if "skip" in info:
            self.skip(line, info["skip"])
            return
        if "needs" in info:
            self.missing = f"'{info['needs']}' fails here" if shell.run(f"{info['needs']} >/dev/null 2>&1")[1] else None
        elif language != "output":
            self.missing = None
        if self.missing:
            self.skip(line, self.missing)
        elif language == "output":
            if self.last is None:
                self.fail(line, "output without a block before it")
            elif not matches(text, self.last):
                self.fail(line, f"the output differs\n--- the page says\n{text}--- printed\n{self.last}\n---")
            else:
                self.passed += 1
        elif "file" in info:
            with open(os.path.join(folder, info["file"]), "w", encoding="utf-8") as f:
                f.write(text)
            self.passed += 1
        elif language in ("sh", "sql"):
            if "stand-in" in info:
                stand_in(shell, home)
            if language == "sql":
                text = "neuralake query <<'END_OF_SQL'\n" + text + "END_OF_SQL"
            self.last, code = shell.run(text)
            if code != int(info.get("exit", 0)):
                self.fail(line, f"exit code {code}\n{text}--- printed\n{self.last}\n---")
            else:
                self.passed += 1
        else:
            self.fail(line, f"a fence '{language}' is neither run, nor output, nor skipped with a reason")

    def run(self):
        home = tempfile.mkdtemp(prefix="neuralake-docs-")
        folder = os.path.join(home, "work")
        os.mkdir(folder)
        shell = Shell(folder, environment(home, self.program, self.source))
        try:
            for block in blocks(self.path):
                self.one(shell, folder, home, *block)
        finally:
            shell.close()
            shutil.rmtree(home, ignore_errors=True)


def too_long(*_):
    raise TimeoutError(f"a block ran for more than {LIMIT_SECONDS} s")


def main():
    signal.signal(signal.SIGALRM, too_long)
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("pages", nargs="+")
    a = parser.parse_args()
    passed = failed = skipped = 0
    for path in a.pages:
        page = Page(path, os.path.abspath(a.program), os.path.abspath(a.source))
        page.run()
        passed, failed, skipped = passed + page.passed, failed + page.failed, skipped + page.skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
