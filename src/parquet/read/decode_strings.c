/* decode_strings.c: DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.
 *
 *     lengths    5 5 6 | HelloWorldFoobar               the bytes lie side by side in the page: views point there
 *     prefixes   0 2 0 | lengths 4 2 6 | axislebabble   axis, ax·le, babble: put together in memory of their own
 *
 * Either way n lengths and their bytes side by side come out, and become what the column's type wants.
 *
 * W1  A prefix is at most as long as the value before; all values put together at once stay below 2 GiB.
 *
 * Spec: parquet-format, Encodings.md, "DELTA_LENGTH_BYTE_ARRAY = 6", "DELTA_BYTE_ARRAY = 7".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/values.h"
#include "parquet/read/column.h"

/* n values side by side. */
struct strings {
    const int32_t *lengths;
    const uint8_t *bytes;
    nl_bytes memory; /* what bytes lie in; borrowed */
    uint32_t buffer; /* its index for views */
};

/* Are n lengths at least 0, and together at most `most`? */
static int check_lengths(const int32_t *lengths, size_t n, uint64_t most, nl_error *err)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (lengths[i] < 0)
            return nl_fail(err, NL_CORRUPT, "a value of %" PRId32 " bytes", lengths[i]);
        sum += (uint64_t)lengths[i];
    }
    return sum <= most ? NL_OK
                       : nl_fail(err, NL_CORRUPT, "values of %" PRIu64 " bytes, %" PRIu64 " are left", sum, most);
}

/* The final form of what came out. */
static int deliver(const struct pq_column_reader *c, const struct strings *s, size_t n, uint8_t *out, nl_error *err)
{
    const struct pq_leaf_type *t = &c->leaf->type;
    const uint8_t *p = s->bytes;
    if (t->stored_width) {
        for (size_t i = 0; i < n; i++)
            if ((uint32_t)s->lengths[i] != t->stored_width)
                return nl_fail(err, NL_CORRUPT, "a value of %" PRId32 " bytes, %" PRIu32 " are the type's",
                               s->lengths[i], t->stored_width);
        return pq_convert(t, p, n, out, err);
    }
    if (t->conversion == PQ_TO_VIEW) {
        pq_views_from_lengths(out, n, s->lengths, p, s->memory.data, s->buffer);
        return NL_OK;
    }
    bool fits = true;
    for (size_t i = 0; i < n && fits; p += s->lengths[i], i++)
        if (t->conversion == PQ_TO_DECIMAL256_BYTES)
            fits = pq_decimal256_from_bytes(out + 32 * i, p, (size_t)s->lengths[i]);
        else
            fits = pq_decimal_from_bytes(out + 16 * i, p, (size_t)s->lengths[i]);
    return fits ? NL_OK : nl_fail(err, NL_CORRUPT, "a decimal of more than %" PRIu32 " bits", 8 * t->value_width);
}

static int from_lengths(struct pq_column_reader *c, size_t n, const int32_t *lengths, uint8_t *out, nl_error *err)
{
    struct strings s = {.lengths = lengths, .bytes = c->values, .memory = c->page};
    int rc = pq_column_buffer(c, c->page, &s.buffer, err);
    if (rc)
        return rc;
    rc = deliver(c, &s, n, out, err);
    for (size_t i = 0; i < n; i++)
        c->values += lengths[i];
    return rc;
}

/* How long each value is, and all together (W1); lengths[] are the suffixes' and become the values'. */
static int whole_lengths(const struct pq_column_reader *c, size_t n, const int32_t *prefixes, int32_t *lengths,
                         size_t *total, nl_error *err)
{
    uint64_t sum = 0, before = c->before.len;
    for (size_t i = 0; i < n; i++) {
        if (prefixes[i] < 0 || (uint64_t)prefixes[i] > before)
            return nl_fail(err, NL_CORRUPT, "a prefix of %" PRId32 " bytes, the value before has %" PRIu64, prefixes[i],
                           before);
        before = (uint64_t)prefixes[i] + (uint64_t)lengths[i];
        sum += before;
        if (sum > INT32_MAX)
            return nl_fail(err, NL_UNSUPPORTED, "values of more than 2 GiB in one batch: ask for fewer rows a batch");
        lengths[i] = (int32_t)before;
    }
    *total = (size_t)sum;
    return NL_OK;
}

static int from_prefixes(struct pq_column_reader *c, size_t n, const int32_t *prefixes, int32_t *lengths, uint8_t *out,
                         nl_error *err)
{
    size_t total = 0;
    nl_block *block = NULL;
    int rc = whole_lengths(c, n, prefixes, lengths, &total, err);
    if (rc == NL_OK)
        rc = nl_block_new(total, &block, err);
    if (rc)
        return rc;
    c->values = pq_prefixes_join(nl_block_data(block), total, c->before.data, c->values, prefixes, lengths, n);
    struct strings s = {.lengths = lengths, .bytes = nl_block_data(block), .memory = nl_bytes_of(block, 0, total)};
    if (c->leaf->type.conversion == PQ_TO_VIEW) {
        rc = pq_column_add_buffer(c, s.memory, err);
        s.buffer = (uint32_t)c->n_buffers - 1;
    }
    if (rc == NL_OK)
        rc = deliver(c, &s, n, out, err);
    nl_bytes_release(&c->before);
    c->before = nl_bytes_of(block, total - (size_t)lengths[n - 1], (size_t)lengths[n - 1]);
    nl_bytes_release(&s.memory);
    nl_block_unref(block);
    return rc;
}

int pq_decode_strings(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err)
{
    bool with_prefixes = c->kind == PQ_VALUES_PREFIX;
    int32_t *numbers = calloc(n, 2 * sizeof *numbers);
    if (!numbers)
        return nl_fail_memory(err);
    int32_t *lengths = numbers, *prefixes = numbers + n;
    int rc = pq_delta_next(&c->delta, n, lengths, sizeof *lengths, err);
    if (rc == NL_OK)
        rc = check_lengths(lengths, n, (uint64_t)(c->values_end - c->values), err);
    if (rc == NL_OK && with_prefixes)
        rc = pq_delta_next(&c->prefixes, n, prefixes, sizeof *prefixes, err);
    if (rc == NL_OK)
        rc = with_prefixes ? from_prefixes(c, n, prefixes, lengths, out, err) : from_lengths(c, n, lengths, out, err);
    free(numbers);
    return rc;
}
