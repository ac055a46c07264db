"""multipart.py: uploads in parts."""

import base64
import hashlib
import zlib

from conformance.wire import crc32_base64

MIB5 = 5 * 1024 * 1024


def begin(t, key, **headers):
    return t.ask("POST", key, query=["uploads"], headers={n.replace("_", "-"): v for n, v in headers.items()}).text("UploadId")


def part(t, key, upload, number, body, **headers):
    return t.ask("PUT", key, query=[("partNumber", str(number)), ("uploadId", upload)],
                 headers={n.replace("_", "-"): v for n, v in headers.items()}, body=body)


def complete(t, key, upload, parts, headers=None, more=lambda n: ""):
    text = ("<CompleteMultipartUpload>" + "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{e}</ETag>{more(n)}</Part>" for n, e in parts) +
            "</CompleteMultipartUpload>").encode()
    return t.ask("POST", key, query=[("uploadId", upload)], headers=headers, body=text)


def whole(t):
    body = bytes(range(256)) * 40960  # 10 MiB
    one, two = body[:MIB5], body[MIB5:] + b"tail"
    upload = begin(t, "m", x_amz_meta_k="v", Content_Type="x/y", Cache_Control="no-store")
    t.put("other", body[:100])
    tags = []
    for n, piece in ((2, b"to be replaced" * 1000), (1, one), (2, two)):
        reply = part(t, "m", upload, n, piece)
        t.same(f"part {n} of {len(piece)} bytes has its MD5 as ETag", reply.etag, f'"{hashlib.md5(piece).hexdigest()}"')
        tags.append(reply.etag)
    t.same("nothing is there before the end", t.ask("HEAD", "m").status, 404)
    listed = t.ask("GET", "m", query=[("uploadId", upload)])
    t.same("ListParts: a part sent again replaces the old one", (listed.all("Part/PartNumber"), listed.all("Part/ETag"), listed.all("Part/Size")),
           (["1", "2"], [tags[1], tags[2]], [str(len(one)), str(len(two))]))
    page = t.ask("GET", "m", query=[("uploadId", upload), ("max-parts", "1")])
    t.same("ListParts: pages", (page.all("Part/PartNumber"), page.text("IsTruncated"), page.text("NextPartNumberMarker"), page.text("MaxParts")), (["1"], "true", "1", "1"))
    page = t.ask("GET", "m", query=[("uploadId", upload), ("part-number-marker", "1")])
    t.same("ListParts: the next page", (page.all("Part/PartNumber"), page.text("IsTruncated")), (["2"], "false"))
    t.same("ListMultipartUploads", [(u.findtext("Key"), u.findtext("UploadId")) for u in t.ask("GET", query=["uploads"]).root.findall("Upload")], [("m", upload)])
    done = complete(t, "m", upload, [(1, tags[1]), (2, tags[2])])
    etag = f'"{hashlib.md5(hashlib.md5(one).digest() + hashlib.md5(two).digest()).hexdigest()}-2"'
    t.same("the ETag is the MD5 of the MD5s, and -N", (done.status, done.root.tag, done.text("ETag"), done.text("Key"), done.text("Bucket")),
           (200, "CompleteMultipartUploadResult", etag, "m", t.bucket))
    again = complete(t, "m", upload, [(1, tags[1]), (2, tags[2])])
    t.same("a repeated Complete succeeds with the same ETag", (again.status, again.text("ETag")), (200, etag))
    got = t.ask("GET", "m")
    t.same("the parts make the object", (got.body == one + two, got.etag), (True, etag))
    t.same("with the headers of the beginning", [got.headers.get(n) for n in ("x-amz-meta-k", "content-type", "cache-control")], ["v", "x/y", "no-store"])
    for n, size, shown in ((1, len(one), f"bytes 0-{MIB5 - 1}/{len(body) + 4}"), (2, len(two), f"bytes {MIB5}-{len(body) + 3}/{len(body) + 4}")):
        got = t.ask("HEAD", "m", query=[("partNumber", str(n))])
        t.same(f"HEAD of part {n}", (got.status, got.headers.get("content-length"), got.headers.get("content-range"), got.headers.get("x-amz-mp-parts-count")),
               (206, str(size), shown, "2"))
    t.refused("part 3 of two", t.ask("GET", "m", query=[("partNumber", "3")]), 416, "InvalidPartNumber")
    t.refused("a range beside a part", t.ask("GET", "m", query=[("partNumber", "1")], headers={"Range": "bytes=0-1"}), 400, "InvalidRequest")
    got = t.ask("GET", "m", query=["attributes"], headers={"x-amz-object-attributes": "ObjectParts,ObjectSize"})
    t.same("GetObjectAttributes counts the parts", (got.text("ObjectParts/PartsCount"), got.text("ObjectSize")), ("2", str(len(body) + 4)))


