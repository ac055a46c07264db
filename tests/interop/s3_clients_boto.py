"""boto3 drives `neuralake s3 serve`: the operations, their errors, and the facts about S3 that are easily missed.

Runs with the interpreter that starts it (today's boto3 sends CRC32 trailers) and again with Debian's (/usr/bin/python3),
whose older boto3 sends none. Exit code 77: no boto3 here.
"""

import atexit
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

try:
    import boto3
    import botocore
    from boto3.s3.transfer import TransferConfig
    from botocore.client import Config
    from botocore.exceptions import ClientError
except ImportError:
    print("skipped: no boto3")
    sys.exit(77)

NEURALAKE = os.environ.get("NEURALAKE", "build/neuralake")
MIB = 1 << 20
checks = 0


def check(ok, why):
    global checks
    checks += 1
    if not ok:
        raise AssertionError(why)


def same(got, want, why):
    check(got == want, f"{why}: got {got!r}, want {want!r}")


def fails(code, status, call, *args, **kwargs):
    """The call ends with this S3 code and HTTP status, and a request id that equals its header."""
    try:
        call(*args, **kwargs)
    except ClientError as e:
        meta = e.response["ResponseMetadata"]
        got = (e.response["Error"]["Code"], meta["HTTPStatusCode"])
        same(got, (code, status), f"{call.__name__} {kwargs}")
        if "RequestId" in e.response["Error"]:
            same(e.response["Error"]["RequestId"], meta["HTTPHeaders"]["x-amz-request-id"], "request id")
        return e
    raise AssertionError(f"{call.__name__} {kwargs}: no error, wanted {code}")


class Server:
    def __init__(self, root, *more):
        self.root = root
        self.process = subprocess.Popen(
            [NEURALAKE, "s3", "serve", "--root", root, "--listen", "127.0.0.1:0", *more],
            stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)  # whatever happens, it ends with us
        line = self.process.stdout.readline()
        check(line.startswith("listening on http://"), f"first line: {line!r}")
        self.url = line.split()[-1]
        env = subprocess.run([NEURALAKE, "s3", "env", "--root", root], capture_output=True, text=True, check=True).stdout
        pairs = dict(l.removeprefix("export ").split("=", 1) for l in env.splitlines() if l.startswith("export "))
        self.access = pairs["AWS_ACCESS_KEY_ID"].strip("'\"")
        self.secret = pairs["AWS_SECRET_ACCESS_KEY"].strip("'\"")

    def client(self, secret=None, access=None, **config):
        return boto3.client("s3", endpoint_url=self.url, aws_access_key_id=access or self.access,
                            aws_secret_access_key=secret or self.secret, region_name="us-east-1",
                            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, **config))

    def stop(self):
        self.process.terminate()
        same(self.process.wait(30), 0, "exit code of serve")


def buckets(s3):
    s3.create_bucket(Bucket="first")
    fails("BucketAlreadyOwnedByYou", 409, s3.create_bucket, Bucket="first")
    s3.head_bucket(Bucket="first")
    fails("404", 404, s3.head_bucket, Bucket="missing")
    same(s3.get_bucket_location(Bucket="first")["LocationConstraint"], None, "location")
    check("first" in [b["Name"] for b in s3.list_buckets()["Buckets"]], "listed")
    s3.put_object(Bucket="first", Key="deep/er/x", Body=b"1")
    fails("BucketNotEmpty", 409, s3.delete_bucket, Bucket="first")
    s3.delete_object(Bucket="first", Key="deep/er/x")
    s3.delete_bucket(Bucket="first")
    fails("NoSuchBucket", 404, s3.list_objects_v2, Bucket="first")
    fails("NoSuchBucket", 404, s3.put_object, Bucket="first", Key="k", Body=b"")
    fails("InvalidBucketName", 400, boto_unchecked(s3).create_bucket, Bucket="UPPER")


def boto_unchecked(s3):
    return s3


