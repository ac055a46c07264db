"""objects.py: putting, getting, conditions, ranges, copies, tags, attributes, deleting."""

import base64
import datetime
import email.utils
import hashlib
import threading

from conformance.wire import crc32_base64, lines, md5_base64

OTHER = '"00000000000000000000000000000000"'
DAY = datetime.timedelta(days=1)


def headers_and_metadata(t):
    kept = {"Content-Type": "a/b", "Cache-Control": "max-age=5", "Content-Disposition": "inline", "Content-Language": "de",
            "Expires": "Thu, 01 Dec 2044 16:00:00 GMT", "Content-Encoding": "gzip"}
    put = t.ask("PUT", "o", headers={**kept, "x-amz-meta-Colour": "blue", "x-amz-meta-empty": ""}, body=b"hello")
    t.same("the ETag is the MD5", put.etag, '"5d41402abc4b2a76b9719d911017c592"')
    for method in ("GET", "HEAD"):
        got = t.ask(method, "o")
        t.same(f"{method}: content headers come back", {n: got.headers.get(n.lower()) for n in kept}, kept)
        t.same(f"{method}: metadata, its names in lower case", (got.headers.get("x-amz-meta-colour"), got.headers.get("x-amz-meta-empty")), ("blue", ""))
        t.same(f"{method}: length and ETag", (got.headers["content-length"], got.etag), ("5", put.etag))
        t.ok(f"{method}: Last-Modified and Accept-Ranges", got.headers["last-modified"].endswith("GMT") and got.headers.get("accept-ranges") == "bytes", got)
    for header, kept_as in [("aws-chunked", None), ("gzip,aws-chunked", "gzip"), ("gzip, aws-chunked,br", "gzip,br"), ("gzip,br", "gzip,br")]:
        t.put("e", b"x", Content_Encoding=header)
        got = t.ask("HEAD", "e").headers.get("content-encoding")
        t.same(f"Content-Encoding: {header}", got.replace(" ", "") if got else None, kept_as)
    t.put("plain", b"x", Content_Type=None)
    t.same("no Content-Type is binary/octet-stream", t.ask("HEAD", "plain").headers.get("content-type"), "binary/octet-stream")
    over = [("response-content-type", "c/d"), ("response-cache-control", "no-store"), ("response-content-disposition", 'attachment; filename="ü"'),
            ("response-content-language", "fr"), ("response-content-encoding", "x"), ("response-expires", "now")]
    got = t.ask("GET", "o", query=over)
    t.same("response-… overrides", [got.headers.get(n) for n in ("content-type", "cache-control", "content-language", "content-encoding", "expires")],
           ["c/d", "no-store", "fr", "x", "now"])
    t.table([
        ("2 KiB of metadata and more", "PUT", "m", (), {"x-amz-meta-x": "y" * 2100}, b"", 400, "MetadataTooLarge"),
        ("no such key", "GET", "none", (), {}, b"", 404, "NoSuchKey"),
        ("HEAD of no such key", "HEAD", "none", (), {}, b"", 404, ""),
    ])