def told_apart(t):
    """EntityTooSmall, InvalidPart, InvalidPartOrder and NoSuchUpload."""
    upload = begin(t, "k")
    small = part(t, "k", upload, 1, b"small").etag
    last = part(t, "k", upload, 2, b"last").etag
    big = part(t, "k", upload, 3, b"b" * MIB5).etag
    none = "0123456789abcdef0123456789abcdef"
    t.refused("a small part that is not the last", complete(t, "k", upload, [(1, small), (2, last)]), 400, "EntityTooSmall")
    t.refused("a part that was not sent", complete(t, "k", upload, [(3, big), (4, last)]), 400, "InvalidPart")
    t.refused("a part with the ETag of another", complete(t, "k", upload, [(3, last)]), 400, "InvalidPart")
    t.refused("parts out of order", complete(t, "k", upload, [(3, big), (1, small)]), 400, "InvalidPartOrder")
    t.refused("no parts", complete(t, "k", upload, []), 400, "MalformedXML")
    t.refused("no XML", t.ask("POST", "k", query=[("uploadId", upload)], body=b"<Complete"), 400, "MalformedXML")
    for why, reply in [("a part", part(t, "k", none, 1, b"x")), ("a list", t.ask("GET", "k", query=[("uploadId", none)])), ("a Complete", complete(t, "k", none, [(1, small)])),
                       ("an abort", t.ask("DELETE", "k", query=[("uploadId", none)])), ("a path instead of an id", t.ask("GET", "k", query=[("uploadId", "../../x")])),
                       ("another key's", t.ask("GET", "other", query=[("uploadId", upload)]))]:
        t.refused(f"no such upload: {why}", reply, 404, "NoSuchUpload")
    for number in ("0", "10001", "one", "-1"):
        t.refused(f"part number {number}", part(t, "k", upload, number, b"x"), 400, "InvalidArgument")
    t.same("after all this it can be completed, with the ETag unquoted", complete(t, "k", upload, [(3, big.strip('"')), (10000, part(t, "k", upload, 10000, b"end").etag)]).status, 200)
    t.same("it is there", t.ask("HEAD", "k").headers["content-length"], str(MIB5 + 3))
    t.refused("a part for what is completed", part(t, "k", upload, 1, b"x"), 404, "NoSuchUpload")
    upload = begin(t, "aborted")
    part(t, "aborted", upload, 1, b"x")
    t.same("abort", t.ask("DELETE", "aborted", query=[("uploadId", upload)]).status, 204)
    t.refused("then it is gone", t.ask("GET", "aborted", query=[("uploadId", upload)]), 404, "NoSuchUpload")
    t.same("and made no object", t.ask("HEAD", "aborted").status, 404)
    t.refused("in no bucket", t.ask("POST", "k", bucket="no-such-bucket-here-at-all", query=["uploads"]), 404, "NoSuchBucket")


def uploads(t):
    """ListMultipartUploads: in the order of keys, then of beginning; pages; a prefix."""
    ids = {key: begin(t, key) for key in ("b/2", "a", "b/1", "c d")}
    second = begin(t, "a")
    ask = lambda *query: t.ask("GET", query=["uploads", *query])
    pairs = lambda r: [(u.findtext("Key"), u.findtext("UploadId")) for u in r.root.findall("Upload")]
    listed = ask()
    t.same("all, by key", [k for k, _ in pairs(listed)], ["a", "a", "b/1", "b/2", "c d"])
    t.same("both of one key", {i for k, i in pairs(listed) if k == "a"}, {ids["a"], second})
    t.same("what is said", (listed.text("Bucket"), listed.text("IsTruncated"), listed.text("MaxUploads"), bool(listed.text("Upload/Initiated"))),
           (t.bucket, "false", "1000", True))
    t.same("with a prefix", [k for k, _ in pairs(ask(("prefix", "b/")))], ["b/1", "b/2"])
    first = ask(("max-uploads", "3"))
    t.same("a page", ([k for k, _ in pairs(first)], first.text("IsTruncated"), first.text("NextKeyMarker")), (["a", "a", "b/1"], "true", "b/1"))
    rest = ask(("key-marker", first.text("NextKeyMarker") or ""), ("upload-id-marker", first.text("NextUploadIdMarker") or ""))
    t.same("the next page", ([k for k, _ in pairs(rest)], rest.text("IsTruncated")), (["b/2", "c d"], "false"))
    t.same("behind a key", [k for k, _ in pairs(ask(("key-marker", "a")))], ["b/1", "b/2", "c d"])
    t.same("encoded", [k for k, _ in pairs(ask(("encoding-type", "url"), ("prefix", "c")))], ["c%20d"])
    t.refused("max-uploads that is no number", ask(("max-uploads", "many")), 400, "InvalidArgument")


