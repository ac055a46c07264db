/* dict_encode.c: see dict_encode.h. Two passes over a batch: hash everything, then probe, so that the processor has many
 * hashes in flight and a large table's lines are on their way before they are needed. */
#include "parquet/encoding/dict_encode.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "parquet/encoding/plain_encode.h"

#define FIRST_BITS 12 /* above twice a batch, see make_room() */

void pq_dict_init(struct pq_dict *d, enum pq_dict_kind kind, size_t width, size_t limit)
{
    *d = (struct pq_dict){.kind = kind, .width = width, .limit = limit > INT32_MAX ? INT32_MAX : limit};
    if (kind == PQ_DICT_4)
        d->width = 4;
    if (kind == PQ_DICT_8)
        d->width = 8;
}

void pq_dict_free(struct pq_dict *d)
{
    nl_buf_free(&d->body);
    free(d->at);
    free(d->slots);
    pq_dict_init(d, d->kind, d->width, d->limit);
}

void pq_dict_clear(struct pq_dict *d)
{
    nl_buf_clear(&d->body);
    d->n = 0;
    if (d->slots)
        memset(d->slots, 0, sizeof(*d->slots) << d->slot_bits);
}

struct pq_slice pq_dict_entry(const struct pq_dict *d, uint32_t i)
{
    const uint8_t *body = (const uint8_t *)d->body.data;
    if (d->kind != PQ_DICT_BYTES)
        return (struct pq_slice){body + (size_t)i * d->width, d->width};
    uint32_t len;
    memcpy(&len, body + d->at[i] - 4, 4);
    return (struct pq_slice){body + d->at[i], len};
}

/* ── hashes: their high bits choose the slot ── */

static inline uint64_t hash_4(uint32_t v)
{
    return v * UINT64_C(0x9E3779B97F4A7C15);
}