def conditions(t):
    etag = t.put("c", b"one").etag
    t.put("c2", b"two")
    bare, past, future = etag.strip('"'), http_date(-DAY), http_date(DAY)
    body = b"one"
    for method in ("GET", "HEAD"):
        rows = [
            ("If-None-Match of it is 304", {"If-None-Match": etag}, 304), ("If-None-Match unquoted", {"If-None-Match": bare}, 304),
            ("If-None-Match in a list", {"If-None-Match": f"{OTHER}, {etag}"}, 304), ("If-None-Match of any", {"If-None-Match": "*"}, 304),
            ("If-None-Match of another", {"If-None-Match": OTHER}, 200), ("If-Match of it", {"If-Match": etag}, 200),
            ("If-Match unquoted", {"If-Match": bare}, 200), ("If-Match of any", {"If-Match": "*"}, 200), ("If-Match of another is 412", {"If-Match": OTHER}, 412),
            ("modified since yesterday", {"If-Modified-Since": past}, 200), ("not modified since tomorrow", {"If-Modified-Since": http_date(datetime.timedelta(0))}, 304),
            ("unmodified since yesterday is 412", {"If-Unmodified-Since": past}, 412), ("unmodified since tomorrow", {"If-Unmodified-Since": future}, 200),
            ("If-Match holds: If-Unmodified-Since does not count", {"If-Match": etag, "If-Unmodified-Since": past}, 200),
            ("If-None-Match of it: If-Modified-Since does not count", {"If-None-Match": etag, "If-Modified-Since": past}, 304),
            ("If-None-Match of another: neither", {"If-None-Match": OTHER, "If-Modified-Since": http_date(datetime.timedelta(0))}, 200),
            ("412 comes before 304", {"If-Match": OTHER, "If-None-Match": etag}, 412),
            ("a date that is none is ignored", {"If-Modified-Since": "yesterday"}, 200),
        ]
        for why, headers, status in rows:
            got = t.ask(method, "c", headers=headers)
            t.same(f"{method}: {why}", got.status, status)
            if status == 304:
                t.same(f"{method}: {why}, with the ETag and no body", (got.etag, got.body), (etag, b""))
    t.refused("a failed condition says so", t.ask("GET", "c", headers={"If-Match": OTHER}), 412, "PreconditionFailed")
    t.same("If-Range of it: the part", t.ask("GET", "c", headers={"Range": "bytes=0-0", "If-Range": etag}).status, 206)
    t.same("If-Range of another: the whole", t.ask("GET", "c", headers={"Range": "bytes=0-0", "If-Range": OTHER}).body, body)
    t.same("a condition on no key is 404", t.ask("GET", "none", headers={"If-None-Match": "*"}).status, 404)


def http_date(delta):
    return email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) + delta, usegmt=True)


def conditional_puts(t):
    etag = t.put("c", b"one").etag
    t.table([
        ("If-None-Match: * on a key that is there", "PUT", "c", (), {"If-None-Match": "*"}, b"x", 412, "PreconditionFailed"),
        ("If-Match on a key that is not there", "PUT", "none", (), {"If-Match": etag}, b"x", 404, "NoSuchKey"),
        ("If-Match of another ETag", "PUT", "c", (), {"If-Match": OTHER}, b"x", 412, "PreconditionFailed"),
    ])
    t.same("a refused PUT changes nothing", (t.ask("GET", "c").body, t.ask("GET", "none").status), (b"one", 404))
    t.same("If-None-Match: * on a new key", t.ask("PUT", "new", headers={"If-None-Match": "*"}, body=b"1").status, 200)
    t.same("If-Match of its ETag", t.ask("PUT", "c", headers={"If-Match": etag}, body=b"two").status, 200)
    etag = t.ask("HEAD", "c").etag
    t.same("If-Match unquoted", t.ask("PUT", "c", headers={"If-Match": etag.strip('"')}, body=b"three").status, 200)


def decided_at_the_commit(t):
    """Two PUTs under If-None-Match: *: the one that arrived first, and ends last, is refused."""
    body = b"s" * 4096
    target = f"/{t.bucket}/slow"
    head = t.endpoint.head("PUT", target, {"If-None-Match": "*"}, body)
    with t.endpoint.connect() as s:
        s.sendall(lines("PUT", target, head) + body[:2048])
        t.same("the second, which ends first, wins", t.ask("PUT", "slow", headers={"If-None-Match": "*"}, body=b"fast").status, 200)
        s.sendall(body[2048:])
        t.refused("the first is refused at its end", t.endpoint.read_answer(s, "PUT"), 412, "PreconditionFailed")
    t.same("the winner's bytes are there", t.ask("GET", "slow").body, b"fast")


