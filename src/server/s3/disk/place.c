/* place.c: the walk from a bucket's folder to a key's. */
#include "server/s3/disk/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"

/* One step down. Returns the folder, or -1 with *status. */
static int step(s3_bucket *b, int dir, const char *name, bool make, enum s3_place_status *status, nl_error *err)
{
    int fd = make ? s3_folder_make(dir, name, 0777) : s3_folder_open(dir, name);
    if (fd >= 0) {
        if (!make || !b->disk->durable || s3_known_sync(&b->disk->known, dir, fd, err) == NL_OK)
            return fd;
        close(fd);
        *status = S3_PLACE_FAILED;
    } else if (errno == ENOENT) {
        *status = S3_PLACE_MISSING;
    } else if (errno == ENOTDIR || errno == ELOOP) {
        *status = S3_PLACE_NONE;
    } else {
        nl_fail_errno(err, errno, "cannot open the folder %s", name);
        *status = S3_PLACE_FAILED;
    }
    return -1;
}

enum s3_place_status s3_place_find(s3_bucket *b, s3_slice key, bool make, s3_place *out, nl_error *err)
{
    enum s3_place_status status;
    out->dir = -1;
    if (!s3_key_is_plain(key))
        return S3_PLACE_NONE;
    int dir = fcntl(b->fd, F_DUPFD_CLOEXEC, 3);
    if (dir < 0) {
        nl_fail_errno(err, errno, "cannot open the bucket's folder");
        return S3_PLACE_FAILED;
    }
    for (bool last;;) {
        s3_name_encode(s3_key_next(&key, &last), out->name);
        if (last) {
            out->dir = dir;
            return S3_PLACE_FOUND;
        }
        int down = step(b, dir, out->name, make, &status, err);
        close(dir);
        if (down < 0)
            return status;
        dir = down;
    }
}

bool s3_place_path(s3_slice key, char out[static S3_PLACE_PATH])
{
    size_t n = 0;
    for (bool last = false; !last;) {
        /* A key has at most 1,024 bytes, each of which becomes at most three; an empty component becomes one. */
        if (n + S3_NAME_MAX + 2 > S3_PLACE_PATH || !s3_name_encode(s3_key_next(&key, &last), out + n))
            return false;
        n += strlen(out + n);
        if (!last)
            out[n++] = '/';
    }
    return true;
}

/* The key of the folder that holds this one: "a/b" of "a/b/c". */
static bool parent_key(s3_slice *key)
{
    while (key->len > 0 && key->data[key->len - 1] != '/')
        key->len--;
    if (key->len == 0)
        return false;
    key->len--;
    return true;
}

void s3_place_prune(s3_bucket *b, s3_slice key)
{
    while (parent_key(&key)) {
        s3_place place;
        if (s3_place_find(b, key, false, &place, NULL) != S3_PLACE_FOUND)
            return;
        int failed = s3_seam_unlinkat(place.dir, place.name, AT_REMOVEDIR);
        close(place.dir);
        if (failed)
            return;
    }
}