/* The multiplication alone carries nothing downwards: fold the high half in first. */
static inline uint64_t hash_8(uint64_t v)
{
    return (v ^ v >> 32) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline uint64_t load_8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t load_4(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* Up to 16 bytes are two overlapping words and one multiplication; longer values take XXH3. */
static inline uint64_t hash_bytes(const uint8_t *p, size_t len)
{
    uint64_t a, b;
    if (len > 16)
        return XXH3_64bits(p, len);
    if (len > 8)
        a = load_8(p), b = load_8(p + len - 8);
    else if (len >= 4)
        a = load_4(p), b = load_4(p + len - 4);
    else if (len)
        a = p[0], b = (uint64_t)p[len / 2] << 8 | p[len - 1];
    else
        a = b = 0;
    unsigned __int128 m = (unsigned __int128)(a ^ UINT64_C(0x9E3779B97F4A7C15)) *
                          (b ^ (UINT64_C(0xD6E8FEB86659FD93) + len * UINT64_C(0xA0761D6478BD642F)));
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* ── growing ── */

/* Twice as many slots, or the first ones. The entries' hashes are computed again: a table grows a dozen times at most. */
static int grow_slots(struct pq_dict *d, nl_error *err)
{
    unsigned bits = d->slots ? d->slot_bits + 1 : FIRST_BITS;
    struct pq_dict_slot *slots = calloc((size_t)1 << bits, sizeof(*slots));
    if (!slots)
        return nl_fail_memory(err);
    size_t mask = ((size_t)1 << bits) - 1;
    for (uint32_t i = 0; i < d->n; i++) {
        struct pq_slice v = pq_dict_entry(d, i);
        uint32_t v4;
        uint64_t v8, hash;
        if (d->kind == PQ_DICT_4)
            memcpy(&v4, v.data, 4), hash = hash_4(v4);
        else if (d->kind == PQ_DICT_8)
            memcpy(&v8, v.data, 8), hash = hash_8(v8);
        else
            hash = hash_bytes(v.data, v.len);
        size_t at = hash >> (64 - bits);
        while (slots[at].next)
            at = (at + 1) & mask;
        slots[at] = (struct pq_dict_slot){i + 1, (uint32_t)hash};
    }
    free(d->slots);
    d->slots = slots;
    d->slot_bits = bits;
    return NL_OK;
}

/* Room for n more entries, so that the loops allocate nothing (but the bytes of byte arrays). D4. */
static int make_room(struct pq_dict *d, size_t n, nl_error *err)
{
    while (!d->slots || (d->n + n) * 2 > (size_t)1 << d->slot_bits) {
        int rc = grow_slots(d, err);
        if (rc)
            return rc;
    }
    if (d->kind == PQ_DICT_BYTES && d->n + n > d->at_cap) {
        size_t cap = (d->n + n) * 2;
        uint32_t *at = realloc(d->at, cap * sizeof(*at));
        if (!at)
            return nl_fail_memory(err);
        d->at = at;
        d->at_cap = cap;
    }
    return d->kind == PQ_DICT_4 || d->kind == PQ_DICT_8 ? nl_buf_reserve(&d->body, n * d->width, err) : NL_OK;
}

/* ── numbers ── */

#define PUT_NUMBERS(NAME, TYPE, HASH)                                                                                  \
    static size_t NAME(struct pq_dict *d, const TYPE *in, size_t n, uint32_t *indices)                                 \
    {                                                                                                                  \
        struct pq_dict_slot *slots = d->slots;                                                                         \
        TYPE *entries = (TYPE *)(void *)d->body.data;                                                                  \
        unsigned shift = 64 - d->slot_bits;                                                                            \
        size_t mask = ((size_t)1 << d->slot_bits) - 1, most = d->limit / sizeof(TYPE);                                 \
        for (size_t i = 0; i < n; i++) {                                                                               \
            TYPE v = in[i];                                                                                            \
            uint64_t hash = HASH(v);                                                                                   \
            size_t at = hash >> shift;                                                                                 \
            while (slots[at].next && entries[slots[at].next - 1] != v)                                                 \
                at = (at + 1) & mask;                                                                                  \
            if (!slots[at].next) {                                                                                     \
                if (d->n >= most)                                                                                      \
                    return i;                                                                                          \
                entries[d->n] = v;                                                                                     \
                d->body.len += sizeof(TYPE);                                                                           \
                slots[at] = (struct pq_dict_slot){++d->n, (uint32_t)hash};                                             \
            }                                                                                                          \
            indices[i] = slots[at].next - 1;                                                                           \
        }                                                                                                              \
        return n;                                                                                                      \
    }
PUT_NUMBERS(put_4, uint32_t, hash_4)
PUT_NUMBERS(put_8, uint64_t, hash_8)

/* ── bytes ── */

/* Equal bytes of equal length? Short values, which most are, need no call; nothing beyond either is read. */
static inline bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len > 8)
        return ((load_8(a) ^ load_8(b)) | (load_8(a + len - 8) ^ load_8(b + len - 8))) == 0;
    if (len >= 4)
        return ((load_4(a) ^ load_4(b)) | (load_4(a + len - 4) ^ load_4(b + len - 4))) == 0;
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* Append a new entry's bytes. *fits false: the limit (D3). */
static int add_bytes(struct pq_dict *d, struct pq_slice v, bool *fits, nl_error *err)
{
    size_t prefix = d->kind == PQ_DICT_BYTES ? 4 : 0;
    *fits = v.len <= d->limit && d->body.len + prefix + v.len <= d->limit;
    if (!*fits)
        return NL_OK;
    int rc = prefix ? pq_plain_byte_arrays(&v, 1, &d->body, err) : pq_plain_fixed(&v, 1, &d->body, err);
    if (rc)
        return rc;
    if (prefix)
        d->at[d->n] = (uint32_t)(d->body.len - v.len);
    d->n++;
    return NL_OK;
}

static int put_bytes(struct pq_dict *d, const struct pq_slice *in, size_t n, uint32_t *indices, size_t *taken,
                     nl_error *err)
{
    uint64_t hashes[PQ_DICT_BATCH];
    unsigned shift = 64 - d->slot_bits;
    size_t mask = ((size_t)1 << d->slot_bits) - 1;
    for (size_t i = 0; i < n; i++) {
        hashes[i] = hash_bytes(in[i].data, in[i].len);
        __builtin_prefetch(&d->slots[hashes[i] >> shift]);
    }
    for (*taken = 0; *taken < n; ++*taken) {
        struct pq_slice v = in[*taken];
        uint32_t check = (uint32_t)hashes[*taken];
        size_t at = hashes[*taken] >> shift;
        struct pq_dict_slot *slot = &d->slots[at];
        while (slot->next) {
            if (slot->check == check) {
                struct pq_slice entry = pq_dict_entry(d, slot->next - 1);
                if (entry.len == v.len && same_bytes(entry.data, v.data, v.len))
                    break;
            }
            slot = &d->slots[at = (at + 1) & mask];
        }
        if (!slot->next) {
            bool fits;
            int rc = add_bytes(d, v, &fits, err);
            if (rc || !fits)
                return rc;
            *slot = (struct pq_dict_slot){d->n, check};
        }
        indices[*taken] = slot->next - 1;
    }
    return NL_OK;
}

int pq_dict_put(struct pq_dict *d, const void *values, size_t n, uint32_t *indices, size_t *taken, nl_error *err)
{
    *taken = 0;
    int rc =
        n > PQ_DICT_BATCH ? nl_fail(err, NL_INTERNAL, "a dictionary batch of %zu values", n) : make_room(d, n, err);
    if (rc)
        return rc;
    switch (d->kind) {
    case PQ_DICT_4:
        *taken = put_4(d, values, n, indices);
        return NL_OK;
    case PQ_DICT_8:
        *taken = put_8(d, values, n, indices);
        return NL_OK;
    default:
        return put_bytes(d, values, n, indices, taken, err);
    }
}

int pq_dict_to_plain(const struct pq_dict *d, const uint32_t *indices, size_t n, nl_buf *out, nl_error *err)
{
    size_t total = 16, prefix = d->kind == PQ_DICT_BYTES ? 4 : 0;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(total, pq_dict_entry(d, indices[i]).len + prefix, &total))
            return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, total, err);
    if (rc)
        return rc;
    uint8_t *p = (uint8_t *)out->data + out->len;
    for (size_t i = 0; i < n; i++) {
        struct pq_slice v = pq_dict_entry(d, indices[i]);
        uint32_t len = (uint32_t)v.len;
        if (prefix)
            memcpy(p, &len, 4);
        pq_copy_short(p + prefix, v.data, v.len);
        p += prefix + v.len;
    }
    out->len += total - 16;
    out->data[out->len] = 0;
    return NL_OK;
}
