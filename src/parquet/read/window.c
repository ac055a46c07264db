/* window.c: the bytes of a segment, read as far as they are needed.
 *
 *     page's header   SMALL bytes, or all that is left where that is not much more
 *     its body        exactly: what came with the header is moved to the front, the rest read behind it
 */
#include "parquet/read/window.h"

#include <string.h>

enum { SMALL = 32 << 10, WHOLE = 256 << 10, ALIGN = 64 };

void pq_window_begin(struct pq_window *w, struct pq_segment *s)
{
    pq_window_free(w);
    *w = (struct pq_window){.src = s->src, .bytes = s->bytes, .next = s->bytes.data};
    w->total = s->src ? s->length : s->bytes.len;
    w->beyond = s->src ? s->length : 0;
    w->offset = s->offset + s->bytes.len;
    w->end = w->bytes.len ? w->next + w->bytes.len : w->next;
    s->bytes = (nl_bytes){0};
}

static uint64_t there(const struct pq_window *w)
{
    return (uint64_t)(w->end - w->next);
}

uint64_t pq_window_left(const struct pq_window *w)
{
    return there(w) + w->beyond;
}

uint64_t pq_window_at(const struct pq_window *w)
{
    return w->offset - there(w);
}

/* Read on until n bytes from next on are there. */
static int read_on(struct pq_window *w, uint64_t n, size_t aligned, nl_error *err)
{
    nl_block *block;
    size_t had = (size_t)there(w), shift = (ALIGN - aligned % ALIGN) % ALIGN;
    int rc = n > SIZE_MAX / 2 ? nl_fail_memory(err) : nl_block_new((size_t)n + shift, &block, err);
    if (rc)
        return rc;
    uint8_t *to = nl_block_data(block) + shift;
    if (had)
        memcpy(to, w->next, had);
    rc = nl_source_read_into(w->src, (nl_range){w->offset, n - had}, to + had, err);
    if (rc == NL_OK) {
        nl_bytes_release(&w->bytes);
        w->bytes = nl_bytes_of(block, shift, (size_t)n);
        w->next = w->bytes.data;
        w->end = w->next + n;
        w->offset += n - had;
        w->beyond -= n - had;
    }
    nl_block_unref(block);
    return rc;
}

int pq_window_need(struct pq_window *w, uint64_t n, size_t aligned, nl_error *err)
{
    return n <= there(w) ? NL_OK : read_on(w, n, aligned, err);
}

int pq_window_need_more(struct pq_window *w, bool *more, nl_error *err)
{
    uint64_t n = there(w) < SMALL ? SMALL : 4 * there(w), left = pq_window_left(w);
    *more = w->beyond > 0;
    return *more ? read_on(w, left <= WHOLE || n > left ? left : n, 0, err) : NL_OK;
}

void pq_window_pass(struct pq_window *w, uint64_t n)
{
    uint64_t here = n < there(w) ? n : there(w);
    w->next += here;
    w->offset += n - here;
    w->beyond -= n - here;
}

void pq_window_trim(struct pq_window *w)
{
    if (w->next != w->end)
        return;
    nl_bytes_release(&w->bytes);
    w->next = w->end = NULL;
}

void pq_window_free(struct pq_window *w)
{
    nl_bytes_release(&w->bytes);
    *w = (struct pq_window){0};
}
