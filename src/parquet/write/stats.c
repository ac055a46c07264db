/* stats.c: see stats.h. A block's own min and max are found first, in a loop without stores, then merged. */
#include "parquet/write/stats.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

void pq_stats_clear(struct pq_stats *s)
{
    s->any = false;
    s->nulls = 0;
    nl_buf_clear(&s->min.bytes);
    nl_buf_clear(&s->max.bytes);
}

void pq_stats_free(struct pq_stats *s)
{
    nl_buf_free(&s->min.bytes);
    nl_buf_free(&s->max.bytes);
    s->any = false;
}

/* ── numbers ── min and max travel as the value's bits; signed ones of 4 bytes sign-extended, so that two orders do ── */

#define RANGE(NAME, TYPE)                                                                                              \
    static void NAME(const void *values, size_t n, TYPE *min, TYPE *max)                                               \
    {                                                                                                                  \
        const TYPE *v = values;                                                                                        \
        TYPE lo = v[0], hi = v[0];                                                                                     \
        for (size_t i = 1; i < n; i++) {                                                                               \
            lo = v[i] < lo ? v[i] : lo;                                                                                \
            hi = v[i] > hi ? v[i] : hi;                                                                                \
        }                                                                                                              \
        *min = lo;                                                                                                     \
        *max = hi;                                                                                                     \
    }
RANGE(range_i32, int32_t)
RANGE(range_u32, uint32_t)
RANGE(range_i64, int64_t)
RANGE(range_u64, uint64_t)

static void merge_signed(struct pq_stats *s, int64_t min, int64_t max)
{
    if (!s->any || min < (int64_t)s->min.bits)
        s->min.bits = (uint64_t)min;
    if (!s->any || max > (int64_t)s->max.bits)
        s->max.bits = (uint64_t)max;
    s->any = true;
}

static void merge_unsigned(struct pq_stats *s, uint64_t min, uint64_t max)
{
    if (!s->any || min < s->min.bits)
        s->min.bits = min;
    if (!s->any || max > s->max.bits)
        s->max.bits = max;
    s->any = true;
}

static void add_integers(struct pq_stats *s, const struct pq_write_type *t, const void *values, size_t n)
{
    if (t->form == PQ_FORM_4 && t->order == PQ_SIGNED) {
        int32_t min, max;
        range_i32(values, n, &min, &max);
        merge_signed(s, min, max);
    } else if (t->form == PQ_FORM_4) {
        uint32_t min, max;
        range_u32(values, n, &min, &max);
        merge_unsigned(s, min, max);
    } else if (t->order == PQ_SIGNED) {
        int64_t min, max;
        range_i64(values, n, &min, &max);
        merge_signed(s, min, max);
    } else {
        uint64_t min, max;
        range_u64(values, n, &min, &max);
        merge_unsigned(s, min, max);
    }
}

/* NaN fails both comparisons, and so never becomes a bound (T2). */
#define RANGE_FLOAT(NAME, TYPE)                                                                                        \
    static void NAME(const void *values, size_t n, double *min, double *max)                                           \
    {                                                                                                                  \
        const TYPE *v = values;                                                                                        \
        TYPE lo = (TYPE)INFINITY, hi = (TYPE)-INFINITY;                                                                \
        for (size_t i = 0; i < n; i++) {                                                                               \
            lo = v[i] < lo ? v[i] : lo;                                                                                \
            hi = v[i] > hi ? v[i] : hi;                                                                                \
        }                                                                                                              \
        *min = (double)lo;                                                                                             \
        *max = (double)hi;                                                                                             \
    }
RANGE_FLOAT(range_float, float)
RANGE_FLOAT(range_double, double)

/* Bounds are kept as doubles, which hold every float. */
static void merge_floats(struct pq_stats *s, double min, double max)
{
    double was_min, was_max;
    memcpy(&was_min, &s->min.bits, 8);
    memcpy(&was_max, &s->max.bits, 8);
    if (!s->any || min < was_min)
        memcpy(&s->min.bits, &min, 8);
    if (!s->any || max > was_max)
        memcpy(&s->max.bits, &max, 8);
    s->any = true;
}