def objects(s3):
    body = os.urandom(100_000)
    put = s3.put_object(Bucket="bkt", Key="dir/x.bin", Body=body, ContentType="text/x-test", Metadata={"colour": "blue", "n": "7"},
                        CacheControl="max-age=5", ContentEncoding="gzip", ContentLanguage="de", ContentDisposition="inline")
    etag = '"' + hashlib.md5(body).hexdigest() + '"'
    same(put["ETag"], etag, "ETag is the MD5")
    got = s3.get_object(Bucket="bkt", Key="dir/x.bin")
    same(got["Body"].read(), body, "bytes")
    same((got["ETag"], got["ContentType"], got["Metadata"], got["CacheControl"], got["ContentEncoding"],
          got["ContentLanguage"], got["ContentDisposition"], got["ContentLength"]),
         (etag, "text/x-test", {"colour": "blue", "n": "7"}, "max-age=5", "gzip", "de", "inline", len(body)), "headers")
    head = s3.head_object(Bucket="bkt", Key="dir/x.bin")
    same((head["ContentLength"], head["ETag"], head["Metadata"]["n"]), (len(body), etag, "7"), "head")
    fails("NoSuchKey", 404, s3.get_object, Bucket="bkt", Key="nope")
    fails("404", 404, s3.head_object, Bucket="bkt", Key="nope")
    s3.put_object(Bucket="bkt", Key="empty", Body=b"")
    same(s3.get_object(Bucket="bkt", Key="empty")["Body"].read(), b"", "zero bytes")
    s3.delete_object(Bucket="bkt", Key="nope")
    got = s3.get_object(Bucket="bkt", Key="dir/x.bin", ResponseContentType="a/b", ResponseCacheControl="no-store")
    same((got["ContentType"], got["CacheControl"]), ("a/b", "no-store"), "response- overrides")
    fails("MetadataTooLarge", 400, s3.put_object, Bucket="bkt", Key="m", Body=b"", Metadata={"x": "y" * 2100})
    s3.put_object(Bucket="bkt", Key="m", Body=b"meta", Metadata={"x": "y" * 2000}, ContentDisposition="z" * 2000)
    same(len(s3.head_object(Bucket="bkt", Key="m")["ContentDisposition"]), 2000, "metadata above 3 KiB")
    same(s3.get_object(Bucket="bkt", Key="m")["Body"].read(), b"meta", "its bytes")
    fails("NotImplemented", 501, s3.put_object, Bucket="bkt", Key="acl", Body=b"", ACL="public-read")
    fails("NotImplemented", 501, s3.put_object, Bucket="bkt", Key="sse", Body=b"", ServerSideEncryption="AES256")
    fails("KeyTooLongError", 400, s3.put_object, Bucket="bkt", Key="k" * 1025, Body=b"")
    s3.put_object(Bucket="bkt", Key="k" * 1024, Body=b"long")
    same(s3.get_object(Bucket="bkt", Key="k" * 1024)["Body"].read(), b"long", "1024 bytes of key")


def ranges(s3):
    body = bytes(range(256)) * 1024
    s3.put_object(Bucket="bkt", Key="r", Body=body)
    s3.put_object(Bucket="bkt", Key="r0", Body=b"")
    for header, want, shown in [("bytes=0-9", body[:10], "bytes 0-9/262144"), ("bytes=262140-", body[-4:], "bytes 262140-262143/262144"),
                                ("bytes=-5", body[-5:], "bytes 262139-262143/262144"), ("bytes=100-999999999", body[100:], "bytes 100-262143/262144"),
                                ("bytes=1000-200000", body[1000:200001], "bytes 1000-200000/262144")]:
        got = s3.get_object(Bucket="bkt", Key="r", Range=header)
        same((got["Body"].read() == want, got["ContentRange"], got["ResponseMetadata"]["HTTPStatusCode"]), (True, shown, 206), header)
    for header in ["bytes=262144-", "bytes=999999-9999999", "bytes=-0"]:
        fails("InvalidRange", 416, s3.get_object, Bucket="bkt", Key="r", Range=header)
    for header in ["bytes=0-0", "bytes=-5", "bytes=0-"]:
        fails("InvalidRange", 416, s3.get_object, Bucket="bkt", Key="r0", Range=header)
    same(s3.get_object(Bucket="bkt", Key="r", Range="lines=1-2")["ContentLength"], len(body), "another unit is ignored")