def whole_bytes(t):
    """While an object is overwritten, readers see the whole old or the whole new bytes, with their own ETag."""
    bodies = [bytes([65 + n]) * (70_000 + n) for n in range(8)]
    etags = {f'"{hashlib.md5(b).hexdigest()}"': b for b in bodies}
    t.put("w", bodies[0])
    done, other = threading.Event(), type(t.endpoint)(t.endpoint.url, t.endpoint.access, t.endpoint.secret, t.endpoint.region)

    def write():
        for n in range(24):
            other.ask("PUT", t.bucket, "w", body=bodies[n % 8])
        done.set()
    writer = threading.Thread(target=write)
    writer.start()
    torn, reads = [], 0
    while not done.is_set() or reads < 3:
        got = t.ask("GET", "w")
        reads += 1
        if etags.get(got.etag) != got.body:
            torn.append((got.etag, len(got.body)))
    writer.join()
    t.same("no reader saw a mixture", torn, [])


def ranges(t):
    body = bytes(range(256)) * 10
    t.put("r", body)
    t.put("r0")
    for header, part in [("bytes=0-9", (0, 9)), ("bytes=10-", (10, 2559)), ("bytes=-5", (2555, 2559)), ("bytes=-9999", (0, 2559)),
                         ("bytes=2559-2559", (2559, 2559)), ("bytes=100-99999", (100, 2559))]:
        got = t.ask("GET", "r", headers={"Range": header})
        t.same(header, (got.status, got.body, got.headers.get("content-range")), (206, body[part[0]:part[1] + 1], f"bytes {part[0]}-{part[1]}/2560"))
    for key, header in [("r", "bytes=2560-"), ("r", "bytes=9999-10000"), ("r", "bytes=-0"), ("r0", "bytes=0-0"), ("r0", "bytes=0-"), ("r0", "bytes=-1")]:
        t.refused(f"{header} of {'an empty object' if key == 'r0' else '2,560 bytes'}", t.ask("GET", key, headers={"Range": header}), 416, "InvalidRange")
    for header in ("bytes=9-3", "lines=1-2", "bytes=", "bytes=a-b"):
        t.same(f"{header} is no range: the whole", (t.ask("GET", "r", headers={"Range": header}).status,), (200,))
    t.same("HEAD of a range has its length", (lambda r: (r.status, r.headers["content-length"]))(t.ask("HEAD", "r", headers={"Range": "bytes=0-9"})), (206, "10"))


def copies(t):
    source = f"/{t.bucket}/from"
    etag = t.ask("PUT", "from", headers={"Content-Type": "x/one", "x-amz-meta-a": "1"}, body=b"copy me").etag
    got = t.ask("PUT", "to", headers={"x-amz-copy-source": source})
    t.same("the answer has the ETag", (got.root.tag, got.text("ETag")), ("CopyObjectResult", etag))
    t.same("metadata and type go along", (lambda h: (h.get("x-amz-meta-a"), h["content-type"]))(t.ask("HEAD", "to").headers), ("1", "x/one"))
    t.ask("PUT", "to", headers={"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE", "x-amz-meta-b": "2", "Content-Type": "x/two"})
    t.same("REPLACE replaces both", (lambda h: (h.get("x-amz-meta-a"), h.get("x-amz-meta-b"), h["content-type"]))(t.ask("HEAD", "to").headers), (None, "2", "x/two"))
    t.table([
        ("onto itself", "PUT", "from", (), {"x-amz-copy-source": source}, b"", 400, "InvalidRequest"),
        ("source's If-None-Match of it", "PUT", "to", (), {"x-amz-copy-source": source, "x-amz-copy-source-if-none-match": etag}, b"", 412, "PreconditionFailed"),
        ("source's If-Match of another", "PUT", "to", (), {"x-amz-copy-source": source, "x-amz-copy-source-if-match": OTHER}, b"", 412, "PreconditionFailed"),
        ("source unmodified since yesterday", "PUT", "to", (), {"x-amz-copy-source": source, "x-amz-copy-source-if-unmodified-since": http_date(-DAY)}, b"", 412, "PreconditionFailed"),
        ("source modified since now", "PUT", "to", (), {"x-amz-copy-source": source, "x-amz-copy-source-if-modified-since": http_date(datetime.timedelta(0))}, b"", 412, "PreconditionFailed"),
        ("a directive that is none", "PUT", "to", (), {"x-amz-copy-source": source, "x-amz-metadata-directive": "MERGE"}, b"", 400, "InvalidArgument"),
    ])
    t.same("source's If-Match of it", t.ask("PUT", "to", headers={"x-amz-copy-source": source, "x-amz-copy-source-if-match": etag}).status, 200)
    t.same("onto itself with REPLACE", t.ask("PUT", "from", headers={"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE", "x-amz-meta-c": "3"}).status, 200)
    got = t.ask("GET", "from")
    t.same("keeps the bytes, has the new metadata", (got.body, got.headers.get("x-amz-meta-a"), got.headers.get("x-amz-meta-c")), (b"copy me", None, "3"))


