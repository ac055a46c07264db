/* gather.c: see gather.h. First nulls are squeezed out, then what is left is converted: no conversion sees the value
 * below a null, which may be anything. */
#include "parquet/write/gather.h"

#include <inttypes.h>
#include <string.h>

/* ── nulls out ── */

/* Copy the values of the set bits of word; width is a constant wherever this is called. */
static inline __attribute__((always_inline)) void squeeze_word(const uint8_t *in, uint64_t word, uint8_t *out,
                                                               const size_t width)
{
    for (; word; word &= word - 1, out += width)
        memcpy(out, in + (size_t)__builtin_ctzll(word) * width, width);
}

/* Copy the valid ones of `rows` values of `width` bytes; 64 rows a step, whole where none is null. */
static void squeeze(const uint8_t *in, size_t width, const struct pq_block *b, uint8_t *out)
{
    for (size_t i = 0; i < b->rows; i += 64) {
        size_t n = b->rows - i < 64 ? b->rows - i : 64;
        uint64_t word = pq_bits_word(b->validity, b->validity_from + i, n);
        size_t valid = (size_t)__builtin_popcountll(word);
        const uint8_t *from = in + i * width;
        if (valid == n)
            memcpy(out, from, n * width);
        else if (width == 4)
            squeeze_word(from, word, out, 4);
        else if (width == 8)
            squeeze_word(from, word, out, 8);
        else if (width == 16)
            squeeze_word(from, word, out, 16);
        else if (width == 2)
            squeeze_word(from, word, out, 2);
        else
            squeeze_word(from, word, out, 1);
        out += valid * width;
    }
}

/* The row of the batch in which the block's value i lies. */
static size_t row_of(const struct pq_block *b, size_t row, size_t i)
{
    for (size_t k = 0; b->validity && k < b->rows; k++)
        if (pq_bit(b->validity, b->validity_from + k) && i-- == 0)
            return row + k;
    return row + i;
}

/* ── conversions: n values from `in`, aligned and dense; answer how many were fine ── */

#define WIDEN(NAME, FROM, TO)                                                                                          \
    static void NAME(const FROM *in, size_t n, TO *out)                                                                \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = in[i];                                                                                            \
    }
WIDEN(widen_i8, int8_t, int32_t)
WIDEN(widen_u8, uint8_t, int32_t)
WIDEN(widen_i16, int16_t, int32_t)
WIDEN(widen_u16, uint16_t, int32_t)

static size_t seconds_4(const int32_t *in, size_t n, int32_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(in[i], 1000, &out[i]))
            return i;
    return n;
}

static size_t seconds_8(const int64_t *in, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(in[i], 1000, &out[i]))
            return i;
    return n;
}

/* Milliseconds to days, towards the past. */
static size_t days(const int64_t *in, size_t n, int32_t *out)
{
    const int64_t day = 86400000;
    for (size_t i = 0; i < n; i++) {
        int64_t d = in[i] / day - (in[i] % day < 0);
        if (d < INT32_MIN || d > INT32_MAX)
            return i;
        out[i] = (int32_t)d;
    }
    return n;
}

#define DECIMAL(NAME, TO)                                                                                              \
    static size_t NAME(const __int128 *in, size_t n, __int128 bound, TO *out)                                          \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                               \
            if (in[i] >= bound || in[i] <= -bound)                                                                     \
                return i;                                                                                              \
            out[i] = (TO)in[i];                                                                                        \
        }                                                                                                              \
        return n;                                                                                                      \
    }
DECIMAL(decimal_4, int32_t)
DECIMAL(decimal_8, int64_t)

/* The low `width` bytes of each, big-endian, and a slice for each. */
static size_t decimal_flba(const __int128 *in, size_t n, __int128 bound, size_t width, uint8_t *out,
                           struct pq_slice *slices)
{
    for (size_t i = 0; i < n; i++, out += width) {
        if (in[i] >= bound || in[i] <= -bound)
            return i;
        uint64_t half[2] = {__builtin_bswap64((uint64_t)(in[i] >> 64)), __builtin_bswap64((uint64_t)in[i])};
        memcpy(out, (const uint8_t *)half + 16 - width, width);
        slices[i] = (struct pq_slice){out, width};
    }
    return n;
}

/* Convert b's n values at `in`. Answers how many were fine: fewer than n means that the next one is not. */
static size_t convert(const struct pq_write_type *t, const void *in, struct pq_scratch *s, struct pq_block *b)
{
    void *out = s->converted;
    b->values = out;
    switch (t->convert) {
    case PQ_AS_IS:
        b->values = in;
        return b->n;
    case PQ_WIDEN_I8:
        widen_i8(in, b->n, out);
        return b->n;
    case PQ_WIDEN_U8:
        widen_u8(in, b->n, out);
        return b->n;
    case PQ_WIDEN_I16:
        widen_i16(in, b->n, out);
        return b->n;
    case PQ_WIDEN_U16:
        widen_u16(in, b->n, out);
        return b->n;
    case PQ_SECONDS_4:
        return seconds_4(in, b->n, out);
    case PQ_SECONDS_8:
        return seconds_8(in, b->n, out);
    case PQ_DAYS:
        return days(in, b->n, out);
    case PQ_DECIMAL_4:
        return decimal_4(in, b->n, t->bound, out);
    case PQ_DECIMAL_8:
        return decimal_8(in, b->n, t->bound, out);
    default:
        b->values = s->slices;
        return decimal_flba(in, b->n, t->bound, t->width, out, s->slices);
    }
}