def conditions(s3):
    etag = s3.put_object(Bucket="bkt", Key="c", Body=b"one")["ETag"]
    modified = s3.head_object(Bucket="bkt", Key="c")["LastModified"]
    e = fails("304", 304, s3.get_object, Bucket="bkt", Key="c", IfNoneMatch=etag)
    same(e.response["ResponseMetadata"]["HTTPHeaders"].get("etag"), etag, "304 carries the ETag")
    fails("304", 304, s3.get_object, Bucket="bkt", Key="c", IfNoneMatch=etag.strip('"'))
    fails("304", 304, s3.get_object, Bucket="bkt", Key="c", IfModifiedSince=modified)
    fails("PreconditionFailed", 412, s3.get_object, Bucket="bkt", Key="c", IfMatch='"00000000000000000000000000000000"')
    fails("PreconditionFailed", 412, s3.get_object, Bucket="bkt", Key="c", IfUnmodifiedSince=0)
    s3.get_object(Bucket="bkt", Key="c", IfMatch=etag, IfUnmodifiedSince=0)
    s3.get_object(Bucket="bkt", Key="c", IfMatch=etag)["Body"].read()


def conditional_puts(s3):
    if "IfNoneMatch" not in s3.meta.service_model.operation_model("PutObject").input_shape.members:
        return
    etag = s3.put_object(Bucket="bkt", Key="cp", Body=b"one", IfNoneMatch="*")["ETag"]
    fails("PreconditionFailed", 412, s3.put_object, Bucket="bkt", Key="cp", Body=b"two", IfNoneMatch="*")
    fails("PreconditionFailed", 412, s3.put_object, Bucket="bkt", Key="cp", Body=b"two", IfMatch='"' + "0" * 32 + '"')
    fails("NoSuchKey", 404, s3.put_object, Bucket="bkt", Key="cp-missing", Body=b"two", IfMatch=etag)
    same(s3.get_object(Bucket="bkt", Key="cp")["Body"].read(), b"one", "a refused PUT changes nothing")
    s3.put_object(Bucket="bkt", Key="cp", Body=b"two", IfMatch=etag)
    same(s3.get_object(Bucket="bkt", Key="cp")["Body"].read(), b"two", "If-Match")


ODD_KEYS = [" ", "%", "&", "<", ">", '"', "'", "+", "?versionId", "?x=y", "a", "a/b", "a/b/c", "a/", "a//b", "/lead", "./x",
            "../x", "..", ".", "a/./b", "a/../b", "%2F", "%25", "100%", "ä/ö/ü", "日本/語", "🦆", "a b+c", "x" * 300,
            "d/" + "y" * 280 + "/z", ".neuralake", ".neuralake/tmp/x", "q/.neuralake", "tab\there", "back\\slash", "~", "*",
            "a\u0301", "á", "CASE", "case", "a=b&c=d", "#hash", "semi;colon", "co:lon", "%zz", "nl\nin", "//", "///", "a/b/"]


def odd_keys(s3):
    s3.create_bucket(Bucket="odd")
    for n, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket="odd", Key=key, Body=f"{n} {key}".encode(), Metadata={"n": str(n)})
    for n, key in enumerate(ODD_KEYS):
        got = s3.get_object(Bucket="odd", Key=key)
        same((got["Body"].read(), got["Metadata"]["n"]), (f"{n} {key}".encode(), str(n)), f"key {key!r}")
    want = sorted(ODD_KEYS, key=lambda k: k.encode())
    same([o["Key"] for o in s3.list_objects_v2(Bucket="odd")["Contents"]], want, "listing v2 in the order of bytes")
    same([o["Key"] for o in s3.list_objects(Bucket="odd")["Contents"]], want, "listing v1")
    for size in (1, 2, 7):
        got = []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="odd", PaginationConfig={"PageSize": size}):
            got += [o["Key"] for o in page["Contents"]]
        same(got, want, f"pages of {size}")
    for key in ODD_KEYS:
        s3.copy_object(Bucket="odd", Key="copy of " + key, CopySource={"Bucket": "odd", "Key": key})
        same(s3.get_object(Bucket="odd", Key="copy of " + key)["Metadata"], s3.head_object(Bucket="odd", Key=key)["Metadata"], "copy")
    gone = s3.delete_objects(Bucket="odd", Delete={"Objects": [{"Key": k} for k in ODD_KEYS] + [{"Key": "never was"}]})
    same(sorted(d["Key"] for d in gone["Deleted"]), sorted(ODD_KEYS + ["never was"]), "missing ones count as deleted")
    s3.delete_objects(Bucket="odd", Delete={"Quiet": True, "Objects": [{"Key": "copy of " + k} for k in ODD_KEYS]})
    same(s3.list_objects_v2(Bucket="odd")["KeyCount"], 0, "all gone")
    s3.delete_bucket(Bucket="odd")


