"""keys.py: which names objects may have, and that each of them means itself everywhere."""

from conformance.wire import encode

ODD = [" ", "%", "&", "<", ">", '"', "'", "+", "?versionId", "100%", "%2F", "%20", "a b", "a%20b", "a+b", "ä/ö", "日本", "🦆", "#", ";", "=", "*",
       "~", "tab\there", "back\\slash", "a=b&c", "CASE", "case"]


def round_trips(t):
    for n, key in enumerate(ODD):
        t.put(key, f"{n}".encode())
    for n, key in enumerate(ODD):
        t.same(f"the key {key[:20]!r} comes back", t.ask("GET", key).body, f"{n}".encode())
    want = sorted((k for k in ODD), key=lambda k: k.encode())
    t.same("a listing has them all, in the order of their bytes", t.ask("GET", query=[("list-type", "2")]).all("Contents/Key"), want)
    for key in ODD:
        reply = t.ask("PUT", "copies of/" + key, headers={"x-amz-copy-source": f"/{t.bucket}/{encode(key)}"})
        got = t.ask("GET", "copies of/" + key).body if reply.status == 200 else reply
        t.same(f"the copy of {key[:20]!r}", got, f"{ODD.index(key)}".encode())
    for key in ODD:
        t.ask("DELETE", key)
    t.same("and all can be deleted", t.ask("GET", query=[("list-type", "2"), ("delimiter", "/")]).all("CommonPrefixes/Prefix"), ["copies of/"])


def files_and_folders(t):
    """a/b beside a/b/c, and a/ with bytes beside a/x: no key is only a folder."""
    for key in ("a/b", "a/b/c", "a/", "a/x", "d", "d/"):
        t.put(key, key.encode())
    for key in ("a/b", "a/b/c", "a/", "a/x", "d", "d/"):
        t.same(f"{key} has its own bytes", t.ask("GET", key).body, key.encode())
    t.same("all are listed", t.ask("GET", query=[("list-type", "2")]).all("Contents/Key"), ["a/", "a/b", "a/b/c", "a/x", "d", "d/"])
    t.ask("DELETE", "a/b")
    t.same("deleting a/b leaves a/b/c", (t.ask("GET", "a/b").status, t.ask("GET", "a/b/c").body), (404, b"a/b/c"))
    t.ask("DELETE", "a/")
    t.same("deleting a/ leaves a/x", (t.ask("GET", "a/").status, t.ask("GET", "a/x").body), (404, b"a/x"))


def copy_sources(t):
    """A copy source is percent-decoded exactly once."""
    t.put("a b", b"space")
    t.put("a%20b", b"percent")
    t.put("a+b", b"plus")
    for source, want in [("a%20b", b"space"), ("a%2520b", b"percent"), ("a%2Bb", b"plus"), ("a b", b"space")]:
        t.ask("PUT", "to", headers={"x-amz-copy-source": f"{t.bucket}/{source}"})
        t.same(f"the source {source}", t.ask("GET", "to").body, want)
    t.table([
        ("a source that is not there", "PUT", "to", (), {"x-amz-copy-source": f"{t.bucket}/none"}, b"", 404, "NoSuchKey"),
        ("a source in no bucket", "PUT", "to", (), {"x-amz-copy-source": "no-such-bucket-here-at-all/x"}, b"", 404, "NoSuchBucket"),
        ("a source without a key", "PUT", "to", (), {"x-amz-copy-source": t.bucket}, b"", 400, "InvalidArgument"),
    ])


def long_components(t):
    t.put("x" * 300, b"long")
    t.same("300 bytes without a slash", t.ask("GET", "x" * 300).body, b"long")


def lengths(t):
    t.put("zero")
    t.same("an object of no bytes", (t.ask("GET", "zero").body, t.ask("HEAD", "zero").headers["content-length"]), (b"", "0"))
    long = "k" * 200 + "/" + "l" * 823
    t.put(long, b"long")
    t.same("1,024 bytes", t.ask("GET", long).body, b"long")
    t.refused("1,025 bytes", t.ask("PUT", long + "x"), 400, "KeyTooLongError")


SECTIONS = [round_trips, files_and_folders, copy_sources, long_components, lengths]