/* ── the forms ── */

static int gather_bits(const struct ArrowArray *a, size_t at, struct pq_scratch *s, struct pq_block *b, nl_error *err)
{
    b->bytes = (b->n + 7) / 8;
    if (!b->validity) {
        b->values = a->buffers[1];
        b->bits_from = at;
        return NL_OK;
    }
    pq_bits_clear(&s->bits);
    for (size_t i = 0; i < b->rows; i++) {
        if (!pq_bit(b->validity, b->validity_from + i))
            continue;
        int rc = pq_bits_append(&s->bits, a->buffers[1], at + i, 1, err);
        if (rc)
            return rc;
    }
    b->values = s->bits.bytes.data;
    b->bits_from = 0;
    return NL_OK;
}

static int gather_numbers(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, struct pq_scratch *s,
                          struct pq_block *b, nl_error *err)
{
    const uint8_t *in = (const uint8_t *)a->buffers[1] + (row + (size_t)a->offset) * t->arrow_width;
    b->bytes = b->n * t->width;
    if (b->validity) {
        squeeze(in, t->arrow_width, b, s->raw);
        in = s->raw;
    } else if ((uintptr_t)in % t->arrow_width) { /* somebody else's memory need not be aligned */
        memcpy(s->raw, in, b->n * t->arrow_width);
        in = s->raw;
    }
    size_t fine = convert(t, in, s, b);
    if (fine < b->n)
        return nl_fail(err, NL_INVALID, "row %zu of the batch: the value does not fit the column's type",
                       row_of(b, row, fine));
    return NL_OK;
}

static int32_t load_i32(const void *p, size_t i)
{
    int32_t v;
    memcpy(&v, (const uint8_t *)p + i * 4, 4);
    return v;
}

static int64_t load_i64(const void *p, size_t i)
{
    int64_t v;
    memcpy(&v, (const uint8_t *)p + i * 8, 8);
    return v;
}

/* Row `at` (offset added) of an array of views. False: it points outside its buffers. */
static bool view_at(const struct ArrowArray *a, size_t at, struct pq_slice *out)
{
    const uint8_t *view = (const uint8_t *)a->buffers[1] + at * 16;
    int32_t len = load_i32(view, 0);
    if (len < 0)
        return false;
    *out = (struct pq_slice){view + 4, (size_t)len};
    if (len <= 12)
        return true;
    int64_t buffers = a->n_buffers - 3;
    int32_t which = load_i32(view, 2), offset = load_i32(view, 3);
    if (which < 0 || which >= buffers || offset < 0)
        return false;
    int64_t size = load_i64(a->buffers[a->n_buffers - 1], (size_t)which);
    if ((int64_t)offset + len > size)
        return false;
    out->data = a->buffers[2 + which];
    if (!out->data)
        return false;
    out->data += offset;
    return true;
}

/* Row `at` of a string or binary array. False: its offsets are damaged. */
static inline bool slice_at(const struct pq_write_type *t, const struct ArrowArray *a, size_t at, struct pq_slice *out)
{
    if (t->kind == ARROW_FIXED_BINARY) {
        *out = (struct pq_slice){(const uint8_t *)a->buffers[1] + at * t->arrow_width, t->arrow_width};
        return true;
    }
    if (t->layout == ARROW_VIEW)
        return view_at(a, at, out);
    int64_t from, to;
    if (t->layout == ARROW_OFFSETS32) {
        from = load_i32(a->buffers[1], at);
        to = load_i32(a->buffers[1], at + 1);
    } else {
        from = load_i64(a->buffers[1], at);
        to = load_i64(a->buffers[1], at + 1);
    }
    if (from < 0 || to < from)
        return false;
    /* An array of empty strings may have no data at all. */
    const uint8_t *data = a->buffers[2];
    *out = (struct pq_slice){data ? data + from : (const uint8_t *)"", (size_t)(to - from)};
    return data || to == from;
}

/* The usual case, without a branch a row: strings with 32-bit offsets, none null, that all fit. False: not so, or damaged
 * offsets, and gather_slices() finds out row by row. */