def grouped(keys, prefix, delimiter):
    out, seen = [], set()
    for key in sorted(keys, key=lambda k: k.encode()):
        if key.startswith(prefix):
            at = key.find(delimiter, len(prefix)) if delimiter else -1
            name = key if at < 0 else key[: at + len(delimiter)]
            if at < 0 or name not in seen:
                seen.add(name)
                out.append((name, at >= 0))
    return out


def listing(s3):
    keys = ["a", "a.", "a/", "a/b", "a/b/c", "a/c", "a0", "b/1", "b/2", "b/3/x", "c", "dd/e/f", "dd/e/g", "dd/f", "é/ü"]
    s3.create_bucket(Bucket="lists")
    for key in keys:
        s3.put_object(Bucket="lists", Key=key, Body=b"")
    for prefix in ["", "a", "a/", "b/", "dd/e", "none", "é"]:
        for delimiter in ["", "/", "e/", "b", "/e"]:
            want = grouped(keys, prefix, delimiter)
            for size in (1, 2, 3, 1000):
                for op in ("list_objects_v2", "list_objects"):
                    names = []
                    args = {"Bucket": "lists", "Prefix": prefix}
                    if delimiter:
                        args["Delimiter"] = delimiter
                    for page in s3.get_paginator(op).paginate(**args, PaginationConfig={"PageSize": size}):
                        part = [(o["Key"], False) for o in page.get("Contents", [])] + [(p["Prefix"], True) for p in page.get("CommonPrefixes", [])]
                        check(len(part) <= size, "a page is no longer than asked")
                        names += sorted(part, key=lambda x: x[0].encode())
                    same(names, want, f"{op} prefix {prefix!r} delimiter {delimiter!r} pages of {size}")
    page = s3.list_objects_v2(Bucket="lists", MaxKeys=0)
    same((page["KeyCount"], page["IsTruncated"]), (0, False), "max-keys 0")
    page = s3.list_objects_v2(Bucket="lists", StartAfter="b/2", MaxKeys=2)
    same(([o["Key"] for o in page["Contents"]], page["StartAfter"], page["IsTruncated"]), (["b/3/x", "c"], "b/2", True), "start-after")
    check("Owner" not in page["Contents"][0], "no owner unless asked")
    check("Owner" in s3.list_objects_v2(Bucket="lists", FetchOwner=True)["Contents"][0], "fetch-owner")
    page = s3.list_objects(Bucket="lists", MaxKeys=2)
    same((page.get("NextMarker"), page["Marker"]), (None, ""), "v1 has no NextMarker without a delimiter")
    page = s3.list_objects(Bucket="lists", Delimiter="/", MaxKeys=3)
    same(page["NextMarker"], "a/", "a common prefix as NextMarker")
    fails("InvalidArgument", 400, s3.list_objects_v2, Bucket="lists", ContinuationToken="%%%")


