"""departures.py: where other servers are known to differ, and why: by server, reason and the checks' names (fnmatch).

Each was seen with the version that is named. What the documentation of S3 says is the measure, and where it is silent, what
AWS answers; none of these made a check of ours wrong.
"""

VERSITYGW = {  # 1.8, its posix backend
    "a folder is a folder: no a/b beside a/b/c, and nothing longer than a file name may be": [
        "keys.files_and_folders: runs*", "keys.lengths: runs*", "keys.long_components: runs*", "listing.order_and_pages: runs*"],
    "encoding-type is not applied": ["listing.encoding: *"],
    "an empty Prefix or Marker is left out": ["listing.what_is_said: v[12]: an empty *"],
    "v1 sends NextMarker always": ["listing.what_is_said: v1: no NextMarker*"],
    "start-after wins over the token, which is no token but a name": ["listing.what_is_said: v2: the token wins*", "listing.what_is_said: v2: both*", "listing.what_is_said: v2: a token*"],
    "times in listings without milliseconds": ["listing.what_is_said: and a time*"],
    "Quiet is not known": ["listing.a_thousand_behind_a_prefix: 1,000 in one*", "objects.deleting: quietly*"],
    "aws-chunked is stored as a coding": ["objects.headers_and_metadata: Content-Encoding:*", "signing.chunks: *aws-chunked is not stored"],
    "304 does not carry the ETag": ["objects.conditions: *, with the ETag and no body"],
    "one ETag is read, not a list": ["objects.conditions: *in a list"],
    "If-Modified-Since of this very second counts as modified": ["objects.conditions: * not modified since tomorrow", "objects.copies: source modified since now"],
    "If-Range is not known": ["objects.conditions: If-Range of another*"],
    "a last range of an empty object is answered": ["objects.ranges: bytes=-1 of an empty*"],
    "a copy's failed condition is 304": ["objects.copies: source's If-None-Match*", "multipart.copied_parts: a source's condition"],
    "a PUT without a length stores nothing as an object": ["objects.framing: PUT without*", "objects.framing: nothing was*"],
    "a refusal waits for the whole body, also under Expect": ["objects.continues: *"],
    "a full set of tags does not fit into an attribute of its file": ["objects.tags: ten of*", "objects.tags: refused ones*"],
    "DeleteObjects: lists are not counted": ["objects.deleting: 1,001 keys", "objects.deleting: no keys", "objects.deleting: no XML"],
    "no ObjectParts in GetObjectAttributes": ["multipart.whole: GetObjectAttributes*"],
    "an open range of a copied part is taken": ["multipart.copied_parts: the range bytes=5-"],
    "a repeated Complete does not tell the checksum again": ["multipart.checksums: *repeated*"],
    "unknown keys have a code of its own": ["signing.headers: a key that nobody has"],
    "links are not held against the clock's future, nor against a second signature": ["signing.links: one of tomorrow", "signing.links: two signatures*"],
    "two dots in a bucket's name are taken": ["buckets.life: the name dot..dot"],
    "one header more is exposed": ["buckets.cors: an answer is shared*"],
}

MINIO = {  # RELEASE.2025, one drive
    "a name on its disk has at most 255 bytes": ["keys.long_components: runs*", "keys.lengths: runs*"],
    "listings have nothing below a/ once a/ is an object": ["keys.files_and_folders: all are listed", "listing.order_and_pages: *"],
    "MaxKeys is echoed as it was asked": ["listing.counts: *above 1000*"],
    "encoding-type: + for a space, and v1 leaves an empty answer without its echoes": ["listing.encoding: *"],
    "NextMarker is always there, with a mark of its cache": ["listing.what_is_said: v1: *NextMarker*"],
    "aws-chunked is removed from the end alone": ["objects.headers_and_metadata: Content-Encoding: gzip, aws-chunked,br"],
    "one ETag is read, not a list": ["objects.conditions: *in a list*"],
    "the precedence of two conditions": ["objects.conditions: *neither", "objects.conditions: *412 comes before 304"],
    "If-Range is not known": ["objects.conditions: If-Range of another*"],
    "writers of a key take turns for the whole body": ["objects.decided_at_the_commit: the first*"],
    "ranges that are none are 416, a last range of an empty object is answered": ["objects.ranges: bytes=-1 of an empty*", "objects.ranges: bytes=9-3*"],
    "other codes for the same refusals": ["objects.digests: two checksums", "objects.deleting: neither*", "multipart.told_apart: no parts", "multipart.told_apart: part number*",
                                           "multipart.told_apart: no such upload: a path*", "signing.links: two signatures*"],
    "a PUT without a length stores nothing as an object": ["objects.framing: PUT without*", "objects.framing: nothing was*"],
    "DeleteObjects: the digest must be there, and is not held against the list": ["objects.deleting: an MD5*", "objects.deleting: a CRC32 of*", "objects.deleting: refused ones*"],
    "a repeated Complete is NoSuchUpload, an abort of nothing succeeds": ["multipart.*: *repeated*", "multipart.told_apart: no such upload: an abort"],
    "ChecksumType is not told": ["multipart.checksums: *of the whole"],
    "a header that is not signed is taken": ["signing.headers: an x-amz- header*"],
    "CORS is set for the server, not for a bucket": ["buckets.cors: *"],
}