static bool gather_plain_strings(const struct ArrowArray *a, size_t at, size_t most_bytes, struct pq_scratch *s,
                                 struct pq_block *b)
{
    const uint8_t *offsets = a->buffers[1], *data = a->buffers[2];
    int64_t first = load_i32(offsets, at), last = load_i32(offsets, at + b->rows), from = first;
    if (!data || first < 0 || last < first || (size_t)(last - first) + 4 * b->rows > most_bytes)
        return false;
    int64_t wrong = 0; /* negative where an offset goes back */
    for (size_t i = 0; i < b->rows; i++) {
        int64_t to = load_i32(offsets, at + i + 1);
        s->slices[i] = (struct pq_slice){data + from, (size_t)(to - from)};
        wrong |= to - from;
        from = to;
    }
    if (wrong < 0)
        return false;
    b->bytes = (size_t)(last - first) + 4 * b->rows;
    b->values = s->slices;
    return true;
}

/* Slices of the rows that are not null, until the block is full by bytes (G1): then fewer rows are taken. */
static int gather_slices(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t most_bytes,
                         struct pq_scratch *s, struct pq_block *b, nl_error *err)
{
    size_t at = row + (size_t)a->offset, prefix = t->width ? 0 : 4, i;
    if (!t->width && t->layout == ARROW_OFFSETS32 && !b->validity && gather_plain_strings(a, at, most_bytes, s, b))
        return NL_OK;
    b->n = 0;
    for (i = 0; i < b->rows && b->bytes < most_bytes; i++) {
        if (b->validity && !pq_bit(b->validity, b->validity_from + i))
            continue;
        struct pq_slice v;
        if (!slice_at(t, a, at + i, &v))
            return nl_fail(err, NL_INVALID, "row %zu of the batch: a string or binary value with damaged offsets",
                           row + i);
        if (v.len > INT32_MAX - 64)
            return nl_fail(err, NL_INVALID, "row %zu of the batch: a value of %zu bytes, a page holds 2 GiB", row + i,
                           v.len);
        if (b->n && b->bytes + prefix + v.len > most_bytes)
            break;
        b->bytes += prefix + v.len;
        s->slices[b->n++] = v;
    }
    b->rows = i;
    b->values = s->slices;
    return NL_OK;
}

int pq_gather(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t rows, size_t most_bytes,
              struct pq_scratch *scratch, struct pq_block *out, nl_error *err)
{
    size_t at = row + (size_t)a->offset;
    size_t fit = t->width ? (most_bytes < t->width ? 1 : most_bytes / t->width) : PQ_BLOCK;
    fit = fit < PQ_BLOCK ? fit : PQ_BLOCK;
    *out = (struct pq_block){.rows = rows < fit ? rows : fit};
    out->n = out->rows;
    if (a->null_count != 0 && a->buffers[0]) {
        out->n = pq_bits_count(a->buffers[0], at, out->rows);
        if (out->n < out->rows) {
            out->validity = a->buffers[0];
            out->validity_from = at;
        }
    }
    if (t->form == PQ_FORM_BITS)
        return gather_bits(a, at, scratch, out, err);
    if (t->form == PQ_FORM_SLICES && t->convert == PQ_AS_IS)
        return gather_slices(t, a, row, most_bytes, scratch, out, err);
    return gather_numbers(t, a, row, scratch, out, err);
}

/* ── checks, once a batch ── */

/* The buffers that rows will be read from exist. */
static int check_buffers(const struct pq_write_type *t, const struct ArrowArray *a, nl_error *err)
{
    bool varies = t->kind == ARROW_STRING || t->kind == ARROW_BINARY, views = varies && t->layout == ARROW_VIEW;
    int64_t want = varies ? 3 : 2;
    if (views ? a->n_buffers < want : a->n_buffers != want)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " buffers, its type has %s%" PRId64, a->n_buffers,
                       views ? "at least " : "", want);
    if (!a->buffers[1] || (views && want < a->n_buffers && !a->buffers[a->n_buffers - 1]))
        return nl_fail(err, NL_INVALID, "a buffer of the array is missing");
    return NL_OK;
}

int pq_check_array(const struct pq_write_type *t, const struct ArrowArray *a, size_t first, size_t end, nl_error *err)
{
    if (!a->release || a->n_children || a->dictionary)
        return nl_fail(err, NL_INVALID, "the array has another shape than the schema says");
    if (a->offset < 0 || a->length < 0 || (uint64_t)a->length < end)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " rows, the batch needs %zu", a->length, end);
    if (first == end)
        return NL_OK;
    int rc = check_buffers(t, a, err);
    if (rc || t->element.repetition != PQ_REQUIRED || a->null_count == 0 || !a->buffers[0])
        return rc;
    size_t at = (size_t)a->offset + first;
    if (pq_bits_count(a->buffers[0], at, end - first) == end - first)
        return NL_OK;
    while (pq_bit(a->buffers[0], at))
        at++;
    return nl_fail(err, NL_INVALID, "row %zu of the batch is null, the column is required", at - (size_t)a->offset);
}