def multipart(s3):
    body = os.urandom(23 * MIB + 17)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), "bkt", "multi", Config=config, ExtraArgs={"Metadata": {"k": "v"}, "ContentType": "x/y"})
    md5s = b"".join(hashlib.md5(body[i:i + 5 * MIB]).digest() for i in range(0, len(body), 5 * MIB))
    head = s3.head_object(Bucket="bkt", Key="multi")
    same((head["ETag"], head["Metadata"], head["ContentType"]), (f'"{hashlib.md5(md5s).hexdigest()}-5"', {"k": "v"}, "x/y"), "multipart ETag")
    out = io.BytesIO()
    s3.download_fileobj("bkt", "multi", out, Config=config)
    check(out.getvalue() == body, "the parts make the object")
    s3.copy({"Bucket": "bkt", "Key": "multi"}, "bkt", "multi copy", Config=config)
    check(s3.get_object(Bucket="bkt", Key="multi copy")["Body"].read() == body, "copied by parts")

    up = s3.create_multipart_upload(Bucket="bkt", Key="mp")["UploadId"]
    same([u["UploadId"] for u in s3.list_multipart_uploads(Bucket="bkt")["Uploads"]], [up], "uploads under way")
    one = s3.upload_part(Bucket="bkt", Key="mp", UploadId=up, PartNumber=1, Body=body[:5 * MIB])["ETag"]
    s3.upload_part(Bucket="bkt", Key="mp", UploadId=up, PartNumber=3, Body=b"to be replaced")
    three = s3.upload_part(Bucket="bkt", Key="mp", UploadId=up, PartNumber=3, Body=b"tail")["ETag"]
    same([(p["PartNumber"], p["ETag"], p["Size"]) for p in s3.list_parts(Bucket="bkt", Key="mp", UploadId=up)["Parts"]],
         [(1, one, 5 * MIB), (3, three, 4)], "parts; one sent again replaces the old one")
    page = s3.list_parts(Bucket="bkt", Key="mp", UploadId=up, MaxParts=1)
    same((page["IsTruncated"], page["NextPartNumberMarker"]), (True, 1), "pages of parts")

    def complete(*parts, **more):
        return s3.complete_multipart_upload(Bucket="bkt", Key="mp", UploadId=up, **more,
                                            MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in parts]})
    fails("InvalidPart", 400, complete, (1, one), (2, one))
    fails("InvalidPart", 400, complete, (1, three), (3, three))
    fails("InvalidPartOrder", 400, complete, (3, three), (1, one))
    fails("NoSuchUpload", 404, s3.list_parts, Bucket="bkt", Key="other", UploadId=up)
    fails("404", 404, s3.head_object, Bucket="bkt", Key="mp")
    done = complete((1, one), (3, three))
    same(complete((1, one), (3, three))["ETag"], done["ETag"], "completing again gives the same answer")
    same(s3.get_object(Bucket="bkt", Key="mp")["Body"].read(), body[:5 * MIB] + b"tail", "bytes")
    fails("NoSuchUpload", 404, s3.upload_part, Bucket="bkt", Key="mp", UploadId=up, PartNumber=1, Body=b"x")
    fails("NoSuchUpload", 404, s3.abort_multipart_upload, Bucket="bkt", Key="mp", UploadId="../../x")

    up = s3.create_multipart_upload(Bucket="bkt", Key="mp")["UploadId"]
    small = s3.upload_part(Bucket="bkt", Key="mp", UploadId=up, PartNumber=1, Body=b"small")["ETag"]
    last = s3.upload_part(Bucket="bkt", Key="mp", UploadId=up, PartNumber=2, Body=b"last")["ETag"]
    fails("EntityTooSmall", 400, complete, (1, small), (2, last))
    s3.upload_part_copy(Bucket="bkt", Key="mp", UploadId=up, PartNumber=1, CopySource={"Bucket": "bkt", "Key": "multi"}, CopySourceRange="bytes=5-14")
    same(s3.list_parts(Bucket="bkt", Key="mp", UploadId=up)["Parts"][0]["ETag"], f'"{hashlib.md5(body[5:15]).hexdigest()}"', "copied part")
    for bad in ["bytes=0-99999999", "bytes=5-", "5-10", "bytes=9-3"]:
        fails("InvalidArgument", 400, s3.upload_part_copy, Bucket="bkt", Key="mp", UploadId=up, PartNumber=1,
              CopySource={"Bucket": "bkt", "Key": "multi"}, CopySourceRange=bad)
    s3.abort_multipart_upload(Bucket="bkt", Key="mp", UploadId=up)
    fails("NoSuchUpload", 404, s3.abort_multipart_upload, Bucket="bkt", Key="mp", UploadId=up)
    fails("InvalidArgument", 400, s3.upload_part, Bucket="bkt", Key="mp", UploadId=up, PartNumber=10001, Body=b"x")


