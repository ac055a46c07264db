/* keypath.h: which file holds a key. Settled for good: data is never moved to suit a newer mapping.
 *
 *     ROOT/
 *       .neuralake/                      lock, server.json, credentials.yaml             (state.h)
 *       BUCKET/
 *         reports/2026/q1.parquet        the key "reports/2026/q1.parquet": plain, for people to read
 *         reports/50%25 off              the key "reports/50% off"
 *         a/%                            the key "a/": its last component is empty
 *         %2E%2E/x                       the key "../x"
 *         .neuralake/
 *           tmp/                         what is being written; emptied at start
 *           uploads/UPLOAD-ID/           multipart uploads under way                     (upload.h)
 *           overflow/3f/3f79bb7b…        keys that have no plain path, under the SHA-256 of the key, the key inside
 *                                                                                        (trailer.h)
 *
 * A key is split at "/"; each component becomes one name:
 *
 *     component                          name
 *     ""                                 "%"
 *     "."   ".."                         "%2E"   "%2E%2E"
 *     begins with ".neuralake"           "%2Eneuralake…"
 *     "%" anywhere in it                 "%25"
 *     any other byte                     itself: names in any script stay readable
 *
 * M1  Injective: two components never get one name, so two keys never get one path.
 * M2  A name is an object's only where it is exactly what its component is encoded to; other names (put there by hand:
 *     "50%", "%41", what is not UTF-8) are no objects: not listed, not served.
 * M3  A key goes to the overflow folder when a component's name is longer than 255 bytes; when its plain path is taken
 *     (a file where it needs a folder, or a folder where it needs a file); when its metadata is above 3 KiB; or when the
 *     file system keeps no extended attributes.
 * M4  A key is in one place. Where a crash left it in both, the overflow folder is right and the plain file is shadowed:
 *     so a writer fills the overflow folder first and removes the plain file last; a delete takes the plain file first.
 *     A key in the overflow folder stays there until it is deleted.
 */
#ifndef NL_SERVER_S3_DISK_KEYPATH_H
#define NL_SERVER_S3_DISK_KEYPATH_H

#include <stdbool.h>
#include <stddef.h>

#define S3_NAME_MAX 255
#define S3_RESERVED ".neuralake"

/* A key or a piece of one, not NUL-terminated. */
typedef struct s3_slice {
    const char *data;
    size_t len;
} s3_slice;

/* The name of one component (without "/" and NUL), NUL-terminated. False: longer than S3_NAME_MAX. */
bool s3_name_encode(s3_slice component, char out[static S3_NAME_MAX + 1]);

/* The component of a name; out has room for S3_NAME_MAX bytes. False: M2 says that this is no object's name. */
bool s3_name_decode(const char *name, char *out, size_t *out_len);

/* Take the first component off rest (and the "/" behind it). *last: it was the last one. */
s3_slice s3_key_next(s3_slice *rest, bool *last);

/* Can every component be a name? */
bool s3_key_is_plain(s3_slice key);

#endif