def conditional(t):
    etag = t.put("c", b"old").etag
    upload = begin(t, "c")
    one = part(t, "c", upload, 1, b"new").etag
    t.refused("If-None-Match: * on a key that is there", complete(t, "c", upload, [(1, one)], {"If-None-Match": "*"}), 412, "PreconditionFailed")
    t.refused("If-Match of another", complete(t, "c", upload, [(1, one)], {"If-Match": '"0"'}), 412, "PreconditionFailed")
    t.same("nothing has changed", t.ask("GET", "c").body, b"old")
    t.same("If-Match of it", complete(t, "c", upload, [(1, one)], {"If-Match": etag}).status, 200)
    t.same("the new bytes", t.ask("GET", "c").body, b"new")
    upload = begin(t, "absent")
    one = part(t, "absent", upload, 1, b"x").etag
    t.refused("If-Match on a key that is not there", complete(t, "absent", upload, [(1, one)], {"If-Match": etag}), 404, "NoSuchKey")
    t.same("If-None-Match: * on a new key", complete(t, "absent", upload, [(1, one)], {"If-None-Match": "*"}).status, 200)


def copied_parts(t):
    body = bytes(range(250)) * 40
    t.put("from", body)
    upload = begin(t, "to")
    source = f"/{t.bucket}/from"
    got = t.ask("PUT", "to", query=[("partNumber", "1"), ("uploadId", upload)], headers={"x-amz-copy-source": source, "x-amz-copy-source-range": "bytes=5-14"})
    t.same("a range of the source", (got.root.tag, got.text("ETag")), ("CopyPartResult", f'"{hashlib.md5(body[5:15]).hexdigest()}"'))
    for range_ in ("bytes=5-", "bytes=-5", "5-10", "bytes=9-3", "bytes=0-10000", "bytes=0-1,3-4", "bytes= 0-1"):
        reply = t.ask("PUT", "to", query=[("partNumber", "2"), ("uploadId", upload)], headers={"x-amz-copy-source": source, "x-amz-copy-source-range": range_})
        t.refused(f"the range {range_}", reply, 400, "InvalidArgument")
    reply = t.ask("PUT", "to", query=[("partNumber", "2"), ("uploadId", upload)], headers={"x-amz-copy-source": f"/{t.bucket}/none"})
    t.refused("a source that is not there", reply, 404, "NoSuchKey")
    reply = t.ask("PUT", "to", query=[("partNumber", "2"), ("uploadId", upload)], headers={"x-amz-copy-source": source, "x-amz-copy-source-if-none-match": "*"})
    t.refused("a source's condition", reply, 412, "PreconditionFailed")
    whole_source = t.ask("PUT", "to", query=[("partNumber", "2"), ("uploadId", upload)], headers={"x-amz-copy-source": source})
    t.same("without a range: the whole source", whole_source.text("ETag"), f'"{hashlib.md5(body).hexdigest()}"')
    t.same("the object is the range", (complete(t, "to", upload, [(1, got.text("ETag"))]).status, t.ask("GET", "to").body), (200, body[5:15]))


def checksums(t):
    one, two = b"1" * MIB5, b"two"
    crcs = [crc32_base64(p) for p in (one, two)]
    composite = base64.b64encode(zlib.crc32(b"".join(base64.b64decode(c) for c in crcs)).to_bytes(4, "big")).decode() + "-2"
    for kind, want in (("COMPOSITE", composite), ("FULL_OBJECT", crc32_base64(one + two))):
        upload = begin(t, kind, x_amz_checksum_algorithm="CRC32", x_amz_checksum_type=kind)
        etags = [part(t, kind, upload, n, p, x_amz_checksum_crc32=c).etag for n, p, c in ((1, one, crcs[0]), (2, two, crcs[1]))]
        t.same(f"{kind}: a part's wrong checksum", part(t, kind, upload, 3, two, x_amz_checksum_crc32=crcs[0]).status, 400)
        more = lambda n: f"<ChecksumCRC32>{crcs[n - 1]}</ChecksumCRC32>"
        parts = list(enumerate(etags, 1))
        wrong = complete(t, kind, upload, parts, more=lambda n: f"<ChecksumCRC32>{crcs[0]}</ChecksumCRC32>")
        t.refused(f"{kind}: the list has another checksum", wrong, 400, "InvalidPart")
        done = complete(t, kind, upload, parts, more=more)
        t.same(f"{kind}: of the whole", (done.text("ChecksumCRC32"), done.text("ChecksumType")), (want, kind))
        again = complete(t, kind, upload, parts, more=more)
        t.same(f"{kind}: a repeated Complete has the same", (again.status, again.text("ChecksumCRC32")), (200, want))
        got = t.ask("HEAD", kind, headers={"x-amz-checksum-mode": "ENABLED"}).headers
        t.same(f"{kind}: kept", (got.get("x-amz-checksum-crc32"), got.get("x-amz-checksum-type")), (want, kind))


SECTIONS = [whole, told_apart, uploads, conditional, copied_parts, checksums]