def digests(t):
    body = b"hello"
    wrong = base64.b64encode(b"0" * 16).decode()
    sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
    t.table([
        ("Content-MD5 too short", "PUT", "d", (), {"Content-MD5": "AAAA"}, body, 400, "InvalidDigest"),
        ("Content-MD5 that is no base64", "PUT", "d", (), {"Content-MD5": "!" * 24}, body, 400, "InvalidDigest"),
        ("Content-MD5 of others", "PUT", "d", (), {"Content-MD5": wrong}, body, 400, "BadDigest"),
        ("a CRC32 of others", "PUT", "d", (), {"x-amz-checksum-crc32": "AAAAAA=="}, body, 400, lambda r: r.code in ("BadDigest", "XAmzContentChecksumMismatch")),
        ("a CRC32 of the wrong length", "PUT", "d", (), {"x-amz-checksum-crc32": "AAAA"}, body, 400, lambda r: r.code in ("InvalidRequest", "InvalidDigest", "InvalidArgument")),
        ("two checksums", "PUT", "d", (), {"x-amz-checksum-crc32": crc32_base64(body), "x-amz-checksum-sha256": sha}, body, 400, "InvalidRequest"),
    ])
    t.same("nothing was stored", t.ask("HEAD", "d").status, 404)
    t.same("the right MD5", t.ask("PUT", "d", headers={"Content-MD5": md5_base64(body)}, body=body).status, 200)
    sums = {"crc32": crc32_base64(body), "crc32c": "mnG7TA==", "sha1": base64.b64encode(hashlib.sha1(body).digest()).decode(), "sha256": sha,
            "crc64nvme": "M3eFcAZSQlc="}
    for name, value in sums.items():
        put = t.ask("PUT", name, headers={"x-amz-checksum-" + name: value}, body=body)
        t.same(f"{name} is taken", put.status, 200)
        got = t.ask("HEAD", name, headers={"x-amz-checksum-mode": "ENABLED"})
        t.same(f"{name} is kept", got.headers.get("x-amz-checksum-" + name), value)
    t.same("it is shown only to who asks", t.ask("HEAD", "sha256").headers.get("x-amz-checksum-sha256"), None)


def framing(t):
    """Lengths that are none are told before anything is read."""
    for why, length in [("a negative Content-Length", "-1"), ("an empty Content-Length", ""), ("a Content-Length of letters", "ten"), ("two lengths in one", "5, 6")]:
        target = f"/{t.bucket}/f"
        head = t.endpoint.head("PUT", target, {"Content-Length": length})
        t.same(why, t.endpoint.raw(lines("PUT", target, head), "PUT").status, 400)
    head = t.endpoint.head("PUT", f"/{t.bucket}/f", {"Content-Length": None})
    t.same("PUT without a length is 411", t.endpoint.raw(lines("PUT", f"/{t.bucket}/f", head), "PUT").status, 411)
    t.same("nothing was stored", t.ask("HEAD", "f").status, 404)