static void add_floats(struct pq_stats *s, const struct pq_write_type *t, const void *values, size_t n)
{
    double min = 0, max = 0;
    (t->form == PQ_FORM_4 ? range_float : range_double)(values, n, &min, &max);
    if (min <= max) /* else: nothing but NaN */
        merge_floats(s, min, max);
}

static void add_bits(struct pq_stats *s, const struct pq_block *b)
{
    size_t ones = pq_bits_ones(b->values, b->bits_from, b->n);
    merge_unsigned(s, ones == b->n, ones > 0);
}

/* ── bytes ── */

typedef unsigned __int128 sort_key_t;
#define KEY_BYTES 16

static inline uint64_t load_big_8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return __builtin_bswap64(v);
}

static inline uint64_t load_big_4(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

/* The first 16 bytes as a number that sorts as they do (0 where the value ends): settles most comparisons. Nothing beyond
 * the value is read: its end is loaded backwards, and what was there twice is shifted out. */
static inline sort_key_t sort_key(struct pq_slice v, bool is_signed)
{
    uint64_t high, low = 0;
    if (v.len >= KEY_BYTES) {
        high = load_big_8(v.data);
        low = load_big_8(v.data + 8);
    } else if (v.len > 8) {
        high = load_big_8(v.data);
        low = load_big_8(v.data + v.len - 8) << 8 * (KEY_BYTES - v.len);
    } else if (v.len >= 4) {
        high = load_big_4(v.data) << 32 | (uint32_t)(v.len > 4 ? load_big_4(v.data + v.len - 4) << 8 * (8 - v.len) : 0);
    } else {
        high = 0;
        for (size_t i = 0; i < v.len; i++)
            high |= (uint64_t)v.data[i] << (56 - 8 * i);
    }
    return (sort_key_t)(is_signed ? high ^ UINT64_C(1) << 63 : high) << 64 | low;
}

/* Is a below b? Signed values have equal length, and their first byte decides the sign. */
static bool bytes_less(struct pq_slice a, sort_key_t a_key, struct pq_slice b, sort_key_t b_key)
{
    if (a_key != b_key)
        return a_key < b_key;
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > KEY_BYTES ? memcmp(a.data + KEY_BYTES, b.data + KEY_BYTES, n - KEY_BYTES) : 0;
    return order ? order < 0 : a.len < b.len;
}

/* ── floats of 16 bits ── */

/* A number that sorts as the half does; zeros alike. */
static int half_key(uint16_t v)
{
    int magnitude = v & 0x7fff;
    return v & 0x8000 ? -magnitude : magnitude;
}

static uint16_t half_at(const uint8_t *p)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): both bytes are there, by the type's width */
    return (uint16_t)(p[0] | p[1] << 8);
}

/* Bounds are kept as the half's bits. NaN is left out (T2). */
static void add_halves(struct pq_stats *s, const struct pq_slice *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half = half_at(v[i].data);
        if ((half & 0x7fff) > 0x7c00)
            continue;
        if (!s->any || half_key(half) < half_key((uint16_t)s->min.bits))
            s->min.bits = half;
        if (!s->any || half_key(half) > half_key((uint16_t)s->max.bits))
            s->max.bits = half;
        s->any = true;
    }
}

static int set_bound(struct pq_bound *to, struct pq_slice v, nl_error *err)
{
    nl_buf_clear(&to->bytes);
    return nl_buf_append(&to->bytes, v.data, v.len, err);
}

static struct pq_slice bound_slice(const struct pq_bound *b)
{
    return (struct pq_slice){b->bytes.len ? (const uint8_t *)b->bytes.data : (const uint8_t *)"", b->bytes.len};
}

