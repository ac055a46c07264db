/* bytes.c: reference-counted blocks.
 *
 *     nl_block_new:   │ struct nl_block, padded to 64 │ data … │ 64 bytes of zeros │     one allocation
 *     nl_block_wrap:  │ struct nl_block │   ──▶ somebody else's data
 *
 * Large blocks that come back are used again (idle.h), and the largest are mappings of their own: the heap would keep the
 * holes that they leave (a download through four pieces of 8 MiB held 110 MiB). Under ASan they come from the heap, which it
 * guards.
 */
#include "base/io/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/idle.h"

#if defined(__SANITIZE_ADDRESS__)
enum { IDLE_ABOVE = 0 };
#else
enum { IDLE_ABOVE = NL_IDLE_LEAST }; /* 0: never */
#endif
enum { ALIGN = 64, PADDING = 64 };

struct nl_block {
    atomic_size_t refs;
    size_t size;
    size_t shared; /* as nl_idle_take() said; 0: from the heap */
    uint8_t *data;
    void (*done)(void *arg); /* NULL: data lies behind this structure */
    void *arg;
};

_Static_assert(sizeof(struct nl_block) <= ALIGN, "the header of a block fits before its data");

int nl_block_new(size_t size, nl_block **out, nl_error *err)
{
    *out = NULL;
    if (size > SIZE_MAX / 2)
        return nl_fail(err, NL_NO_MEMORY, "out of memory: a block of %zu bytes", size);
    size_t whole = ALIGN + ((size + PADDING + ALIGN - 1) & ~(size_t)(ALIGN - 1));
    bool share = IDLE_ABOVE > 0 && whole > IDLE_ABOVE;
    size_t shared = share ? whole : 0;
    void *at = share ? nl_idle_take(&shared) : aligned_alloc(ALIGN, whole);
    if (!at)
        return nl_fail_memory(err);
    nl_block *b = at;
    *b = (nl_block){.size = size, .data = (uint8_t *)b + ALIGN, .shared = shared};
    atomic_init(&b->refs, 1);
    memset(b->data + size, 0, whole - ALIGN - size);
    *out = b;
    return NL_OK;
}

int nl_block_wrap(uint8_t *data, size_t size, void (*done)(void *arg), void *arg, nl_block **out, nl_error *err)
{
    *out = NULL;
    nl_block *b = malloc(sizeof(*b));
    if (!b)
        return nl_fail_memory(err);
    *b = (nl_block){.size = size, .data = data, .done = done, .arg = arg};
    atomic_init(&b->refs, 1);
    *out = b;
    return NL_OK;
}

uint8_t *nl_block_data(nl_block *b)
{
    return b->data;
}

size_t nl_block_size(const nl_block *b)
{
    return b->size;
}

nl_block *nl_block_ref(nl_block *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

/* acq_rel: whatever any holder did with the bytes happens before they are freed. */
void nl_block_unref(nl_block *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (b->done)
        b->done(b->arg);
    if (b->shared)
        nl_idle_give(b, b->shared);
    else
        free(b);
}

nl_bytes nl_bytes_of(nl_block *b, size_t offset, size_t len)
{
    return (nl_bytes){b->data + offset, len, nl_block_ref(b)};
}

nl_bytes nl_bytes_slice(nl_bytes whole, size_t offset, size_t len)
{
    return (nl_bytes){whole.data + offset, len, whole.block ? nl_block_ref(whole.block) : NULL};
}

void nl_bytes_release(nl_bytes *bytes)
{
    nl_block_unref(bytes->block);
    *bytes = (nl_bytes){0};
}