CEPH = {  # 16.2 (Pacific, Debian 12): before conditional writes on S3, checksums other than MD5 and GetObjectAttributes
    "no long keys on a store in memory": ["keys.lengths: runs*"],
    "max-keys below 0 is taken": ["listing.counts: *below 0"],
    "encoding-type encodes \"/\" too, and only keys and common prefixes": ["listing.encoding: *"],
    "v1 sends NextMarker always": ["listing.what_is_said: v1: no NextMarker*"],
    "an empty token is none": ["listing.what_is_said: v2: a token*"],
    "aws-chunked is stored as a coding": ["objects.headers_and_metadata: Content-Encoding:*", "signing.chunks: *aws-chunked is not stored"],
    "more metadata is taken": ["objects.headers_and_metadata: 2 KiB*"],
    "304 does not carry the ETag": ["objects.conditions: *, with the ETag and no body"],
    "an ETag is compared as text: no list, no *": ["objects.conditions: *in a list*", "objects.conditions: * of any*"],
    "a date that is none is 400": ["objects.conditions: *a date that is none*"],
    "If-Range is not known": ["objects.conditions: If-Range of another*"],
    "If-Match of a PUT: another code, and quotes count": ["objects.conditional_puts: If-Match*"],
    "ranges that are none are 416 or part of the object": ["objects.ranges: bytes=-0*", "objects.ranges: bytes=9-3*", "objects.ranges: bytes= *", "objects.ranges: bytes=a-b*"],
    "ETags without quotes in the XML of copies and of Complete": ["objects.copies: the answer*", "multipart.whole: *ETag*", "multipart.copied_parts: a range of*"],
    "conditions of a copy's source are not known": ["objects.copies: source*", "multipart.copied_parts: a source's condition"],
    "no checksums but MD5, no trailers": ["objects.digests: *", "multipart.checksums: *", "signing.chunks: *trailer*"],
    "tags: another code, a key twice, no directive": ["objects.tags: eleven", "objects.tags: one key twice", "objects.tags: refused ones*", "objects.tags: or others"],
    "no GetObjectAttributes, and no partNumber of a read": ["objects.attributes: *", "multipart.whole: GetObjectAttributes*", "multipart.whole: HEAD of part*", "multipart.whole: part 3*",
                                                             "multipart.whole: a range beside*"],
    "DeleteObjects: no digest is asked for or looked at; its errors have no code": ["objects.deleting: *"],
    "other codes for the same refusals": ["multipart.told_apart: *", "multipart.copied_parts: the range*", "multipart.copied_parts: the object*", "signing.links: more than*",
                                           "signing.links: a negative*", "signing.links: no number", "signing.links: two signatures*"],
    "Complete knows no condition": ["multipart.conditional: *"],
    "a header that is not signed is taken, and a link of tomorrow": ["signing.headers: an x-amz- header*", "signing.links: one of tomorrow"],
    "signed chunks of an empty object are 400": ["signing.chunks: no bytes at all"],
    "a policy: other codes, other resources are taken": ["buckets.policy: a policy*", "buckets.policy: DeleteBucketPolicy"],
}

KNOWN = {"versitygw": VERSITYGW, "minio": MINIO, "ceph": CEPH}