def continues(t):
    """Expect: 100-continue, and refusals before the body."""
    body = b"x" * 100_000
    target = f"/{t.bucket}/e"
    with t.endpoint.connect() as s:
        s.sendall(lines("PUT", target, t.endpoint.head("PUT", target, {"Expect": "100-continue"}, body)))
        line = s.recv(25)
        t.same("100 is sent before the body is", line[:12], b"HTTP/1.1 100")
        while not line.endswith(b"\r\n\r\n"):
            line += s.recv(1)
        s.sendall(body)
        t.same("then the body is taken", t.endpoint.read_answer(s, "PUT").status, 200)
    with t.endpoint.connect() as s:
        s.sendall(lines("PUT", target, t.endpoint.head("PUT", target, {"Expect": "100-continue"}, body, secret="a-wrong-secret")))
        t.refused("a refusal answers at once, before the body", t.endpoint.read_answer(s, "PUT"), 403, "SignatureDoesNotMatch")
        s.settimeout(60)
        try:
            s.sendall(lines("GET", "/", {"Host": t.endpoint.netloc}))
            rest = s.recv(100)
        except ConnectionError as e:
            rest = repr(e).encode()
        t.ok("and closes cleanly, or goes on", rest == b"" or rest.startswith(b"HTTP/1.1 ") or b"BrokenPipe" in rest, rest)
    missing = "/no-such-bucket-here-at-all/e"
    with t.endpoint.connect() as s:
        for n in (1, 2):
            s.sendall(lines("PUT", missing, t.endpoint.head("PUT", missing, {}, body[:2000])) + body[:2000])
            t.refused(f"a small body behind a refusal is drained ({n})", t.endpoint.read_answer(s, "PUT"), 404, "NoSuchBucket")


