"""Dependencies are declared once and locked: DuckDB's packages by hash, the oracles by hash, Debian's by name."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import unit  # noqa: E402


def text(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


class DuckDB(unittest.TestCase):
    names = ("@duckdb/node-bindings-linux-arm64", "@duckdb/node-bindings-linux-x64")

    def test_both_processors_are_pinned_to_one_version(self):
        wanted = json.loads(text("package.json"))["optionalDependencies"]
        self.assertEqual(sorted(wanted), list(self.names))
        self.assertEqual(len(set(wanted.values())), 1)
        for version in wanted.values():
            self.assertRegex(version, r"^\d+\.\d+\.\d+-r\.\d+$")

    def test_the_lock_has_hashes_and_no_host(self):
        lock = text("package-lock.json")
        self.assertNotIn("resolved", lock)
        self.assertNotIn("://", lock)
        packages = json.loads(lock)["packages"]
        wanted = json.loads(text("package.json"))["optionalDependencies"]
        for name in self.names:
            self.assertEqual(packages[f"node_modules/{name}"]["version"], wanted[name])
            self.assertRegex(packages[f"node_modules/{name}"]["integrity"], r"^sha512-[A-Za-z0-9+/]{86}==$")

    def test_the_library_is_the_one_that_was_recorded(self):
        recorded = dict(reversed(line.split()) for line in text("scripts/duckdb.sha256").splitlines())
        self.assertEqual(sorted(recorded), [f"node_modules/{n}/libduckdb.so" for n in self.names])
        here = [p for p in recorded if os.path.exists(os.path.join(ROOT, p))]
        if not here:
            self.skipTest("the DuckDB library is not installed: scripts/setup.sh run")
        for path in here:
            with open(os.path.join(ROOT, path), "rb") as f:
                self.assertEqual(hashlib.sha256(f.read()).hexdigest(), recorded[path], path)


class Packages(unittest.TestCase):
    def test_every_library_of_the_build_has_a_package_and_a_reason(self):
        lines = [x.split(None, 2) for x in text("scripts/packages.txt").splitlines() if x and x[0] not in "#r"
                 or x.startswith("run ")]
        groups = {x[0] for x in lines}
        self.assertEqual(groups, {"build", "run", "test", "lint", "fuzz", "cross", "bench"})
        for line in lines:
            self.assertEqual(len(line), 3, f"{line}: no reason")
        build = {x[1] for x in lines if x[0] == "build"}
        libraries = set(re.findall(r"\b[a-z0-9]+\b", " ".join(re.findall(r"^set\(DEPS_\w+ (.*)\)", text("cmake/deps.cmake"),
                                                                         re.M)))) - {"m"}
        named = {"libcrypto": "libssl-dev", "libcurl": "libcurl4-openssl-dev", "expat": "libexpat1-dev",
                 "libbrotlidec": "libbrotli-dev", "libbrotlienc": "libbrotli-dev"}
        for library in libraries:
            package = named.get(library) or next((f"{p}{library}-dev" for p in ("", "lib") if f"{p}{library}-dev" in build),
                                                 None)
            self.assertIn(package, build, f"no Debian package for {library}")

    def test_the_oracles_are_locked_by_hash(self):
        joined = text("tests/requirements.txt").replace("\\\n", " ")
        for line in filter(lambda x: x and x[0] != "#", joined.splitlines()):
            self.assertRegex(line, r"^[a-z0-9-]+==\S+\s+--hash=sha256:[0-9a-f]{64}")

    def run_setup(self, group, fakes, folder=ROOT):
        """setup.sh with these commands and no others beside a few that every machine has."""
        with tempfile.TemporaryDirectory() as bin_dir:
            for name, body in fakes.items():
                path = os.path.join(bin_dir, name)
                with open(path, "w") as f:
                    f.write(f"#!/bin/sh\n{body}\n")
                os.chmod(path, 0o755)
            for tool in ("dirname", "bash", "sh", "awk", "sed"):
                os.symlink(next(p for p in (f"/usr/bin/{tool}", f"/bin/{tool}") if os.path.exists(p)),
                           os.path.join(bin_dir, tool))
            return subprocess.run([os.path.join(folder, "scripts", "setup.sh"), group], env={"PATH": bin_dir},
                                  capture_output=True, text=True, check=False)

    def test_setup_without_root_names_the_command_and_stops(self):
        """A machine on which nothing is installed, no one is root, and there is no sudo."""
        r = self.run_setup("build", {"id": "echo 1000", "dpkg-query": "exit 1", "apt-get": "exit 1", "uname": "echo x86_64"})
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn("Neither root nor sudo", r.stderr)
        self.assertRegex(r.stderr, r"apt-get install --no-install-recommends gcc libc6-dev .*libsmartcols-dev")
        self.assertRegex(r.stderr, r"libjansson-dev +JSON")

    def test_setup_goes_on_without_the_duckdb_library_and_says_so(self):
        """A clone without node_modules, on a machine whose npm fetches nothing."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "scripts"))
            for name in ("setup.sh", "packages.txt"):
                shutil.copy(os.path.join(ROOT, "scripts", name), os.path.join(folder, "scripts", name))
            for npm, says in (("exit 1", "npm ci failed"), ("exit 0", "holds no library for x86_64")):
                r = self.run_setup("run", {"dpkg-query": "echo installed", "uname": "echo x86_64", "npm": npm}, folder)
                self.assertEqual(r.returncode, 0, r.stderr)
                self.assertIn(says, r.stderr)
                self.assertIn("everything but SQL works", r.stderr)
                self.assertIn("DUCKDB_ROOT=", r.stderr)


if __name__ == "__main__":
    unit.main()
