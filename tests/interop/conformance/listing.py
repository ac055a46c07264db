"""listing.py: ListObjects and ListObjectsV2: order, pages, delimiters, what is said and what is not."""

from conformance.wire import md5_base64


def fill(t, *keys):
    for key in keys:
        t.put(key)


def pages(t, query, marker):
    """All names of all pages in order, and the most that one page had."""
    names, most, more = [], 0, []
    while True:
        page = t.ask("GET", query=[*query, *more])
        part = page.all("Contents/Key") + page.all("CommonPrefixes/Prefix")
        names += sorted(part, key=lambda n: n.encode())
        most = max(most, len(part))
        if page.text("IsTruncated") != "true" or not part:
            return names, most
        token = page.text("NextContinuationToken" if marker == "continuation-token" else "NextMarker") or names[-1]
        more = [(marker, token)]


def order_and_pages(t):
    keys = ["A", "Z", "a", "a!", "a/", "a/b", "a/b/c", "a0", "b/1", "b/2", "c", "é", "日", "🦆"]
    fill(t, *keys)
    for more, want in [([], keys), ([("prefix", "a/")], ["a/", "a/b", "a/b/c"]),
                       ([("delimiter", "/")], ["A", "Z", "a", "a!", "a/", "a0", "b/", "c", "é", "日", "🦆"]),
                       ([("delimiter", "/"), ("prefix", "a/")], ["a/", "a/b", "a/b/"]),
                       ([("delimiter", "/b")], ["A", "Z", "a", "a!", "a/", "a/b", "a0", "b/1", "b/2", "c", "é", "日", "🦆"]),
                       ([("prefix", "none")], [])]:
        for size in ("1", "3", "1000"):
            for kind, marker in (([("list-type", "2")], "continuation-token"), ([], "marker")):
                names, most = pages(t, [*kind, *more, ("max-keys", size)], marker)
                version = "v2" if kind else "v1"
                t.same(f"{version} {dict(more)}, pages of {size}", (names, most <= int(size)), (want, True))


def counts(t):
    fill(t, "a", "b/1", "b/2", "c/1", "d")
    got = t.ask("GET", query=[("list-type", "2"), ("delimiter", "/"), ("max-keys", "3")])
    t.same("max-keys counts keys and prefixes together", (got.all("Contents/Key"), got.all("CommonPrefixes/Prefix"), got.text("IsTruncated")),
           (["a"], ["b/", "c/"], "true"))
    t.same("KeyCount includes prefixes", got.text("KeyCount"), "3")
    for kind in ([("list-type", "2")], []):
        version = "v2" if kind else "v1"
        got = t.ask("GET", query=[*kind, ("max-keys", "0")])
        t.same(f"{version}: max-keys 0 is not truncated", (got.status, got.text("IsTruncated"), got.all("Contents")), (200, "false", []))
        t.refused(f"{version}: max-keys that is no number", t.ask("GET", query=[*kind, ("max-keys", "many")]), 400, "InvalidArgument")
        t.refused(f"{version}: max-keys below 0", t.ask("GET", query=[*kind, ("max-keys", "-1")]), 400, "InvalidArgument")
        got = t.ask("GET", query=[*kind, ("max-keys", "5000")])
        t.same(f"{version}: max-keys above 1000 gives 1000", (got.status, got.text("MaxKeys"), len(got.all("Contents"))), (200, "1000", 5))
        got = t.ask("GET", query=[*kind])
        t.same(f"{version}: MaxKeys and Name are said", (got.text("MaxKeys"), got.text("Name")), ("1000", t.bucket))


def a_thousand_behind_a_prefix(t):
    for n in range(1001):
        t.put(f"many/{n:04}")
    fill(t, "last")
    got = t.ask("GET", query=[("list-type", "2"), ("delimiter", "/"), ("max-keys", "2")])
    t.same("one prefix hides a thousand keys without using up the page",
           (got.all("CommonPrefixes/Prefix"), got.all("Contents/Key"), got.text("IsTruncated")), (["many/"], ["last"], "false"))
    got = t.ask("GET", query=[("list-type", "2")])
    t.same("a page has 1,000", (len(got.all("Contents")), got.text("IsTruncated"), got.text("KeyCount")), (1000, "true", "1000"))
    listed = "<Delete>" + "".join(f"<Object><Key>many/{n:04}</Key></Object>" for n in range(1000)) + "<Quiet>true</Quiet></Delete>"
    gone = delete_list(t, listed)
    t.same("1,000 in one DeleteObjects, quietly", (gone.status, gone.all("Deleted"), gone.all("Error")), (200, [], []))
    t.same("they are gone", t.ask("GET", query=[("list-type", "2")]).all("Contents/Key"), ["last", "many/1000"])


def delete_list(t, text):
    return t.ask("POST", query=["delete"], headers={"Content-MD5": md5_base64(text.encode())}, body=text.encode())