def tags(t):
    t.put("t", b"x")
    t.ask("PUT", "h", headers={"x-amz-tagging": "b=2&a=1%20%2B"}, body=b"x")
    pairs = lambda r: list(zip(r.all("TagSet/Tag/Key"), r.all("TagSet/Tag/Value")))
    t.same("tags of a PUT, in a stable order", pairs(t.ask("GET", "h", query=["tagging"])), [("a", "1 +"), ("b", "2")])
    for method in ("HEAD", "GET"):
        t.same(f"{method} counts them", t.ask(method, "h").headers.get("x-amz-tagging-count"), "2")
    t.same("no tags, no count", t.ask("HEAD", "t").headers.get("x-amz-tagging-count"), None)
    t.same("no tags are an empty set", pairs(t.ask("GET", "t", query=["tagging"])), [])
    full = [(f"{i:0128}", f"{i:0256}") for i in range(10)]
    t.same("ten of 128 and 256", (put_tags(t, "t", full).status, pairs(t.ask("GET", "t", query=["tagging"]))), (200, full))
    many = [(str(i), "") for i in range(11)]
    for why, these, code in [("eleven", many, "BadRequest"), ("a key of 129", [("k" * 129, "v")], "InvalidTag"), ("a value of 257", [("k", "v" * 257)], "InvalidTag"),
                             ("an empty key", [("", "v")], "InvalidTag"), ("one key twice", [("k", "1"), ("k", "2")], "InvalidTag")]:
        t.refused(why, put_tags(t, "t", these), 400, code)
    t.same("refused ones change nothing", pairs(t.ask("GET", "t", query=["tagging"])), full)
    t.ask("PUT", "copy", headers={"x-amz-copy-source": f"{t.bucket}/h"})
    t.same("a copy has them", pairs(t.ask("GET", "copy", query=["tagging"])), [("a", "1 +"), ("b", "2")])
    t.ask("PUT", "copy", headers={"x-amz-copy-source": f"{t.bucket}/h", "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "c=3"})
    t.same("or others", pairs(t.ask("GET", "copy", query=["tagging"])), [("c", "3")])
    t.same("deleted", (t.ask("DELETE", "h", query=["tagging"]).status, pairs(t.ask("GET", "h", query=["tagging"]))), (204, []))
    t.refused("of no key", t.ask("GET", "none", query=["tagging"]), 404, "NoSuchKey")
    t.refused("that are no XML", t.ask("PUT", "t", query=["tagging"], headers={"Content-MD5": md5_base64(b"<Tagging>")}, body=b"<Tagging>"), 400, "MalformedXML")


def put_tags(t, key, pairs):
    text = ("<Tagging><TagSet>" + "".join(f"<Tag><Key>{k}</Key><Value>{v}</Value></Tag>" for k, v in pairs) + "</TagSet></Tagging>").encode()
    return t.ask("PUT", key, query=["tagging"], headers={"Content-MD5": md5_base64(text)}, body=text)


def attributes(t):
    t.ask("PUT", "a", headers={"x-amz-checksum-crc32": crc32_base64(b"hello")}, body=b"hello")
    got = t.ask("GET", "a", query=["attributes"], headers={"x-amz-object-attributes": "ETag,Checksum,ObjectSize,StorageClass,ObjectParts"})
    t.same("ETag (bare), size, class, checksum", (got.text("ETag"), got.text("ObjectSize"), got.text("StorageClass"), got.text("Checksum/ChecksumCRC32")),
           ("5d41402abc4b2a76b9719d911017c592", "5", "STANDARD", crc32_base64(b"hello")))
    got = t.ask("GET", "a", query=["attributes"], headers={"x-amz-object-attributes": "ObjectSize"})
    t.same("what is not asked for is not said", (got.text("ObjectSize"), got.text("ETag")), ("5", None))
    t.table([
        ("none asked for", "GET", "a", ["attributes"], {}, b"", 400, lambda r: r.code in ("InvalidArgument", "InvalidRequest")),
        ("an unknown one", "GET", "a", ["attributes"], {"x-amz-object-attributes": "Colour"}, b"", 400, "InvalidArgument"),
        ("of no key", "GET", "none", ["attributes"], {"x-amz-object-attributes": "ETag"}, b"", 404, "NoSuchKey"),
    ])


def deleting(t):
    for key in ("a", "b", "c", "d"):
        t.put(key)
    t.same("one", t.ask("DELETE", "a").status, 204)
    t.same("one that is not there", t.ask("DELETE", "a").status, 204)
    some = b"<Delete><Object><Key>b</Key></Object><Object><Key>never was</Key></Object></Delete>"
    md5 = {"Content-MD5": md5_base64(some)}
    got = t.ask("POST", query=["delete"], headers=md5, body=some)
    t.same("many: missing ones are reported as deleted", (sorted(got.all("Deleted/Key")), got.all("Error")), (["b", "never was"], []))
    one = b"<Delete><Object><Key>c</Key></Object></Delete>"
    t.same("a CRC32 instead of Content-MD5", t.ask("POST", query=["delete"], headers={"x-amz-checksum-crc32": crc32_base64(one), "x-amz-sdk-checksum-algorithm": "CRC32"}, body=one).all("Deleted/Key"), ["c"])
    too_many = ("<Delete>" + "".join(f"<Object><Key>{n}</Key></Object>" for n in range(1001)) + "</Delete>").encode()
    last = b"<Delete><Object><Key>d</Key></Object></Delete>"
    t.table([
        ("neither MD5 nor checksum", "POST", None, ["delete"], {}, last, 400, "InvalidRequest"),
        ("an MD5 of others", "POST", None, ["delete"], {"Content-MD5": md5_base64(b"")}, last, 400, "BadDigest"),
        ("a CRC32 of others", "POST", None, ["delete"], {"x-amz-checksum-crc32": "AAAAAA=="}, last, 400, "BadDigest"),
        ("1,001 keys", "POST", None, ["delete"], {"Content-MD5": md5_base64(too_many)}, too_many, 400, "MalformedXML"),
        ("no keys", "POST", None, ["delete"], {"Content-MD5": md5_base64(b"<Delete></Delete>")}, b"<Delete></Delete>", 400, "MalformedXML"),
        ("no XML", "POST", None, ["delete"], {"Content-MD5": md5_base64(b"<Delete>")}, b"<Delete>", 400, "MalformedXML"),
    ])
    t.same("refused ones delete nothing", t.ask("HEAD", "d").status, 200)
    quiet = b"<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>"
    got = t.ask("POST", query=["delete"], headers={"Content-MD5": md5_base64(quiet)}, body=quiet)
    t.same("quietly: nothing is said", (got.status, got.all("Deleted")), (200, []))
    t.refused("of no bucket", t.ask("POST", bucket="no-such-bucket-here-at-all", query=["delete"], headers=md5, body=some), 404, "NoSuchBucket")


SECTIONS = [headers_and_metadata, conditions, conditional_puts, decided_at_the_commit, whole_bytes, ranges, copies, digests, framing, continues,
            tags, attributes, deleting]
