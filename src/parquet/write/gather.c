/* gather.c: see gather.h. First nulls are squeezed out, then what is left is converted: no conversion sees the value
 * below a null, which may be anything. */
#include "parquet/write/gather.h"

#include <inttypes.h>
#include <string.h>

#include "parquet/write/convert.h"

/* Three arguments of a message, "%s %zu of the %s": a nested column's rows are not the batch's. */
#define WHERE(t, at) (t)->nested ? "value" : "row", (at), (t)->nested ? "nested array" : "batch"

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
        else if (width == 32)
            squeeze_word(from, word, out, 32);
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

/* Convert the block's values, which lie dense at `in`. */
static int converted(const struct pq_write_type *t, const void *in, size_t row, struct pq_scratch *s,
                     struct pq_block *b, nl_error *err)
{
    size_t fine = pq_to_parquet(t, in, b->n, s, &b->values);
    if (fine == b->n)
        return NL_OK;
    if (t->convert == PQ_INTERVAL)
        return nl_fail(err, NL_UNSUPPORTED,
                       "%s %zu of the %s: Parquet's intervals are neither negative nor finer than milliseconds",
                       WHERE(t, row_of(b, row, fine)));
    return nl_fail(err, NL_INVALID, "%s %zu of the %s: the value does not fit the column's type",
                   WHERE(t, row_of(b, row, fine)));
}