def checksums(s3, new):
    body = os.urandom(300_000)
    import base64
    fails("BadDigest", 400, s3.put_object, Bucket="bkt", Key="md5", Body=body, ContentMD5=base64.b64encode(b"0" * 16).decode())
    fails("InvalidDigest", 400, s3.put_object, Bucket="bkt", Key="md5", Body=body, ContentMD5="AAAA")
    fails("404", 404, s3.head_object, Bucket="bkt", Key="md5")
    s3.put_object(Bucket="bkt", Key="md5", Body=body, ContentMD5=base64.b64encode(hashlib.md5(body).digest()).decode())
    sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
    s3.put_object(Bucket="bkt", Key="sha", Body=body, ChecksumSHA256=sha)
    same(s3.head_object(Bucket="bkt", Key="sha", ChecksumMode="ENABLED")["ChecksumSHA256"], sha, "kept")
    wrong = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    fails("BadDigest", 400, s3.put_object, Bucket="bkt", Key="sha2", Body=body, ChecksumSHA256=wrong)
    fails("404", 404, s3.head_object, Bucket="bkt", Key="sha2")
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        s3.put_object(Bucket="bkt", Key="alg", Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
        check("Checksum" + algorithm in s3.head_object(Bucket="bkt", Key="alg", ChecksumMode="ENABLED"), algorithm)
        check(s3.get_object(Bucket="bkt", Key="alg", ChecksumMode="ENABLED")["Body"].read() == body, "read back, verified")
    if not new:
        return
    put = s3.put_object(Bucket="bkt", Key="crc", Body=body)
    same(put.get("ChecksumType"), "FULL_OBJECT", "today's boto3 sends a checksum by itself")
    big = os.urandom(12 * MIB)
    for algorithm, kind in [("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("SHA256", "COMPOSITE")]:
        up = s3.create_multipart_upload(Bucket="bkt", Key="mpc", ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
        parts = []
        for n, at in enumerate(range(0, len(big), 6 * MIB), 1):
            r = s3.upload_part(Bucket="bkt", Key="mpc", UploadId=up, PartNumber=n, Body=big[at:at + 6 * MIB], ChecksumAlgorithm=algorithm)
            parts.append({"PartNumber": n, "ETag": r["ETag"], "Checksum" + algorithm: r["Checksum" + algorithm]})
        done = s3.complete_multipart_upload(Bucket="bkt", Key="mpc", UploadId=up, MultipartUpload={"Parts": parts})
        same(done["ChecksumType"], kind, "type")
        value = done["Checksum" + algorithm]
        same(s3.head_object(Bucket="bkt", Key="mpc", ChecksumMode="ENABLED")["Checksum" + algorithm], value, "kept")
        if kind == "FULL_OBJECT":
            import zlib
            same(value, base64.b64encode(zlib.crc32(big).to_bytes(4, "big")).decode(), "CRC over the whole from the parts'")
        else:
            check(value.endswith("-2"), "composite")


def tags_and_parts(s3):
    s3.put_object(Bucket="bkt", Key="tagged", Body=b"x", Tagging="b=2&a=1%20%2B")
    want = [{"Key": "a", "Value": "1 +"}, {"Key": "b", "Value": "2"}]
    same(s3.get_object_tagging(Bucket="bkt", Key="tagged")["TagSet"], want, "tags of a PUT")
    same(s3.get_object(Bucket="bkt", Key="tagged")["TagCount"], 2, "their count")
    full = [{"Key": f"{i:0128}", "Value": f"{i:0256}"} for i in range(10)]
    etag = s3.head_object(Bucket="bkt", Key="tagged")["ETag"]
    s3.put_object_tagging(Bucket="bkt", Key="tagged", Tagging={"TagSet": full})
    same(s3.get_object_tagging(Bucket="bkt", Key="tagged")["TagSet"], full, "a full set")
    same(s3.head_object(Bucket="bkt", Key="tagged")["ETag"], etag, "tags change no bytes")
    fails("BadRequest", 400, s3.put_object_tagging, Bucket="bkt", Key="tagged", Tagging={"TagSet": full + want})
    s3.copy_object(Bucket="bkt", Key="tagged copy", CopySource="bkt/tagged")
    same(s3.get_object_tagging(Bucket="bkt", Key="tagged copy")["TagSet"], full, "a copy has them")
    s3.copy_object(Bucket="bkt", Key="tagged copy", CopySource="bkt/tagged", TaggingDirective="REPLACE", Tagging="c=3")
    same(s3.get_object_tagging(Bucket="bkt", Key="tagged copy")["TagSet"], [{"Key": "c", "Value": "3"}], "or others")
    s3.delete_object_tagging(Bucket="bkt", Key="tagged")
    same(s3.get_object_tagging(Bucket="bkt", Key="tagged")["TagSet"], [], "gone")
    if "PartNumber" in s3.meta.service_model.operation_model("HeadObject").input_shape.members:
        head = s3.head_object(Bucket="bkt", Key="multi", PartNumber=5)
        same((head["PartsCount"], head["ContentLength"]), (5, 3 * MIB + 17), "the last part of five")
        got = s3.get_object(Bucket="bkt", Key="multi", PartNumber=2)
        same((got["ContentRange"], len(got["Body"].read())), (f"bytes {5 * MIB}-{10 * MIB - 1}/{23 * MIB + 17}", 5 * MIB), "part 2")
    if hasattr(s3, "get_object_attributes"):
        got = s3.get_object_attributes(Bucket="bkt", Key="multi", ObjectAttributes=["ETag", "ObjectSize", "ObjectParts", "StorageClass"])
        same((got["ObjectSize"], got["ObjectParts"]["TotalPartsCount"], [p["Size"] for p in got["ObjectParts"]["Parts"]]),
             (23 * MIB + 17, 5, [5 * MIB] * 4 + [3 * MIB + 17]), "attributes")


def copies(s3):
    s3.put_object(Bucket="bkt", Key="from", Body=b"copy me", ContentType="x/one", Metadata={"a": "1"})
    etag = s3.head_object(Bucket="bkt", Key="from")["ETag"]
    same(s3.copy_object(Bucket="bkt", Key="to", CopySource="bkt/from")["CopyObjectResult"]["ETag"], etag, "ETag")
    same(s3.head_object(Bucket="bkt", Key="to")["Metadata"], {"a": "1"}, "metadata goes along")
    s3.copy_object(Bucket="bkt", Key="to", CopySource="/bkt/from", MetadataDirective="REPLACE", Metadata={"b": "2"}, ContentType="x/two")
    head = s3.head_object(Bucket="bkt", Key="to")
    same((head["Metadata"], head["ContentType"]), ({"b": "2"}, "x/two"), "REPLACE")
    fails("InvalidRequest", 400, s3.copy_object, Bucket="bkt", Key="from", CopySource="bkt/from")
    s3.copy_object(Bucket="bkt", Key="from", CopySource="bkt/from", MetadataDirective="REPLACE", Metadata={"c": "3"})
    same(s3.get_object(Bucket="bkt", Key="from")["Body"].read(), b"copy me", "onto itself")
    fails("NoSuchKey", 404, s3.copy_object, Bucket="bkt", Key="to", CopySource="bkt/none")
    fails("NoSuchBucket", 404, s3.copy_object, Bucket="bkt", Key="to", CopySource="none-such/x")
    fails("PreconditionFailed", 412, s3.copy_object, Bucket="bkt", Key="to", CopySource="bkt/from", CopySourceIfNoneMatch=etag)
    fails("PreconditionFailed", 412, s3.copy_object, Bucket="bkt", Key="to", CopySource="bkt/from", CopySourceIfMatch='"0"')


def refusals(server, s3):
    fails("SignatureDoesNotMatch", 403, server.client(secret="wrong-secret-key").list_buckets)
    fails("InvalidAccessKeyId", 403, server.client(access="NOBODYKNOWSME").list_buckets)
    fails("SignatureDoesNotMatch", 403, server.client(secret="wrong-secret-key").put_object, Bucket="bkt", Key="x", Body=b"y" * 100_000)
    for call, code in [(s3.get_bucket_policy, "NoSuchBucketPolicy"), (s3.get_bucket_cors, "NoSuchCORSConfiguration"),
                       (s3.get_bucket_tagging, "NoSuchTagSet"), (s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration"),
                       (s3.get_object_lock_configuration, "ObjectLockConfigurationNotFoundError"),
                       (s3.get_bucket_encryption, "ServerSideEncryptionConfigurationNotFoundError")]:
        fails(code, 404, call, Bucket="bkt")
    check("Status" not in s3.get_bucket_versioning(Bucket="bkt"), "not versioned")
    same(s3.get_bucket_acl(Bucket="bkt")["Grants"][0]["Permission"], "FULL_CONTROL", "acl")
    fails("NotImplemented", 501, s3.put_bucket_versioning, Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    fails("NotImplemented", 501, s3.list_object_versions, Bucket="bkt")


def presigned(server, s3):
    s3.put_object(Bucket="bkt", Key="pre signed/ü", Body=b"by link")
    v4 = server.client(signature_version="s3v4")
    url = v4.generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "pre signed/ü"}, ExpiresIn=60)
    same(urllib.request.urlopen(url).read(), b"by link", "presigned GET")
    url = v4.generate_presigned_url("put_object", Params={"Bucket": "bkt", "Key": "put by link"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=b"there", method="PUT"))
    same(s3.get_object(Bucket="bkt", Key="put by link")["Body"].read(), b"there", "presigned PUT")
    good = v4.generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "pre signed/ü"}, ExpiresIn=60)
    for bad in [good.replace("Expires=60", "Expires=0"), good.replace("pre", "pro"), good[:-1] + ("0" if good[-1] != "0" else "1"), good + "&versionId=x"]:
        try:
            urllib.request.urlopen(bad)
            check(False, "a bad link opened")
        except urllib.error.HTTPError as e:
            same(e.code, 403, "bad link")


def by_hand(server, s3):
    """Files that people put into the bucket's folder are objects; what they made of ours is theirs."""
    os.makedirs(f"{server.root}/bkt/hand/made")
    with open(f"{server.root}/bkt/hand/made/file.txt", "wb") as f:
        f.write(b"by hand")
    got = s3.get_object(Bucket="bkt", Key="hand/made/file.txt")
    same(got["Body"].read(), b"by hand", "served")
    check(got["ETag"].endswith('-1"'), "an ETag that is no MD5")
    same([o["Key"] for o in s3.list_objects_v2(Bucket="bkt", Prefix="hand/")["Contents"]], ["hand/made/file.txt"], "listed")
    s3.put_object(Bucket="bkt", Key="edited", Body=b"before")
    with open(f"{server.root}/bkt/edited", "ab") as f:
        f.write(b" and after")
    head = s3.head_object(Bucket="bkt", Key="edited")
    same(head["ContentLength"], 16, "edited in place")
    check(head["ETag"] != '"' + hashlib.md5(b"before").hexdigest() + '"', "another ETag")
    os.symlink("/etc/passwd", f"{server.root}/bkt/link")
    fails("NoSuchKey", 404, s3.get_object, Bucket="bkt", Key="link")
    same(s3.list_objects_v2(Bucket="bkt", Prefix="link")["KeyCount"], 0, "links are no objects")
    os.unlink(f"{server.root}/bkt/link")


def run():
    new = tuple(int(x) for x in boto3.__version__.split(".")[:2]) >= (1, 36)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder + "/root")
        s3 = server.client()
        s3.create_bucket(Bucket="bkt")
        for test in (objects, ranges, conditions, conditional_puts, odd_keys, listing, multipart, tags_and_parts, copies):
            test(s3)
        buckets(s3)
        checksums(s3, new)
        refusals(server, s3)
        presigned(server, s3)
        by_hand(server, s3)
        before = {o["Key"]: o["ETag"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket="bkt") for o in p["Contents"]}
        server.stop()
        server = Server(folder + "/root")
        after = {o["Key"]: o["ETag"] for p in server.client().get_paginator("list_objects_v2").paginate(Bucket="bkt") for o in p["Contents"]}
        same(after, before, "everything is there after a restart, and so are the keys")
        second = subprocess.run([NEURALAKE, "s3", "serve", "--root", folder + "/root", "--listen", "127.0.0.1:0"],
                                capture_output=True, text=True)
        check(second.returncode == 1 and "another server" in second.stderr, f"a second server is kept away: {second.stderr}")
        server.stop()
    print(f"boto3 {boto3.__version__}: {checks} checks")


if __name__ == "__main__":
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    run()
    debian = "/usr/bin/python3"
    if os.environ.get("S3_CLIENTS_SECOND") is None and os.path.exists(debian) and sys.executable != debian:
        sys.exit(subprocess.run([debian, __file__], env={**os.environ, "S3_CLIENTS_SECOND": "1"}).returncode % 77)
