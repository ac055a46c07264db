/* retag.c: tags are replaced in place where they fit, else by a copy. */
#include "server/s3/disk/retag.h"

#include <string.h>
#include <unistd.h>

#include "server/s3/disk/file.h"

#define MOST_TRIES 100

/* The plain file's attribute, under the key's lock. *done false: it must be copied. */
static int in_place(s3_bucket *b, s3_slice key, s3_pair *tags, size_t n, bool *done, nl_error *err)
{
    s3_object o;
    *done = false;
    if (s3_overflow_has(&b->overflow, key))
        return NL_OK;
    int rc = s3_object_open(b, key, &o, err);
    if (rc)
        return rc;
    o.meta.tags = tags;
    o.meta.n_tags = n;
    rc = s3_object_attach(o.fd, &o.meta, done, err);
    if (!rc && !*done && o.meta.part_sums) { /* better no checksums of parts than a copy into the overflow folder */
        o.meta.part_sums = NULL;
        rc = s3_object_attach(o.fd, &o.meta, done, err);
    }
    if (!rc && *done)
        rc = s3_disk_sync(b->disk, o.fd, "the object", err);
    s3_object_close(&o);
    return rc;
}

/* Is the object still the one that was copied? */
static int is_same(void *ctx, const s3_meta *current, nl_error *err)
{
    const s3_meta *copied = ctx;
    if (current && !strcmp(current->etag, copied->etag) && current->mtime_ns == copied->mtime_ns)
        return NL_OK;
    return nl_fail(err, NL_CONFLICT, "the object was overwritten meanwhile");
}

static int by_copy(s3_bucket *b, s3_slice key, s3_pair *tags, size_t n, nl_error *err)
{
    s3_object o;
    s3_writer w = {0};
    int rc = s3_object_open(b, key, &o, err);
    if (rc)
        return rc;
    rc = s3_writer_open(b, &w, err);
    if (!rc)
        rc = s3_file_copy(o.fd, 0, w.fd, 0, o.meta.size, err);
    if (!rc) {
        s3_meta meta = o.meta;
        s3_guard guard = {is_same, &o.meta};
        meta.tags = tags;
        meta.n_tags = n;
        w.size = o.meta.size;
        w.mtime_ns = o.meta.mtime_ns;
        rc = s3_writer_commit(&w, key, &meta, &guard, err);
    }
    s3_writer_abort(&w);
    s3_object_close(&o);
    return rc;
}

int s3_object_retag(s3_bucket *b, s3_slice key, s3_pair *tags, size_t n, nl_error *err)
{
    bool done;
    pthread_mutex_t *lock = s3_key_lock(b, key);
    pthread_mutex_lock(lock);
    int rc = in_place(b, key, tags, n, &done, err);
    pthread_mutex_unlock(lock);
    if (rc || done)
        return rc;
    rc = NL_CONFLICT;
    for (int tries = 0; tries < MOST_TRIES && rc == NL_CONFLICT; tries++) {
        nl_error_clear(err);
        rc = by_copy(b, key, tags, n, err);
    }
    return rc;
}