static int add_slices(struct pq_stats *s, const struct pq_write_type *t, const struct pq_slice *v, size_t n,
                      nl_error *err)
{
    bool is_signed = t->order == PQ_BYTES_SIGNED;
    struct pq_slice min = s->any ? bound_slice(&s->min) : v[0], max = s->any ? bound_slice(&s->max) : v[0];
    const uint8_t *was_min = s->any ? min.data : NULL, *was_max = s->any ? max.data : NULL;
    sort_key_t min_key = sort_key(min, is_signed), max_key = sort_key(max, is_signed);
    for (size_t i = 0; i < n; i++) {
        sort_key_t key = sort_key(v[i], is_signed);
        if (key <= min_key && bytes_less(v[i], key, min, min_key)) {
            min = v[i];
            min_key = key;
        }
        if (key >= max_key && bytes_less(max, max_key, v[i], key)) {
            max = v[i];
            max_key = key;
        }
    }
    int rc = min.data == was_min ? NL_OK : set_bound(&s->min, min, err);
    if (!rc && max.data != was_max)
        rc = set_bound(&s->max, max, err);
    s->any = s->any || !rc;
    return rc;
}

/* ── what the column calls ── */

static int add_values(struct pq_stats *s, const struct pq_write_type *t, const void *values, size_t n, nl_error *err)
{
    if (t->order == PQ_NO_ORDER)
        return NL_OK;
    if (t->order == PQ_HALVES) {
        add_halves(s, values, n);
        return NL_OK;
    }
    if (t->form == PQ_FORM_SLICES)
        return add_slices(s, t, values, n, err);
    if (t->order == PQ_FLOATING)
        add_floats(s, t, values, n);
    else
        add_integers(s, t, values, n);
    return NL_OK;
}

int pq_stats_add(struct pq_stats *s, const struct pq_write_type *t, const struct pq_block *b, nl_error *err)
{
    if (!b->n)
        return NL_OK;
    if (t->form == PQ_FORM_BITS) {
        add_bits(s, b);
        return NL_OK;
    }
    return add_values(s, t, b->values, b->n, err);
}

