/* sorted.c: blocks of names, written in order, found by binary search. */
#include "server/s3/disk/sorted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io/sink.h"
#include "server/s3/disk/overflow.h"

#define HEAD        10 /* sum and used */
#define RECORD_HEAD 3
#define AT_ONCE     16 /* blocks in one write */

s3_sorted *s3_sorted_ref(s3_sorted *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void s3_sorted_release(s3_sorted *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    close(s->fd);
    free(s);
}

/* ── writing ── */

static uint64_t block_sum(const uint8_t *block, uint64_t id, uint64_t number)
{
    return nl_hash64_seed(block + sizeof(uint64_t), S3_BLOCK - sizeof(uint64_t), id + number);
}

int s3_sorted_begin(s3_sorted_writer *w, int fd, uint64_t start, uint64_t id, nl_error *err)
{
    *w = (s3_sorted_writer){.file = {.fd = fd, .start = start, .id = id}};
    w->out = malloc((size_t)AT_ONCE * S3_BLOCK);
    return w->out ? NL_OK : nl_fail_memory(err);
}

void s3_sorted_drop(s3_sorted_writer *w)
{
    free(w->out);
    w->out = NULL;
}

/* Write the blocks that are closed: not through the seam (seam.h), since nothing of an index needs to last. */
static int flush(s3_sorted_writer *w, nl_error *err)
{
    uint64_t offset = w->file.start + (w->file.blocks - w->n_out) * S3_BLOCK;
    int rc = nl_pwrite_all(w->file.fd, w->out, w->n_out * S3_BLOCK, offset, "an index", err);
    w->n_out = 0;
    return rc;
}

/* Close the block that is being filled. */
static int close_block(s3_sorted_writer *w, nl_error *err)
{
    uint8_t *block = w->out + w->n_out * S3_BLOCK;
    uint16_t used = (uint16_t)w->used;
    memset(block + HEAD + w->used, 0, S3_BLOCK - HEAD - w->used);
    memcpy(block + sizeof(uint64_t), &used, sizeof(used));
    uint64_t sum = block_sum(block, w->file.id, w->file.blocks);
    memcpy(block, &sum, sizeof(sum));
    w->file.blocks++;
    w->used = 0;
    return ++w->n_out == AT_ONCE ? flush(w, err) : NL_OK;
}

int s3_sorted_add(s3_sorted_writer *w, s3_slice name, bool present, nl_error *err)
{
    if (name.len > S3_SORTED_NAME_MAX)
        return nl_fail(err, NL_INTERNAL, "a name of %zu bytes in an index", name.len);
    int rc = HEAD + w->used + RECORD_HEAD + name.len > S3_BLOCK ? close_block(w, err) : NL_OK;
    if (rc)
        return rc;
    uint8_t *record = w->out + w->n_out * S3_BLOCK + HEAD + w->used;
    uint16_t len = (uint16_t)name.len;
    record[0] = present;
    memcpy(record + 1, &len, sizeof(len));
    if (name.len)
        memcpy(record + RECORD_HEAD, name.data, name.len);
    w->used += RECORD_HEAD + name.len;
    w->file.records++;
    return NL_OK;
}

int s3_sorted_finish(s3_sorted_writer *w, s3_sorted *out, nl_error *err)
{
    int rc = w->used ? close_block(w, err) : NL_OK;
    if (!rc && w->n_out)
        rc = flush(w, err);
    *out = w->file;
    s3_sorted_drop(w);
    return rc;
}

/* ── reading ── */

/* Have block i in data, checked (O1), its first record next. */
static int load(s3_sorted_reader *r, uint64_t i, nl_error *err)
{
    uint16_t used;
    uint64_t sum;
    r->at = HEAD;
    if (r->loaded && r->block == i)
        return NL_OK;
    r->loaded = false;
    off_t offset = (off_t)(r->file->start + i * S3_BLOCK);
    ssize_t n;
    do
        n = pread(r->file->fd, r->data, S3_BLOCK, offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return nl_fail_errno(err, errno, "cannot read the index");
    memcpy(&sum, r->data, sizeof(sum));
    memcpy(&used, r->data + sizeof(sum), sizeof(used));
    if (n != S3_BLOCK || sum != block_sum(r->data, r->file->id, i) || used > S3_BLOCK - HEAD)
        return nl_fail(err, NL_CORRUPT, "block %llu of the index is damaged", (unsigned long long)i);
    r->block = i;
    r->end = HEAD + (size_t)used;
    r->loaded = true;
    return NL_OK;
}

/* Take the next record of the block. False: it has no more, or not a whole one. */
static bool take(s3_sorted_reader *r)
{
    uint16_t len;
    if (r->end - r->at < RECORD_HEAD)
        return false;
    const uint8_t *record = r->data + r->at;
    memcpy(&len, record + 1, sizeof(len));
    if (r->end - r->at - RECORD_HEAD < len)
        return false;
    r->present = record[0];
    r->name = (s3_slice){(const char *)record + RECORD_HEAD, len};
    r->at += RECORD_HEAD + (size_t)len;
    return true;
}

int s3_sorted_next(s3_sorted_reader *r, nl_error *err)
{
    r->any = r->loaded && take(r);
    if (r->any)
        return NL_OK;
    uint64_t next = r->loaded ? r->block + 1 : 0;
    if (next >= r->file->blocks)
        return NL_OK;
    int rc = load(r, next, err);
    if (rc)
        return rc;
    r->any = take(r);
    return r->any ? NL_OK : nl_fail(err, NL_CORRUPT, "a block of the index is empty");
}

static bool reaches(s3_slice name, s3_slice target, bool after)
{
    int c = s3_slice_compare(name, target);
    return c > 0 || (c == 0 && !after);
}

int s3_sorted_seek(s3_sorted_reader *r, s3_slice target, bool after, nl_error *err)
{
    uint64_t lo = 0, hi = r->file->blocks; /* the first block whose first name reaches the target */
    int rc = NL_OK;
    r->any = false;
    while (!rc && lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        rc = load(r, mid, err);
        if (!rc && !take(r))
            rc = nl_fail(err, NL_CORRUPT, "a block of the index is empty");
        if (!rc && reaches(r->name, target, after))
            hi = mid;
        else
            lo = mid + 1;
    }
    /* The name is in the block before, or the first one of this. */
    if (!rc && r->file->blocks) {
        rc = load(r, lo ? lo - 1 : 0, err);
        do
            rc = rc ? rc : s3_sorted_next(r, err);
        while (!rc && r->any && !reaches(r->name, target, after));
    }
    return rc;
}
