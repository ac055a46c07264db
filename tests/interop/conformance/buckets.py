"""buckets.py: buckets as such; CORS; what is not supported, and says so."""

from conformance.wire import md5_base64


def life(t):
    name = t.new_bucket()
    ask = lambda method, **more: t.endpoint.ask(method, name, **more)
    t.same("HEAD", (lambda r: (r.status, r.headers.get("x-amz-bucket-region")))(ask("HEAD")), (200, t.endpoint.region))
    t.ok("it is listed", name in t.endpoint.ask("GET").all("Buckets/Bucket/Name"))
    listed = t.endpoint.ask("GET")
    t.same("ListBuckets has an owner and times", (bool(listed.text("Owner/ID")), len(listed.all("Buckets/Bucket/CreationDate")) == len(listed.all("Buckets/Bucket"))), (True, True))
    t.same("GetBucketLocation", (lambda r: (r.status, r.root.tag))(ask("GET", query=["location"])), (200, "LocationConstraint"))
    t.ask("PUT", "deep/er/x", bucket=name)
    t.refused("DELETE of one that is not empty", ask("DELETE"), 409, "BucketNotEmpty")
    t.ask("DELETE", "deep/er/x", bucket=name)
    t.same("DELETE", ask("DELETE").status, 204)
    t.refused("HEAD of none", ask("HEAD"), 404, "")
    for why, method, key, query in [("GET", "GET", None, ()), ("location", "GET", None, ["location"]), ("an object", "GET", "x", ()), ("a PUT", "PUT", "x", ()),
                                    ("DELETE", "DELETE", None, ()), ("DELETE of an object", "DELETE", "x", ()), ("uploads", "GET", None, ["uploads"])]:
        t.refused(f"none: {why}", t.ask(method, key, query, bucket=name), 404, "NoSuchBucket")
    for bad in ("UPPER", "ab", "a" * 64, "under_score", "dot..dot", "-dash", "192.168.0.1"):
        t.refused(f"the name {bad[:12]}", t.endpoint.ask("PUT", bad), 400, "InvalidBucketName")
    again = t.endpoint.ask("PUT", t.bucket)
    t.ok("making it again: 409 BucketAlreadyOwnedByYou (or 200 in us-east-1)", again.status == 200 or (again.status, again.code) == (409, "BucketAlreadyOwnedByYou"), again)


def put_document(t, what, text, key=None):
    return t.ask("PUT", key, query=[what], headers={"Content-MD5": md5_base64(text)}, body=text)