static int gather_numbers(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, struct pq_scratch *s,
                          struct pq_block *b, nl_error *err)
{
    const uint8_t *in = (const uint8_t *)a->buffers[1] + (row + (size_t)a->offset) * t->arrow_width;
    b->bytes = b->n * t->width;
    if (b->validity) {
        squeeze(in, t->arrow_width, b, s->raw);
        in = s->raw;
    } else if ((uintptr_t)in % (t->arrow_width < 16 ? t->arrow_width : 16)) { /* somebody else's memory */
        memcpy(s->raw, in, b->n * t->arrow_width);
        in = s->raw;
    }
    return converted(t, in, row, s, b, err);
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
    if (t->width) {
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

/* The same for views. */
static bool gather_plain_views(const struct ArrowArray *a, size_t at, size_t most_bytes, struct pq_scratch *s,
                               struct pq_block *b)
{
    const uint8_t *view = (const uint8_t *)a->buffers[1] + at * 16;
    const int64_t *sizes = a->buffers[a->n_buffers - 1];
    uint64_t buffers = (uint64_t)(a->n_buffers - 3);
    size_t bytes = 4 * b->rows;
    for (size_t i = 0; i < b->rows; i++, view += 16) {
        int32_t len = load_i32(view, 0), which = load_i32(view, 2), offset = load_i32(view, 3);
        const uint8_t *data = view + 4;
        if (len > 12) {
            if ((uint64_t)(int64_t)which >= buffers || offset < 0)
                return false;
            int64_t size;
            memcpy(&size, sizes + which, 8);
            data = a->buffers[2 + which];
            if ((int64_t)offset + len > size || !data)
                return false;
            data += offset;
        }
        if (len < 0 || len > INT32_MAX - 64)
            return false;
        bytes += (size_t)len;
        s->slices[i] = (struct pq_slice){data, (size_t)len};
    }
    b->bytes = bytes;
    b->values = s->slices;
    return bytes <= most_bytes;
}

/* Slices of the rows that are not null, until the block is full by bytes (G1): then fewer rows are taken. */
static int gather_slices(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t most_bytes,
                         struct pq_scratch *s, struct pq_block *b, nl_error *err)
{
    size_t at = row + (size_t)a->offset, prefix = t->width ? 0 : 4, i;
    if (!t->width && t->layout == ARROW_OFFSETS32 && !b->validity && gather_plain_strings(a, at, most_bytes, s, b))
        return NL_OK;
    if (!t->width && t->layout == ARROW_VIEW && !b->validity && gather_plain_views(a, at, most_bytes, s, b))
        return NL_OK;
    b->n = b->bytes = 0;
    for (i = 0; i < b->rows && b->bytes < most_bytes; i++) {
        if (b->validity && !pq_bit(b->validity, b->validity_from + i))
            continue;
        struct pq_slice v;
        if (!slice_at(t, a, at + i, &v))
            return nl_fail(err, NL_INVALID, "%s %zu of the %s: a string or binary value with damaged offsets",
                           WHERE(t, row + i));
        if (v.len > INT32_MAX - 64)
            return nl_fail(err, NL_INVALID, "%s %zu of the %s: a value of %zu bytes, a page holds 2 GiB",
                           WHERE(t, row + i), v.len);
        if (b->n && b->bytes + prefix + v.len > most_bytes)
            break;
        b->bytes += prefix + v.len;
        s->slices[b->n++] = v;
    }
    b->rows = i;
    b->values = s->slices;
    return NL_OK;
}

/* ── dictionaries: their values are looked up ── */

/* The entry that row `at` (offset added) points to; -1: the row is null, by itself or by its entry; -2: there is no such
 * entry. */
static int64_t entry_at(const struct pq_write_type *t, const struct ArrowArray *a, size_t at)
{
    if (a->null_count != 0 && a->buffers[0] && !pq_bit(a->buffers[0], at))
        return -1;
    const uint8_t *p = (const uint8_t *)a->buffers[1] + at * t->index_width;
    int64_t i = 0;
    memcpy(&i, p, t->index_width);
    unsigned unused = 64 - 8 * (unsigned)t->index_width;
    if (t->index_signed)
        i = (int64_t)((uint64_t)i << unused) >> unused;
    const struct ArrowArray *d = a->dictionary;
    if (i < 0 || i >= d->length)
        return -2;
    if (t->convert == PQ_ALL_NULL)
        return -1;
    size_t entry = (size_t)(i + d->offset);
    return d->null_count != 0 && d->buffers[0] && !pq_bit(d->buffers[0], entry) ? -1 : (int64_t)entry;
}

/* Append entry `at` (offset added) of dictionary d to the block, raw. */
static int take_entry(const struct pq_write_type *t, const struct ArrowArray *d, size_t at, struct pq_scratch *s,
                      struct pq_block *b, nl_error *err)
{
    size_t i = b->n++;
    if (t->form == PQ_FORM_BITS)
        return pq_bits_append(&s->bits, d->buffers[1], at, 1, err);
    if (t->form == PQ_FORM_SLICES && t->convert == PQ_AS_IS) {
        if (!slice_at(t, d, at, &s->slices[i]) || s->slices[i].len > INT32_MAX - 64)
            return nl_fail(err, NL_INVALID, "a string or binary value of the dictionary with damaged offsets");
        b->bytes += s->slices[i].len + (t->width ? 0 : 4);
        return NL_OK;
    }
    memcpy(s->raw + i * t->arrow_width, (const uint8_t *)d->buffers[1] + at * t->arrow_width, t->arrow_width);
    b->bytes += t->width;
    return NL_OK;
}

static int gather_entries(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t most_bytes,
                          struct pq_scratch *s, struct pq_block *b, nl_error *err)
{
    size_t at = row + (size_t)a->offset, i;
    pq_bits_clear(&s->bits);
    memset(s->validity, 0, sizeof s->validity);
    b->n = 0;
    for (i = 0; i < b->rows && (!b->n || b->bytes < most_bytes); i++) {
        int64_t entry = entry_at(t, a, at + i);
        if (entry == -1)
            continue;
        int rc = entry < 0 ? nl_fail(err, NL_INVALID, "the index is outside of the dictionary's %" PRId64 " values",
                                     a->dictionary->length)
                           : take_entry(t, a->dictionary, (size_t)entry, s, b, err);
        if (rc) {
            nl_note(err, "%s %zu of the %s", WHERE(t, row + i));
            return rc;
        }
        s->validity[i / 8] |= (uint8_t)(1u << i % 8);
    }
    b->rows = i;
    b->validity = b->n < b->rows ? s->validity : NULL;
    b->validity_from = 0;
    b->values = t->form == PQ_FORM_BITS ? (const void *)s->bits.bytes.data : s->slices;
    if (t->form == PQ_FORM_BITS)
        b->bytes = (b->n + 7) / 8;
    if (t->form == PQ_FORM_BITS || (t->form == PQ_FORM_SLICES && t->convert == PQ_AS_IS))
        return NL_OK;
    return converted(t, s->raw, row, s, b, err);
}

bool pq_is_null(const struct pq_write_type *t, const struct ArrowArray *a, size_t row)
{
    size_t at = row + (size_t)a->offset;
    if (t->index_width)
        return entry_at(t, a, at) == -1;
    return t->convert == PQ_ALL_NULL || (a->null_count != 0 && a->buffers[0] && !pq_bit(a->buffers[0], at));
}

int pq_gather(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t rows, size_t most_bytes,
              struct pq_scratch *scratch, struct pq_block *out, nl_error *err)
{
    static const uint8_t none[PQ_BLOCK / 8];
    size_t at = row + (size_t)a->offset;
    size_t fit = t->width ? (most_bytes < t->width ? 1 : most_bytes / t->width) : PQ_BLOCK;
    fit = fit < PQ_BLOCK ? fit : PQ_BLOCK;
    *out = (struct pq_block){.rows = rows < fit ? rows : fit};
    out->n = out->rows;
    if (t->index_width)
        return gather_entries(t, a, row, most_bytes, scratch, out, err);
    if (t->convert == PQ_ALL_NULL) {
        out->n = 0;
        out->validity = none;
        out->values = none;
        return NL_OK;
    }
    if (a->null_count != 0 && a->buffers[0]) {
        out->n = pq_bits_ones(a->buffers[0], at, out->rows);
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

size_t pq_gather_bytes(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t rows)
{
    if (t->form == PQ_FORM_BITS)
        return (rows + 7) / 8;
    if (t->width)
        return rows * t->width;
    size_t at = row + (size_t)a->offset, sum = 4 * rows;
    for (size_t i = 0; i < rows; i++) {
        struct pq_slice v;
        int64_t entry = t->index_width ? entry_at(t, a, at + i) : (int64_t)(at + i);
        if (entry >= 0 && !pq_is_null(t, a, row + i) &&
            slice_at(t, t->index_width ? a->dictionary : a, (size_t)entry, &v))
            sum += v.len < INT32_MAX ? v.len : INT32_MAX;
    }
    return sum;
}

/* ── checks, once a batch ── */

/* The buffers that rows will be read from exist. */
static int check_buffers(bool varies, bool views, const struct ArrowArray *a, nl_error *err)
{
    int64_t want = varies ? 3 : 2;
    if (views ? a->n_buffers < want : a->n_buffers != want)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " buffers, its type has %s%" PRId64, a->n_buffers,
                       views ? "at least " : "", want);
    if (!a->buffers || !a->buffers[1] || (views && want < a->n_buffers && !a->buffers[a->n_buffers - 1]))
        return nl_fail(err, NL_INVALID, "a buffer of the array is missing");
    return NL_OK;
}

static int check_values(const struct pq_write_type *t, const struct ArrowArray *a, nl_error *err)
{
    bool varies = t->kind == ARROW_STRING || t->kind == ARROW_BINARY;
    return t->convert == PQ_ALL_NULL ? NL_OK : check_buffers(varies, varies && t->layout == ARROW_VIEW, a, err);
}

/* Its dictionary: there where it should be, and whole. */
static int check_dictionary(const struct pq_write_type *t, const struct ArrowArray *a, nl_error *err)
{
    const struct ArrowArray *d = a->dictionary;
    if (!d->release || d->n_children || d->dictionary || d->offset < 0 || d->length < 0 ||
        d->length > INT64_MAX - d->offset)
        return nl_fail(err, NL_INVALID, "the dictionary has another shape than the schema says");
    return d->length ? check_values(t, d, err) : NL_OK;
}

/* No nulls among rows first to end of a required column. */
static int check_required(const struct pq_write_type *t, const struct ArrowArray *a, size_t first, size_t end,
                          nl_error *err)
{
    if (!t->index_width && (a->null_count == 0 || !a->buffers[0]))
        return NL_OK;
    size_t at = (size_t)a->offset + first;
    if (!t->index_width && pq_bits_ones(a->buffers[0], at, end - first) == end - first)
        return NL_OK;
    for (; first < end; first++)
        if (pq_is_null(t, a, first))
            return nl_fail(err, NL_INVALID, "row %zu of the batch is null, the column is required", first);
    return NL_OK;
}

int pq_check_array(const struct pq_write_type *t, const struct ArrowArray *a, size_t first, size_t end, nl_error *err)
{
    if (!a->release || a->n_children || !a->dictionary != !t->index_width)
        return nl_fail(err, NL_INVALID, "the array has another shape than the schema says");
    if (a->offset < 0 || a->length < 0 || (uint64_t)a->length < end || a->length > INT64_MAX - a->offset)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " rows, the batch needs %zu", a->length, end);
    if (!a->length)
        return NL_OK;
    int rc = t->index_width ? check_buffers(false, false, a, err) : check_values(t, a, err);
    if (!rc && t->index_width)
        rc = check_dictionary(t, a, err);
    return rc || t->element.repetition != PQ_REQUIRED ? rc : check_required(t, a, first, end, err);
}
