"""signing.py: who asks: signatures in headers, in links, of chunks; trailers; and what is not signed."""

import datetime
import hashlib

from conformance.wire import UNSIGNED, chunked, crc32_base64, lines, now


def shifted(seconds):
    return (now() + datetime.timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


def headers(t):
    t.put("x", b"body")
    t.refused("a wrong secret", t.ask("GET", "x", secret="a-wrong-secret"), 403, "SignatureDoesNotMatch")
    t.refused("a key that nobody has", t.ask("GET", "x", access="NOBODYKNOWSTHISKEY"), 403, "InvalidAccessKeyId")
    t.refused("no signature", t.ask("GET", "x", sign=False), 403, "AccessDenied")
    t.refused("an hour ago", t.ask("GET", "x", time=shifted(-3600)), 403, "RequestTimeTooSkewed")
    t.refused("in an hour", t.ask("GET", "x", time=shifted(3600)), 403, "RequestTimeTooSkewed")
    t.same("five minutes ago", t.ask("GET", "x", time=shifted(-300)).status, 200)
    target = f"/{t.bucket}/x"
    head = t.endpoint.head("GET", target, {})
    for why, change, code in [("a signature that is no hex", lambda a: a[:-1] + "!", None), ("no Signature", lambda a: a.partition(", Signature")[0], None),
                              ("another algorithm", lambda a: a.replace("HMAC-SHA256", "HMAC-SHA1"), None), ("nonsense", lambda a: "nonsense", None)]:
        reply = t.endpoint.ask("GET", target=target, sign=False, headers={**head, "Authorization": change(head["Authorization"])})
        t.ok(f"an Authorization with {why} is 400 or 403", reply.status in (400, 403) and reply.code, reply)
    reply = t.endpoint.ask("GET", target=target, sign=False, headers={**head, "x-amz-meta-more": "not signed"})
    t.refused("an x-amz- header that is not signed", reply, 403, "AccessDenied")
    reply = t.ask("PUT", "y", payload=hashlib.sha256(b"other").hexdigest(), body=b"body")
    t.refused("the hash of another body", reply, 400, "XAmzContentSHA256Mismatch")
    t.same("stores nothing", t.ask("HEAD", "y").status, 404)
    t.same("a body that is not hashed", t.ask("PUT", "y", payload=UNSIGNED, body=b"body").status, 200)
    t.same("an empty query value, and names in need of encoding", t.ask("GET", query=[("prefix", ""), ("delimiter", "ü &=/")]).status, 200)


def links(t):
    t.put("p q/ü", b"by link")
    ask = lambda link, **more: t.endpoint.ask("GET", target=link, sign=False, **more)
    good = t.endpoint.presign("GET", t.bucket, "p q/ü", 60)
    t.same("a link opens", ask(good).body, b"by link")
    over = t.endpoint.presign("GET", t.bucket, "p q/ü", 60, [("response-content-type", "x/y")])
    t.same("with an override", ask(over).headers["content-type"], "x/y")
    put = t.endpoint.presign("PUT", t.bucket, "put", 60)
    t.same("a link for PUT", (t.endpoint.ask("PUT", target=put, sign=False, body=b"there").status, t.ask("GET", "put").body), (200, b"there"))
    t.same("Expires=0 is 403", ask(t.endpoint.presign("GET", t.bucket, "put", 0)).status, 403)
    for why, link, code in [
            ("an expired one", t.endpoint.presign("GET", t.bucket, "put", 60, time=shifted(-3600)), "AccessDenied"),
            ("one of tomorrow", t.endpoint.presign("GET", t.bucket, "put", 60, time=shifted(86400)), "AccessDenied"),
            ("a wrong secret", t.endpoint.presign("GET", t.bucket, "put", 60, secret="a-wrong-secret"), "SignatureDoesNotMatch"),
            ("another key", good.replace("p%20q", "p%20r"), "SignatureDoesNotMatch"),
            ("a longer life", good.replace("Expires=60", "Expires=600"), "SignatureDoesNotMatch"),
            ("one query more", good + "&response-content-type=a", "SignatureDoesNotMatch")]:
        t.refused(why, ask(link), 403, code)
    for why, expires in [("more than a week", 604801), ("a negative time", -1), ("no number", "soon")]:
        t.refused(why, ask(t.endpoint.presign("GET", t.bucket, "put", expires)), 400, "AuthorizationQueryParametersError")
    t.refused("two signatures in one request", ask(good, headers={"Authorization": t.endpoint.head("GET", good, {})["Authorization"]}), 400, "InvalidArgument")


def chunks(t):
    body = bytes(range(256)) * 700
    target = f"/{t.bucket}/chunks"
    crc = crc32_base64(body)
    for signed, trailer in ((True, None), (True, ("x-amz-checksum-crc32", crc)), (False, ("x-amz-checksum-crc32", crc))):
        why = f"{'signed' if signed else 'unsigned'} chunks{' with a trailer' if trailer else ''}"
        head, data = chunked(t.endpoint, target, body, signed, trailer, sizes=(65536, 8192, 65536))
        reply = t.endpoint.raw(lines("PUT", target, head) + data, "PUT")
        got = t.ask("GET", "chunks", headers={"x-amz-checksum-mode": "ENABLED"})
        t.same(why, (reply.status, got.body == body), (200, True))
        if trailer:
            t.same(f"{why}: it is kept", got.headers.get("x-amz-checksum-crc32"), crc)
        t.same(f"{why}: aws-chunked is not stored", got.headers.get("content-encoding"), None)
        t.ask("DELETE", "chunks")
    spoilt = [("a byte changed", True, None, lambda d: d.replace(body[:50], b"?" + body[1:50], 1), 403, "SignatureDoesNotMatch"),
              ("a chunk's signature changed", True, None, lambda d: d.replace(b"chunk-signature=", b"chunk-signature=0", 1)[:len(d)], None, None),
              ("a trailer of other bytes", False, ("x-amz-checksum-crc32", "AAAAAA=="), None, 400, None),
              ("a signed trailer of other bytes", True, ("x-amz-checksum-crc32", "AAAAAA=="), None, 400, None)]
    for why, signed, trailer, spoil, status, code in spoilt:
        head, data = chunked(t.endpoint, target, body, signed, trailer, spoil=spoil)
        reply = t.endpoint.raw(lines("PUT", target, head) + data, "PUT")
        if code:
            t.refused(why, reply, status, code)
        else:
            t.ok(f"{why} is refused", reply.status in (400, 403) and (not status or reply.status == status), reply)
        t.same(f"{why}: nothing is stored", t.ask("HEAD", "chunks").status, 404)
    head, data = chunked(t.endpoint, target, b"", True)
    t.same("no bytes at all", t.endpoint.raw(lines("PUT", target, head) + data, "PUT").status, 200)


SECTIONS = [headers, links, chunks]
