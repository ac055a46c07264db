"""The S3 servers that s3.py compares, each on a fresh folder of the same disk: ours, versitygw, MinIO.

versitygw and MinIO are found by the environment variables VERSITYGW and MINIO, else on the PATH; one that is missing is said to
be, and left out. versitygw closes every connection unless told otherwise: it is compared in its fastest form, with
--keep-alive, and as it is by default.
"""
import functools
import json
import os
import shutil
import socket
import subprocess
import time

from measure import KEYS, Process, Server

ACCESS, SECRET = KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]


def ours(program, folder, *options):
    """neuralake s3 serve on folder/s3."""
    os.makedirs(folder, exist_ok=True)
    keys = os.path.join(folder, "keys.yaml")
    with open(keys, "w", encoding="utf-8") as f:
        json.dump([{"access_key": ACCESS, "secret_key": SECRET}], f)
    started = time.perf_counter()
    server = Server([program, "s3", "serve", "--root", os.path.join(folder, "s3"), "--listen", "127.0.0.1:0",
                     "--credentials", keys, *options])
    server.start_seconds = time.perf_counter() - started
    server.endpoint = server.address
    server.address = server.endpoint.split("//")[1]
    return server


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _peer(words, env, port):
    """A server that tells nothing when it is ready: its port is tried until it answers."""
    server = Process(words, dict(os.environ, **env), subprocess.DEVNULL, subprocess.DEVNULL)
    server.address = f"127.0.0.1:{port}"
    server.endpoint = f"http://{server.address}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{words[0]} does not listen")


def versitygw(program, folder, *options):
    root = os.path.join(folder, "objects")
    os.makedirs(root)
    port = _free_port()
    return _peer([program, "--port", f"127.0.0.1:{port}", "--quiet", *options, "posix", root],
                 {"ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}, port)


def minio(program, folder):
    os.makedirs(folder)
    port = _free_port()
    return _peer([program, "server", "--quiet", folder, "--address", f"127.0.0.1:{port}"],
                 {"MINIO_ROOT_USER": ACCESS, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off"}, port)


@functools.lru_cache(None)
def find(variable, name):
    """The peer's program, or None, said."""
    path = os.environ.get(variable) or shutil.which(name)
    if not path or not os.access(path, os.X_OK):
        print(f"  ({name} is not installed, {variable} does not name it: left out)")
        return None
    return path


def contenders(b, durabilities=("full", "rename", "none"), default_gateway=True):
    """{name: start(folder)}."""
    found = {f"neuralake, {d}": lambda folder, d=d: ours(b.program, folder, "--durability", d) for d in durabilities}
    gateway, store = find("VERSITYGW", "versitygw"), find("MINIO", "minio")
    if gateway:
        found["versitygw --keep-alive"] = lambda folder: versitygw(gateway, folder, "--keep-alive")
        if default_gateway:
            found["versitygw"] = lambda folder: versitygw(gateway, folder)
    if store:
        found["MinIO"] = lambda folder: minio(store, folder)
    return found


class Running:
    """Several servers at once, each in its own folder; ended together, and their folders removed."""

    def __init__(self, b, starters):
        self.folder, self.servers = os.path.join(b.folder, "servers"), {}
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            for i, (name, start) in enumerate(starters.items()):
                self.servers[name] = start(os.path.join(self.folder, str(i)))
                self.servers[name].idle_kib = self.servers[name].now_kib()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        for server in self.servers.values():
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.servers

    def __exit__(self, *_):
        self.stop()