def cors(t):
    rule = (b"<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.org</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
            b"<AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>")
    t.refused("none is set", t.ask("GET", query=["cors"]), 404, "NoSuchCORSConfiguration")
    t.same("PutBucketCors", put_document(t, "cors", rule).status, 200)
    t.same("GetBucketCors", t.ask("GET", query=["cors"]).text("CORSRule/AllowedOrigin"), "https://*.example.org")
    t.put("x", b"x")
    ask = lambda **headers: t.ask("OPTIONS", "x", sign=False, headers={n.replace("_", "-"): v for n, v in headers.items()})
    t.same("OPTIONS without Origin is 400", ask(Access_Control_Request_Method="GET").status, 400)
    ok = ask(Origin="https://a.example.org", Access_Control_Request_Method="GET", Access_Control_Request_Headers="x-amz-date")
    t.same("a preflight that may", (ok.status, ok.headers.get("access-control-allow-origin"), ok.headers.get("access-control-max-age")), (200, "https://a.example.org", "60"))
    for why, headers in [("another origin", {"Origin": "https://evil.example", "Access_Control_Request_Method": "GET"}),
                         ("another method", {"Origin": "https://a.example.org", "Access_Control_Request_Method": "PUT"}),
                         ("another header", {"Origin": "https://a.example.org", "Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "cookie"})]:
        t.same(f"a preflight that may not: {why}", ask(**headers).status, 403)
    got = t.ask("GET", "x", headers={"Origin": "https://a.example.org"})
    t.same("an answer is shared with whom the rule names", (got.headers.get("access-control-allow-origin"), got.headers.get("access-control-expose-headers")), ("https://a.example.org", "ETag"))
    t.same("and with nobody else", t.ask("GET", "x", headers={"Origin": "https://evil.example"}).headers.get("access-control-allow-origin"), None)
    t.refused("no XML", put_document(t, "cors", b"<CORSConfiguration>"), 400, "MalformedXML")
    t.same("DeleteBucketCors", (t.ask("DELETE", query=["cors"]).status, t.ask("GET", query=["cors"]).status), (204, 404))


def policy(t):
    """Who may read without a key: the one policy that every S3 knows."""
    public = ('{"Version":"2012-10-17","Statement":[{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],'
              f'"Resource":["arn:aws:s3:::{t.bucket}/*"]' + '}]}').encode()
    t.put("x", b"open")
    t.refused("none is set", t.ask("GET", query=["policy"]), 404, "NoSuchBucketPolicy")
    t.refused("so nobody reads unsigned", t.ask("GET", "x", sign=False), 403, "AccessDenied")
    reply = put_document(t, "policy", public)
    t.ok("PutBucketPolicy", reply.status in (200, 204), reply)
    t.ok("GetBucketPolicy", b"s3:GetObject" in t.ask("GET", query=["policy"]).body)
    got = t.ask("GET", "x", sign=False)
    t.same("now everybody reads", (got.status, got.body), (200, b"open"))
    t.same("HEAD too", t.ask("HEAD", "x", sign=False).status, 200)
    t.same("but nobody writes", t.ask("PUT", "x", sign=False, body=b"y").status, 403)
    t.same("deletes", t.ask("DELETE", "x", sign=False).status, 403)
    t.same("or lists", t.ask("GET", sign=False).status, 403)
    t.refused("a policy that is no JSON", put_document(t, "policy", b"{"), 400, "MalformedPolicy")
    t.refused("a policy for another bucket", put_document(t, "policy", public.replace(t.bucket.encode(), b"another-bucket")), 400, "MalformedPolicy")
    t.same("DeleteBucketPolicy", (t.ask("DELETE", query=["policy"]).status, t.ask("GET", "x", sign=False).status), (204, 403))


def not_supported(t):
    """Ours alone: what it does not do is NotImplemented, and never half done."""
    if t.endpoint.kind != "neuralake":
        return
    t.put("x", b"x")
    for what in ("versioning", "lifecycle", "encryption", "replication", "website", "logging", "notification", "acl", "tagging", "accelerate",
                 "requestPayment", "object-lock", "publicAccessBlock", "ownershipControls"):
        t.refused(f"PUT ?{what}", put_document(t, what, b"<X/>"), 501, "NotImplemented")
    for what in ("acl", "retention", "legal-hold"):
        t.refused(f"PUT of an object's ?{what}", put_document(t, what, b"<X/>", "x"), 501, "NotImplemented")
    for method, key, query in [("GET", None, ["versions"]), ("POST", "x", [("select", ""), ("select-type", "2")]), ("POST", "x", ["restore"]), ("GET", "x", ["torrent"]),
                               ("GET", None, ["analytics"]), ("PUT", "x", ["renameObject"]), ("GET", None, ["uploads", "versions"]), ("PUT", "x", [("append", "")])]:
        t.refused(f"{method} {query}", t.ask(method, key, query), 501, "NotImplemented")
    t.refused("a version that there is not", t.ask("GET", "x", query=[("versionId", "abc")]), 404, "NoSuchVersion")
    t.same("the only one that there is", t.ask("GET", "x", query=[("versionId", "null")]).body, b"x")
    for name, value in [("x-amz-server-side-encryption", "AES256"), ("x-amz-acl", "public-read"), ("x-amz-storage-class", "GLACIER"), ("x-amz-object-lock-mode", "GOVERNANCE"),
                        ("x-amz-grant-read", "id=1"), ("x-amz-website-redirect-location", "/y"), ("x-amz-write-offset-bytes", "1")]:
        t.refused(f"PUT with {name}", t.ask("PUT", "x", headers={name: value}, body=b"changed"), 501, "NotImplemented")
    t.same("nothing of it was half done", t.ask("GET", "x").body, b"x")
    for what, code in [("policy", "NoSuchBucketPolicy"), ("tagging", "NoSuchTagSet"), ("lifecycle", "NoSuchLifecycleConfiguration"), ("website", "NoSuchWebsiteConfiguration"),
                       ("encryption", "ServerSideEncryptionConfigurationNotFoundError"), ("replication", "ReplicationConfigurationNotFoundError"),
                       ("object-lock", "ObjectLockConfigurationNotFoundError"), ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
                       ("ownershipControls", "OwnershipControlsNotFoundError")]:
        t.refused(f"GET ?{what}: nothing of the kind is set", t.ask("GET", query=[what]), 404, code)
    for what, root in [("versioning", "VersioningConfiguration"), ("acl", "AccessControlPolicy"), ("logging", "BucketLoggingStatus"), ("notification", "NotificationConfiguration"),
                       ("requestPayment", "RequestPaymentConfiguration"), ("accelerate", "AccelerateConfiguration")]:
        reply = t.ask("GET", query=[what])
        t.same(f"GET ?{what}", (reply.status, reply.root.tag), (200, root))
    t.refused("a method that there is not", t.ask("PATCH", "x"), 405, "MethodNotAllowed")
    t.refused("POST of a form", t.ask("POST", headers={"Content-Type": "multipart/form-data; boundary=x"}, body=b"--x--"), 405, "MethodNotAllowed")


SECTIONS = [life, cors, policy, not_supported]
