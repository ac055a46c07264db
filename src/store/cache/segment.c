/* segment.c: see segment.h. */
#include "store/cache/segment.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io/sink.h"

_Static_assert(sizeof(struct store_segment_head) == STORE_SEGMENT_HEAD, "the head has no gaps");

static const char magic[8] = {'N', 'L', 'C', 'A', 'C', 'H', 'E', '1'};

/* What stands in front of a record's sums. */
struct opening {
    uint64_t offset, length, check;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t blocks_of(uint64_t length)
{
    return length / STORE_SEGMENT_BLOCK + (length % STORE_SEGMENT_BLOCK != 0);
}

/* pread() until all is there. */
static bool read_all(int fd, void *to, size_t len, uint64_t at)
{
    for (char *p = to; len;) {
        ssize_t n = pread(fd, p, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static uint64_t check_of_head(const struct store_segment_head *h)
{
    return nl_hash64(h, offsetof(struct store_segment_head, check));
}

static uint64_t check_of_record(const struct store_segment_head *h, uint64_t at, nl_range r)
{
    uint64_t words[] = {r.offset, r.length, at};
    return nl_hash64_seed(words, sizeof words, h->check);
}

static uint64_t sum_of(const struct store_segment_record *r, uint64_t block, const uint8_t *data, size_t len)
{
    return nl_hash64_seed(data, len, r->check + block);
}

struct store_segment_head store_segment_head_of(const uint8_t object[static 32], const char *etag, uint64_t size)
{
    struct store_segment_head h = {.size = size};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.object, object, sizeof h.object);
    memcpy(h.etag, etag, strnlen(etag, sizeof h.etag - 1));
    h.check = check_of_head(&h);
    return h;
}

bool store_segment_read_head(int fd, struct store_segment_head *out)
{
    return read_all(fd, out, sizeof *out, 0) && !memcmp(out->magic, magic, sizeof magic) &&
           out->check == check_of_head(out) && !out->etag[STORE_ETAG - 1];
}

uint64_t store_segment_record_size(uint64_t length)
{
    return sizeof(struct opening) + blocks_of(length) * sizeof(uint64_t) + length;
}

bool store_segment_next(int fd, const struct store_segment_head *head, uint64_t at, uint64_t file_size,
                        struct store_segment_record *out)
{
    struct opening o;
    if (at > file_size || file_size - at < sizeof o || !read_all(fd, &o, sizeof o, at))
        return false;
    nl_range r = {o.offset, o.length};
    *out = (struct store_segment_record){r, at, o.check};
    return o.check == check_of_record(head, at, r) && r.offset <= head->size && r.length <= head->size - r.offset &&
           r.length <= file_size && store_segment_record_size(r.length) <= file_size - at;
}

bool store_segment_append(int fd, const struct store_segment_head *head, uint64_t at, nl_range range,
                          const uint8_t *data, struct store_segment_record *out)
{
    uint64_t n = blocks_of(range.length);
    size_t opening = sizeof(struct opening) + (size_t)n * sizeof(uint64_t);
    uint64_t *front = malloc(opening);
    if (!front)
        return false;
    *out = (struct store_segment_record){range, at, check_of_record(head, at, range)};
    struct opening o = {range.offset, range.length, out->check};
    memcpy(front, &o, sizeof o);
    uint64_t *sums = front + sizeof o / sizeof *sums;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t from = i * STORE_SEGMENT_BLOCK;
        sums[i] = sum_of(out, i, data + from, (size_t)least(STORE_SEGMENT_BLOCK, range.length - from));
    }
    bool done = !nl_pwrite_all(fd, front, opening, at, "a segment", NULL) &&
                !nl_pwrite_all(fd, data, (size_t)range.length, at + opening, "a segment", NULL);
    free(front);
    return done;
}

/* Block i of the record into `to`, verified. */
static bool read_block(int fd, const struct store_segment_record *r, uint64_t i, uint64_t sum, uint8_t *to, size_t len)
{
    uint64_t data = r->at + sizeof(struct opening) + blocks_of(r->range.length) * sizeof(uint64_t);
    return read_all(fd, to, len, data + i * STORE_SEGMENT_BLOCK) && sum_of(r, i, to, len) == sum;
}

int store_segment_read(int fd, const struct store_segment_record *r, nl_range part, uint8_t *to)
{
    if (!part.length)
        return NL_OK;
    uint64_t begin = part.offset - r->range.offset, end = begin + part.length;
    uint64_t first = begin / STORE_SEGMENT_BLOCK, n = (end - 1) / STORE_SEGMENT_BLOCK - first + 1;
    uint64_t *sums = malloc((size_t)n * sizeof *sums);
    uint8_t *edge = malloc(STORE_SEGMENT_BLOCK);
    bool memory = sums && edge;
    bool good =
        memory && read_all(fd, sums, (size_t)n * sizeof *sums, r->at + sizeof(struct opening) + first * sizeof *sums);
    for (uint64_t i = 0; good && i < n; i++) {
        uint64_t from = (first + i) * STORE_SEGMENT_BLOCK, len = least(STORE_SEGMENT_BLOCK, r->range.length - from);
        bool whole = from >= begin && from + len <= end;
        good = read_block(fd, r, first + i, sums[i], whole ? to + (from - begin) : edge, (size_t)len);
        if (good && !whole) {
            uint64_t a = from > begin ? from : begin, b = least(from + len, end);
            memcpy(to + (a - begin), edge + (a - from), (size_t)(b - a));
        }
    }
    free(sums);
    free(edge);
    return good ? NL_OK : memory ? NL_CORRUPT : NL_NO_MEMORY;
}
