"""wire.py: S3 requests with nothing hidden: signed by hand (Signature Version 4), sent as they are given.

    Endpoint ── ask() ──▶ one request, one Reply (status, headers, body, S3's code, elements of the XML)
             ── raw() ──▶ bytes over a connection of its own

No library of a vendor: what such a one repairs, encodes, retries or leaves out would never be tested.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import socket
import ssl
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"


def encode(text, keep="/"):
    """Percent-encoded as a key is: by bytes, "/" kept."""
    return urllib.parse.quote(text.encode() if isinstance(text, str) else text, safe=keep + "-_.~")


def md5_base64(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def crc32_base64(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Reply:
    def __init__(self, method, status, headers, body):
        self.method, self.status, self.headers, self.body = method, status, headers, body
        self.root = None
        if body.lstrip().startswith(b"<") and method != "HEAD":
            try:
                self.root = ElementTree.fromstring(body)
            except ElementTree.ParseError:
                pass
        for element in self.root.iter() if self.root is not None else ():
            element.tag = element.tag.rpartition("}")[2]

    def text(self, path):
        """The text of the first element at path; None: there is none; "": it is empty."""
        element = self.root.find(path) if self.root is not None else None
        return None if element is None else element.text or ""

    def all(self, path):
        return [e.text or "" for e in self.root.findall(path)] if self.root is not None else []

    @property
    def code(self):
        return self.text("Code") or "" if self.root is not None and self.root.tag == "Error" else ""

    @property
    def etag(self):
        return self.headers.get("etag", "")

    def __repr__(self):
        return f"{self.status} {self.code} {self.headers} {self.body[:300]!r}"


class Endpoint:
    def __init__(self, url, access, secret, region="us-east-1", kind="neuralake"):
        parts = urllib.parse.urlsplit(url)
        self.url, self.access, self.secret, self.region, self.kind = url, access, secret, region, kind
        self.secure, self.host, self.netloc = parts.scheme == "https", parts.hostname, parts.netloc
        self.port = parts.port or (443 if self.secure else 80)
        self.connection = None
        self.replies = 0
        self.unequal_ids = []  # errors whose RequestId is not their header's

    # ── signing ──
    def signing_key(self, date, secret=None):
        key = ("AWS4" + (secret or self.secret)).encode()
        for part in (date, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key

    def signature(self, method, path, query, headers, payload, time, secret=None):
        signed = sorted(headers, key=str.lower)
        lines = "".join(f"{n.lower()}:{' '.join(headers[n].split())}\n" for n in signed)
        names = ";".join(n.lower() for n in signed)
        canonical = "\n".join([method, path, query, lines, names, payload])
        scope = f"{time[:8]}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        return hmac.new(self.signing_key(time[:8], secret), to_sign.encode(), hashlib.sha256).hexdigest(), names, scope

    def presign(self, method, bucket, key, expires, query=(), time=None, secret=None):
        """The target of a link."""
        time = time or now().strftime("%Y%m%dT%H%M%SZ")
        path = f"/{bucket}/{encode(key)}"
        pairs = list(query) + [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Date", time), ("X-Amz-Expires", str(expires)),
                               ("X-Amz-SignedHeaders", "host"),
                               ("X-Amz-Credential", f"{self.access}/{time[:8]}/{self.region}/s3/aws4_request")]
        text = canonical_query(pairs)
        signature, _, _ = self.signature(method, path, text, {"host": self.netloc}, UNSIGNED, time, secret)
        return f"{path}?{text}&X-Amz-Signature={signature}"

    def head(self, method, target, headers, body=b"", time=None, secret=None, access=None, payload=None):
        """All headers of a signed request, in the order in which they are sent. A header that is None is left out."""
        time = time or now().strftime("%Y%m%dT%H%M%SZ")
        path, _, query = target.partition("?")
        payload = payload or (hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256)
        out = {"Host": self.netloc, "x-amz-date": time, "x-amz-content-sha256": payload, **headers}
        if body and "Content-Length" not in out and "Transfer-Encoding" not in out or method in ("PUT", "POST"):
            out.setdefault("Content-Length", str(len(body)))
        out = {n: v for n, v in out.items() if v is not None}
        signed = {n: v for n, v in out.items() if n.lower() == "host" or n.lower().startswith("x-amz-") or n.lower() == "content-md5"}
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        signature, names, scope = self.signature(method, path, canonical_query(pairs), signed, payload, time, secret)
        out["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={access or self.access}/{scope}, SignedHeaders={names}, "
                                f"Signature={signature}")
        return out

    # ── asking ──
    def connect(self):
        s = socket.create_connection((self.host, self.port), timeout=60)
        return ssl.create_default_context().wrap_socket(s, server_hostname=self.host) if self.secure else s

    def ask(self, method, bucket=None, key=None, query=(), headers=None, body=b"", target=None, sign=True, **more):
        """One request on the connection that is kept. target: instead of bucket, key and query; sign=False: as it is."""
        if target is None:
            target = "/" + (bucket or "") + ("/" + encode(key) if key is not None else "")
            if query:
                target += "?" + canonical_query(query)
        headers = self.head(method, target, headers or {}, body, **more) if sign else {"Host": self.netloc, **(headers or {})}
        if not sign and method in ("PUT", "POST"):
            headers.setdefault("Content-Length", str(len(body)))
        for attempt in (1, 2):
            fresh = self.connection is None
            try:
                if fresh:
                    cls = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
                    self.connection = cls(self.host, self.port, timeout=60)
                c = self.connection
                c.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in headers.items():
                    c.putheader(name, value.encode() if isinstance(value, str) else value)
                c.endheaders(body or None)
                answer = c.getresponse()
                return self.take(method, answer.status, answer.getheaders(), answer.read())
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if fresh or attempt == 2:  # a kept connection may have been closed meanwhile: once more, then it is a fault
                    raise
        raise AssertionError("not reached")

    def take(self, method, status, headers, body):
        reply = Reply(method, status, {n.lower(): v for n, v in headers}, body)
        self.replies += 1
        if reply.code and reply.text("RequestId") != reply.headers.get("x-amz-request-id"):
            self.unequal_ids.append(f"{method} {status} {reply.code}")
        return reply

    def raw(self, data, method="GET"):
        """Bytes on a connection of their own; the answer to them."""
        with self.connect() as s:
            s.sendall(data)
            return self.read_answer(s, method)

    def read_answer(self, s, method="GET"):
        answer = http.client.HTTPResponse(s, method=method)
        answer.begin()
        return self.take(method, answer.status, answer.getheaders(), answer.read())


def canonical_query(pairs):
    """Encoded, and sorted as a signature wants it."""
    done = sorted((encode(n, ""), encode(v, "")) for n, v in (p if isinstance(p, tuple) else (p, "") for p in pairs))
    return "&".join(f"{n}={v}" for n, v in done)


def lines(method, target, headers):
    """The bytes of a head."""
    return (f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n").encode()


def chunked(endpoint, target, body, signed, trailer=None, sizes=(65536,), headers=None, spoil=None):
    """(headers, bytes) of a PUT in aws-chunked. trailer: ("x-amz-checksum-crc32", value); spoil: bytes → bytes, before sending."""
    payload = {(True, False): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", (True, True): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
               (False, True): "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}[signed, trailer is not None]
    time = now().strftime("%Y%m%dT%H%M%SZ")
    more = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(body)), **(headers or {})}
    if trailer:
        more["x-amz-trailer"] = trailer[0]
    pieces, at, n = [], 0, 0
    while at < len(body):
        size = sizes[min(n, len(sizes) - 1)]
        pieces.append(body[at:at + size])
        at, n = at + size, n + 1
    pieces.append(b"")

    def build(previous):
        out, key, scope = b"", endpoint.signing_key(time[:8]), f"{time[:8]}/{endpoint.region}/s3/aws4_request"
        for piece in pieces:
            mark = ""
            if signed:
                text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", time, scope, previous, EMPTY_SHA256, hashlib.sha256(piece).hexdigest()])
                previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
                mark = ";chunk-signature=" + previous
            out += f"{len(piece):x}{mark}\r\n".encode() + piece + (b"\r\n" if piece or not trailer else b"")
        if trailer:
            line = f"{trailer[0]}:{trailer[1]}"
            out += line.encode() + b"\r\n"
            if signed:
                text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", time, scope, previous, hashlib.sha256((line + "\n").encode()).hexdigest()])
                out += b"x-amz-trailer-signature:" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest().encode() + b"\r\n"
            out += b"\r\n"
        return out
    more["Content-Length"] = str(len(build("0" * 64)))
    head = endpoint.head("PUT", target, more, time=time, payload=payload)
    data = build(head["Authorization"].rpartition("=")[2])
    return head, spoil(data) if spoil else data
