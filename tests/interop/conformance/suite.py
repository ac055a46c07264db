"""suite.py: what a check is, where it runs, and which departures of other servers are known.

A check has a name, "section: what holds". Against the embedded server each must hold. Against another one those that
departures.py lists for it, by pattern and with the reason, may fail: they are run all the same, and told.
"""

import atexit
import fnmatch
import os
import shutil
import subprocess
import tempfile
import uuid

from conformance.wire import Endpoint

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def start_embedded(*more):
    """`neuralake s3 serve` on a folder of its own; it ends with us."""
    program = os.environ.get("NEURALAKE", os.path.join(ROOT, "build/neuralake"))
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)
    process = subprocess.Popen([program, "s3", "serve", "--root", folder + "/root", "--listen", "127.0.0.1:0",
                                "--durability", "none", *more], stdout=subprocess.PIPE, text=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        raise AssertionError(f"the server did not start: {line!r}")
    env = subprocess.run([program, "s3", "env", "--root", folder + "/root"], capture_output=True, text=True, check=True).stdout
    pairs = dict(l.removeprefix("export ").split("=", 1) for l in env.splitlines() if l.startswith("export "))
    return Endpoint(line.split()[-1], pairs["AWS_ACCESS_KEY_ID"].strip("'\""), pairs["AWS_SECRET_ACCESS_KEY"].strip("'\""))


def server_kind(endpoint):
    """What answers there: by what it calls itself."""
    reply = endpoint.ask("GET", sign=False, headers={"Accept": "application/xml"})
    name = reply.headers.get("server", "").lower()
    for kind, mark in (("minio", "minio"), ("versitygw", "versity"), ("aws", "amazons3"), ("ceph", "ceph"), ("neuralake", "neuralake")):
        if mark in name:
            return kind
    return "ceph" if reply.headers.get("x-amz-request-id", "").startswith("tx0") else "unknown"


def find_endpoint():
    """NEURALAKE_TEST_S3_ENDPOINT with the standard variables, or a server of our own."""
    url = os.environ.get("NEURALAKE_TEST_S3_ENDPOINT")
    if not url:
        return start_embedded()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = Endpoint(url.rstrip("/"), os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], region)
    endpoint.kind = os.environ.get("NEURALAKE_TEST_S3_SERVER") or server_kind(endpoint)
    return endpoint


class Suite:
    def __init__(self, endpoint, departures):
        self.endpoint, self.departures = endpoint, departures
        self.section, self.bucket = "", ""
        self.buckets, self.held, self.known, self.failed = [], 0, [], []

    def same(self, why, got, want):
        name = f"{self.section}: {why}"
        reason = self.reason(name)
        if got == want:
            self.held += 1
        elif reason:
            self.known.append((name, reason))
        else:
            self.failed.append(f"{name}\n      got  {got!r}\n      want {want!r}")

    def reason(self, name):
        """Why this server may fail it; None: it may not."""
        for reason, patterns in self.departures.items():
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                return reason
        return None

    def ok(self, why, holds, shown=None):
        self.same(why, True if holds else (False, shown), True)

    def refused(self, why, reply, status, code):
        """An error has this status and, where it has a body, this code."""
        self.same(why, (reply.status, code if reply.method == "HEAD" else reply.code), (status, code))

    def table(self, rows):
        """Rows of (why, method, key, query, headers, body, status, code or None or a check of the reply)."""
        for why, method, key, query, headers, body, status, want in rows:
            reply = self.ask(method, key, query, headers, body)
            if callable(want):
                self.same(why, (reply.status, want(reply)), (status, True))
            else:
                self.refused(why, reply, status, want or "")

    def ask(self, method, key=None, query=(), headers=None, body=b"", **more):
        """Of the section's bucket."""
        return self.endpoint.ask(method, more.pop("bucket", self.bucket), key, query, headers, body, **more)

    def put(self, key, body=b"", **headers):
        reply = self.ask("PUT", key, headers={n.replace("_", "-"): v for n, v in headers.items()}, body=body)
        if reply.status != 200:
            raise AssertionError(f"PUT {key!r}: {reply}")
        return reply

    def new_bucket(self):
        name = "conformance-" + uuid.uuid4().hex[:16]
        reply = self.endpoint.ask("PUT", name)
        if reply.status != 200:
            raise AssertionError(f"no bucket could be made: {reply}")
        self.buckets.append(name)
        return name

    def run(self, section):
        """One section in a bucket of its own; what it did not expect is a failure of it, the others go on."""
        self.section = section.__module__.rpartition(".")[2] + "." + section.__name__
        try:
            self.bucket = self.new_bucket()
            section(self)
        except Exception as e:  # an answer that no line foresaw
            self.same("runs to its end", f"{type(e).__name__}: {e}", "")

    def clean(self):
        """Take away what was made: an endpoint of others is left as it was."""
        for bucket in self.buckets:
            for upload in self.endpoint.ask("GET", bucket, query=["uploads"]).root.findall("Upload"):
                self.endpoint.ask("DELETE", bucket, upload.findtext("Key"), [("uploadId", upload.findtext("UploadId"))])
            while True:
                page = self.endpoint.ask("GET", bucket, query=[("list-type", "2")])
                for key in page.all("Contents/Key"):
                    self.endpoint.ask("DELETE", bucket, key)
                if page.text("IsTruncated") != "true":
                    break
            self.endpoint.ask("DELETE", bucket)

    def report(self):
        self.section = "all"
        ids = self.endpoint.unequal_ids
        self.same("an error's RequestId equals its header", sorted(set(ids)), [])
        for reason in self.departures:
            names = [n for n, r in self.known if r == reason]
            print(f"  {'departs' if names else 'no longer departs'}: {reason}", *names, sep="\n      ")
        for text in self.failed:
            print(f"  FAILED   {text}")
        print(f"{self.endpoint.kind} at {self.endpoint.url}: {self.held} checks held, {len(self.known)} known departures, "
              f"{len(self.failed)} failed, {self.endpoint.replies} requests")
        return 1 if self.failed else 0