int pq_stats_add_dict(struct pq_stats *s, const struct pq_write_type *t, const struct pq_dict *d, nl_error *err)
{
    if (!d->n)
        return NL_OK;
    if (t->form != PQ_FORM_SLICES)
        return add_values(s, t, d->body.data, d->n, err);
    for (uint32_t i = 0; i < d->n;) {
        struct pq_slice some[64];
        size_t n = 0;
        while (n < NL_LEN(some) && i < d->n)
            some[n++] = pq_dict_entry(d, i++);
        int rc = add_values(s, t, some, n, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

/* Entries whose flag is set, some at a time. */
static int add_flagged(struct pq_stats *s, const struct pq_write_type *t, const struct pq_dict *d, const char *flags,
                       nl_error *err)
{
    uint64_t numbers[64];
    struct pq_slice slices[64];
    bool bytes = t->form == PQ_FORM_SLICES;
    int rc = NL_OK;
    for (uint32_t i = 0; !rc && i < d->n;) {
        size_t n = 0;
        for (; n < NL_LEN(slices) && i < d->n; i++) {
            if (!flags[i])
                continue;
            if (bytes)
                slices[n++] = pq_dict_entry(d, i);
            else
                memcpy((uint8_t *)numbers + t->width * n++, d->body.data + t->width * i, t->width);
        }
        if (n)
            rc = add_values(s, t, bytes ? (const void *)slices : numbers, n, err);
    }
    return rc;
}

int pq_stats_add_indices(struct pq_stats *s, const struct pq_write_type *t, const struct pq_dict *d,
                         const uint32_t *indices, size_t n, nl_buf *flags, nl_error *err)
{
    if (t->order == PQ_NO_ORDER || !n)
        return NL_OK;
    nl_buf_clear(flags);
    int rc = nl_buf_reserve(flags, d->n, err);
    if (rc)
        return rc;
    memset(flags->data, 0, d->n);
    for (size_t i = 0; i < n; i++)
        flags->data[indices[i]] = 1;
    return add_flagged(s, t, d, flags->data, err);
}

int pq_stats_merge(struct pq_stats *s, const struct pq_write_type *t, const struct pq_stats *from, nl_error *err)
{
    s->nulls += from->nulls;
    if (!from->any)
        return NL_OK;
    if (t->form == PQ_FORM_SLICES && t->order != PQ_HALVES) {
        struct pq_slice both[2] = {bound_slice(&from->min), bound_slice(&from->max)};
        return add_slices(s, t, both, 2, err);
    }
    if (t->order == PQ_FLOATING) {
        uint64_t both[2] = {from->min.bits, from->max.bits};
        double min, max;
        memcpy(&min, &both[0], 8);
        memcpy(&max, &both[1], 8);
        merge_floats(s, min, max);
    } else if (t->order == PQ_HALVES) {
        uint16_t half[2] = {(uint16_t)from->min.bits, (uint16_t)from->max.bits};
        struct pq_slice both[2] = {{(const uint8_t *)&half[0], 2}, {(const uint8_t *)&half[1], 2}};
        add_halves(s, both, 2);
    } else if (t->order == PQ_SIGNED) {
        merge_signed(s, (int64_t)from->min.bits, (int64_t)from->max.bits);
    } else {
        merge_unsigned(s, from->min.bits, from->max.bits);
    }
    return NL_OK;
}

/* ── written bounds ── */

/* A number of t's width, widened by its sign where it has one. */
static int64_t plain_number(const struct pq_write_type *t, struct pq_slice v)
{
    int64_t n = 0;
    int32_t small;
    memcpy(&n, v.data, v.len < 8 ? v.len : 8);
    memcpy(&small, &n, 4);
    return v.len == 4 && t->order == PQ_SIGNED ? small : n;
}

static double plain_double(struct pq_slice v)
{
    double d = 0;
    float f = 0;
    if (v.len == 4)
        memcpy(&f, v.data, 4);
    else
        memcpy(&d, v.data, 8);
    return v.len == 4 ? (double)f : d;
}

int pq_bound_compare(const struct pq_write_type *t, struct pq_slice a, struct pq_slice b)
{
    if (t->order == PQ_FLOATING) {
        double x = plain_double(a), y = plain_double(b);
        return (x > y) - (x < y);
    }
    if (t->order == PQ_HALVES)
        return half_key(half_at(a.data)) - half_key(half_at(b.data));
    if (t->form == PQ_FORM_SLICES) {
        bool is_signed = t->order == PQ_BYTES_SIGNED;
        sort_key_t ka = sort_key(a, is_signed), kb = sort_key(b, is_signed);
        return bytes_less(b, kb, a, ka) - bytes_less(a, ka, b, kb);
    }
    int64_t x = plain_number(t, a), y = plain_number(t, b);
    if (t->order == PQ_UNSIGNED)
        return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
    return (x > y) - (x < y);
}

/* ── for the footer ── */

static const uint8_t *keep(nl_arena *arena, const void *data, size_t len)
{
    uint8_t *copy = nl_arena_alloc(arena, len);
    if (copy && len)
        memcpy(copy, data, len);
    return copy;
}

/* A number's bound in PLAIN. Zeros get the sign that includes both (T2). */
static struct pq_slice number_bound(const struct pq_bound *b, const struct pq_write_type *t, bool upper,
                                    nl_arena *arena)
{
    uint8_t boolean = b->bits != 0;
    if (t->form == PQ_FORM_BITS)
        return (struct pq_slice){keep(arena, &boolean, 1), 1};
    if (t->order != PQ_FLOATING)
        return (struct pq_slice){keep(arena, &b->bits, t->width), t->width};
    double v;
    memcpy(&v, &b->bits, 8);
    if (v == 0)
        v = upper ? 0.0 : -0.0;
    float f = (float)v;
    return (struct pq_slice){keep(arena, t->width == 4 ? (const void *)&f : (const void *)&v, t->width), t->width};
}

static struct pq_slice half_bound(const struct pq_bound *b, bool upper, nl_arena *arena)
{
    uint16_t half = (uint16_t)b->bits;
    if (!half_key(half))
        half = upper ? 0 : 0x8000;
    return (struct pq_slice){keep(arena, &half, 2), 2};
}

/* How many bytes of a string, at most PQ_STATS_BYTES, end where a character ends. Bytes that are no UTF-8 are cut
 * anywhere. */
static size_t cut_at(struct pq_slice v, bool text)
{
    size_t n = PQ_STATS_BYTES;
    while (text && n && n + 4 > PQ_STATS_BYTES && (v.data[n] & 0xC0) == 0x80)
        n--;
    return !text || (n && (v.data[n] & 0xC0) != 0x80) ? n : PQ_STATS_BYTES;
}

/* Raise a cut value to one that is above everything it is the beginning of: the last byte that can be is raised, what
 * follows it dropped. 0: impossible. */
static size_t raise_bytes(uint8_t *bytes, size_t len)
{
    while (len && bytes[len - 1] == 0xff)
        len--;
    if (len)
        bytes[len - 1]++;
    return len;
}

/* The same for valid UTF-8, by characters: the bound stays text. bytes has room for 4 more. */
static size_t raise_text(uint8_t *bytes, size_t len)
{
    while (len) {
        size_t at = len - 1;
        while (at && (bytes[at] & 0xC0) == 0x80)
            at--;
        size_t n = len - at;
        uint32_t c = n == 1 ? bytes[at] : bytes[at] & (0x7Fu >> n);
        for (size_t i = 1; i < n; i++)
            c = c << 6 | (bytes[at + i] & 0x3F);
        c = c + 1 == 0xD800 ? 0xE000 : c + 1;
        if (c < 0x80)
            return bytes[at] = (uint8_t)c, at + 1;
        n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (c <= 0x10FFFF) {
            for (size_t i = n; --i; c >>= 6)
                bytes[at + i] = (uint8_t)(0x80 | (c & 0x3F));
            bytes[at] = (uint8_t)(0xF00 >> n | c);
            return at + n;
        }
        len = at;
    }
    return 0;
}

/* A byte array's bound, cut where it is long (T3). data NULL: there is none. */
static struct pq_slice bytes_bound(const struct pq_bound *b, const struct pq_write_type *t, bool upper, bool *exact,
                                   nl_arena *arena)
{
    struct pq_slice v = bound_slice(b);
    *exact = v.len <= PQ_STATS_BYTES;
    if (*exact)
        return (struct pq_slice){keep(arena, v.data, v.len), v.len};
    bool text = t->kind == ARROW_STRING;
    size_t len = cut_at(v, text);
    uint8_t cut[PQ_STATS_BYTES + 4];
    memcpy(cut, v.data, len);
    if (upper)
        len = text && nl_utf8_valid(cut, len) ? raise_text(cut, len) : raise_bytes(cut, len);
    return len ? (struct pq_slice){keep(arena, cut, len), len} : (struct pq_slice){0};
}

int pq_stats_finish(const struct pq_stats *s, const struct pq_write_type *t, nl_arena *arena, struct pq_statistics *out,
                    nl_error *err)
{
    *out = (struct pq_statistics){.has_null_count = true, .null_count = s->nulls};
    if (!s->any || (t->form == PQ_FORM_SLICES && t->width > PQ_STATS_BYTES))
        return NL_OK;
    out->min_exact = out->max_exact = true;
    if (t->order == PQ_HALVES) {
        out->min_value = half_bound(&s->min, false, arena);
        out->max_value = half_bound(&s->max, true, arena);
    } else if (t->form == PQ_FORM_SLICES) {
        out->min_value = bytes_bound(&s->min, t, false, &out->min_exact, arena);
        out->max_value = bytes_bound(&s->max, t, true, &out->max_exact, arena);
    } else {
        out->min_value = number_bound(&s->min, t, false, arena);
        out->max_value = number_bound(&s->max, t, true, arena);
    }
    out->has_min_exact = out->min_value.data != NULL;
    out->has_max_exact = out->max_value.data != NULL;
    /* A missing bound that should exist is an allocation that failed; only a cut upper one may be missing. */
    if (!out->min_value.data || (!out->max_value.data && out->max_exact))
        return nl_fail_memory(err);
    return NL_OK;
}