def encoding(t):
    fill(t, "a&b/c d", "ü+x", "sub dir/é/1")
    got = t.ask("GET", query=[("list-type", "2"), ("encoding-type", "url")])
    t.same("keys are encoded, \"/\" is kept", got.all("Contents/Key"), ["a%26b/c%20d", "sub%20dir/%C3%A9/1", "%C3%BC%2Bx"])
    t.same("EncodingType is said", got.text("EncodingType"), "url")
    got = t.ask("GET", query=[("encoding-type", "url"), ("delimiter", " "), ("prefix", "sub d"), ("marker", "a b")])
    t.same("v1: prefix, delimiter and marker too", (got.text("Prefix"), got.text("Delimiter"), got.text("Marker")), ("sub%20d", "%20", "a%20b"))
    got = t.ask("GET", query=[("list-type", "2"), ("encoding-type", "url"), ("delimiter", "/"), ("start-after", "a b")])
    t.same("v2: common prefixes and start-after too", (got.all("CommonPrefixes/Prefix"), got.text("StartAfter")), (["a%26b/", "sub%20dir/"], "a%20b"))
    got = t.ask("GET", query=[("encoding-type", "url"), ("delimiter", "/"), ("max-keys", "1")])
    t.same("v1: NextMarker too", got.text("NextMarker"), "a%26b/")
    got = t.ask("GET", query=[("list-type", "2")])
    t.same("without it they are as they are", got.all("Contents/Key"), ["a&b/c d", "sub dir/é/1", "ü+x"])
    t.refused("another encoding", t.ask("GET", query=[("list-type", "2"), ("encoding-type", "base64")]), 400, "InvalidArgument")


def what_is_said(t):
    fill(t, "a", "b/1", "b/2", "c", "d")
    v1 = t.ask("GET")
    t.same("v1: an empty Prefix and an empty Marker are sent", (v1.text("Prefix"), v1.text("Marker")), ("", ""))
    v2 = t.ask("GET", query=[("list-type", "2")])
    t.same("v2: an empty Prefix is sent, a Marker is not", (v2.text("Prefix"), v2.text("Marker")), ("", None))
    for kind in ([("list-type", "2")], []):
        t.same(f"{'v2' if kind else 'v1'}: an empty delimiter is not sent", t.ask("GET", query=[*kind, ("delimiter", "")]).text("Delimiter"), None)
    t.same("v1: no NextMarker without a delimiter", t.ask("GET", query=[("max-keys", "1")]).text("NextMarker"), None)
    got = t.ask("GET", query=[("max-keys", "2"), ("delimiter", "/")])
    t.same("v1: NextMarker may be a common prefix", got.text("NextMarker"), "b/")
    got = t.ask("GET", query=[("marker", "b/"), ("delimiter", "/")])
    t.same("v1: which the next page skips", (got.all("CommonPrefixes/Prefix"), got.all("Contents/Key"), got.text("Marker")), ([], ["c", "d"], "b/"))
    first = t.ask("GET", query=[("list-type", "2"), ("max-keys", "1")])
    token = first.text("NextContinuationToken")
    got = t.ask("GET", query=[("list-type", "2"), ("continuation-token", token), ("start-after", "c")])
    t.same("v2: the token wins over start-after", got.all("Contents/Key"), ["b/1", "b/2", "c", "d"])
    t.same("v2: both are echoed", (got.text("ContinuationToken"), got.text("StartAfter")), (token, "c"))
    got = t.ask("GET", query=[("list-type", "2"), ("start-after", "b/1")])
    t.same("v2: start-after starts behind", (got.all("Contents/Key"), got.text("StartAfter")), (["b/2", "c", "d"], "b/1"))
    t.same("v2: no Owner", got.all("Contents/Owner"), [])
    t.same("v2: but with fetch-owner", len(t.ask("GET", query=[("list-type", "2"), ("fetch-owner", "true")]).all("Contents/Owner/ID")), 5)
    t.same("v1: always an Owner", len(t.ask("GET").all("Contents/Owner/ID")), 5)
    t.refused("v2: a token that is none", t.ask("GET", query=[("list-type", "2"), ("continuation-token", "")]), 400, "InvalidArgument")
    entry = t.ask("GET", query=[("list-type", "2"), ("prefix", "a")])
    t.same("an entry has ETag, size, class", (entry.text("Contents/ETag"), entry.text("Contents/Size"), entry.text("Contents/StorageClass")),
           ('"d41d8cd98f00b204e9800998ecf8427e"', "0", "STANDARD"))
    t.ok("and a time like 2026-11-22T15:49:09.000Z", len(entry.text("Contents/LastModified")) == 24, entry.text("Contents/LastModified"))
    t.refused("a bucket that is not there", t.ask("GET", bucket="no-such-bucket-here-at-all", query=[("list-type", "2")]), 404, "NoSuchBucket")


SECTIONS = [order_and_pages, counts, a_thousand_behind_a_prefix, encoding, what_is_said]
