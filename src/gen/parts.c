/* parts.c: the parts generator, at the speed of memory.
 *
 *     p_name   "Part#" and the key's digits stand in one small text, which counts itself up: 9 of 10 times one digit
 *              changes. Each row copies its 32 bytes and moves on by its length; the next row covers the rest.
 *     p_brand  repeats every three rows, so all batches share one piece of memory: batch data begins at row mod 3.
 *
 *              Brand#1Brand#2Brand#3Brand#1Brand#2…      offsets 0 7 14 21 …, for every batch the same
 *              ├ a batch whose first key is 1, 4, 7, …
 *                     ├ 2, 5, 8, …
 */
#include "gen/parts.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "base/io/bytes.h"
#include "base/str.h"

enum {
    DEFAULT_BATCH = 65536,
    LARGEST_BATCH = 1 << 24, /* names of 24 bytes stay below 2 GiB */
    BRANDS = 3,
    BRAND_LEN = 7, /* "Brand#1" */
    PRICES = 10000,
    PREFIX = 5, /* "Part#" */
    TEXT = 32,  /* room for the prefix and 19 digits, and one copy of fixed size */
};

static const struct gen_column columns[] = {
    {"p_partkey", "l", false, "number of the part, from 1"},
    {"p_name", "u", true, "Part# and the number"},
    {"p_brand", "u", true, "Brand#1 to Brand#3"},
    {"p_retailprice", "g", true, "price of one part"},
};

const struct generator gen_parts = {
    .name = "parts",
    .summary = "spare parts with a name, a brand and a price: the table of the tour",
    .default_rows = 5,
    .columns = columns,
    .n_columns = NL_LEN(columns),
    .stream = gen_parts_stream,
};

struct parts {
    int64_t rows, batch_rows;
    int64_t next; /* the next batch's first row, from 0 */
    char text[TEXT];
    size_t text_len;
    nl_block *brands, *brand_offsets;
};

/* The text of the next key. */
static void count_up(char text[static TEXT], size_t *len)
{
    size_t i = *len - 1;
    for (; text[i] == '9'; i--)
        text[i] = '0';
    if (text[i] != '#') {
        text[i]++;
        return;
    }
    text[i + 1] = '1'; /* 999 → 1000 */
    text[(*len)++] = '0';
}

/* Take blocks as one buffer each of an array without nulls. They are moved in, also on failure. */
static int make_column(int64_t rows, nl_bytes a, nl_bytes b, struct ArrowArray *out, nl_error *err)
{
    nl_bytes buffers[3] = {{0}, a, b};
    struct arrow_parts parts = {.length = rows, .buffers = buffers, .n_buffers = b.data ? 3 : 2};
    return arrow_array_make(&parts, out, err);
}

/* The slice of a new block, whose reference it takes. */
static nl_bytes whole(nl_block *b, size_t len)
{
    return (nl_bytes){nl_block_data(b), len, b};
}

static int make_keys(const struct parts *p, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    nl_block *b;
    int rc = nl_block_new((size_t)rows * sizeof(int64_t), &b, err);
    if (rc)
        return rc;
    int64_t *keys = (int64_t *)(void *)nl_block_data(b);
    for (int64_t i = 0; i < rows; i++)
        keys[i] = p->next + i + 1;
    return make_column(rows, whole(b, (size_t)rows * sizeof(int64_t)), (nl_bytes){0}, out, err);
}

static int make_names(struct parts *p, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    nl_block *offsets, *names;
    size_t offset_bytes = ((size_t)rows + 1) * sizeof(int32_t);
    int rc = nl_block_new(offset_bytes, &offsets, err);
    if (rc)
        return rc;
    /* A batch crosses at most seven powers of ten. The last copy runs over its row by less than TEXT. */
    rc = nl_block_new((size_t)rows * (p->text_len + 8) + TEXT, &names, err);
    if (rc) {
        nl_block_unref(offsets);
        return rc;
    }
    int32_t *ends = (int32_t *)(void *)nl_block_data(offsets), at = 0;
    char *to = (char *)nl_block_data(names);
    ends[0] = 0;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + at, p->text, TEXT);
        at += (int32_t)p->text_len;
        ends[i + 1] = at;
        count_up(p->text, &p->text_len);
    }
    return make_column(rows, whole(offsets, offset_bytes), whole(names, (size_t)at), out, err);
}

static int make_brands(const struct parts *p, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    size_t first = (size_t)(p->next % BRANDS) * BRAND_LEN;
    nl_bytes offsets = nl_bytes_of(p->brand_offsets, 0, ((size_t)rows + 1) * sizeof(int32_t));
    nl_bytes data = nl_bytes_of(p->brands, first, (size_t)rows * BRAND_LEN);
    return make_column(rows, offsets, data, out, err);
}

static int make_prices(const struct parts *p, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    nl_block *b;
    int rc = nl_block_new((size_t)rows * sizeof(double), &b, err);
    if (rc)
        return rc;
    double *prices = (double *)(void *)nl_block_data(b);
    int64_t step = p->next % PRICES;
    for (int64_t i = 0; i < rows; i++) {
        prices[i] = 10.0 * (double)(step + 1);
        step = step + 1 < PRICES ? step + 1 : 0;
    }
    return make_column(rows, whole(b, (size_t)rows * sizeof(double)), (nl_bytes){0}, out, err);
}

static int next_batch(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct parts *p = ctx;
    int64_t left = p->rows - p->next, rows = left < p->batch_rows ? left : p->batch_rows;
    if (rows == 0)
        return NL_OK;
    struct ArrowArray made[NL_LEN(columns)] = {{0}};
    int rc = make_keys(p, rows, &made[0], err);
    if (rc == NL_OK)
        rc = make_names(p, rows, &made[1], err);
    if (rc == NL_OK)
        rc = make_brands(p, rows, &made[2], err);
    if (rc == NL_OK)
        rc = make_prices(p, rows, &made[3], err);
    if (rc == NL_OK)
        rc = arrow_batch_make(made, NL_LEN(made), rows, out, err);
    for (size_t i = 0; i < NL_LEN(made); i++)
        arrow_array_release(&made[i]); /* only where something failed: the batch has taken them */
    p->next += rows;
    return rc;
}

static void free_parts(void *ctx)
{
    struct parts *p = ctx;
    nl_block_unref(p->brands);
    nl_block_unref(p->brand_offsets);
    free(p);
}

/* What all batches share: the brands of batch_rows rows from any of the three on, and their offsets. */
static int make_shared(struct parts *p, nl_error *err)
{
    int64_t most = p->rows < p->batch_rows ? p->rows : p->batch_rows;
    size_t rows = (size_t)most + BRANDS - 1;
    int rc = nl_block_new(rows * BRAND_LEN, &p->brands, err);
    if (rc == NL_OK)
        rc = nl_block_new(((size_t)most + 1) * sizeof(int32_t), &p->brand_offsets, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < rows; i++) {
        uint8_t *to = nl_block_data(p->brands) + i * BRAND_LEN;
        memcpy(to, "Brand#", BRAND_LEN - 1);
        to[BRAND_LEN - 1] = (uint8_t)('1' + i % BRANDS);
    }
    int32_t *offsets = (int32_t *)(void *)nl_block_data(p->brand_offsets);
    for (int64_t i = 0; i <= most; i++)
        offsets[i] = (int32_t)i * BRAND_LEN;
    return NL_OK;
}

int gen_parts_stream(int64_t rows, int64_t batch_rows, struct ArrowArrayStream *out, nl_error *err)
{
    *out = (struct ArrowArrayStream){0};
    if (rows < 0 || batch_rows < 0)
        return nl_fail(err, NL_INVALID, "the number of rows is negative");
    struct parts *p = calloc(1, sizeof(*p));
    if (!p)
        return nl_fail_memory(err);
    p->rows = rows;
    p->batch_rows = batch_rows == 0 ? DEFAULT_BATCH : batch_rows < LARGEST_BATCH ? batch_rows : LARGEST_BATCH;
    memcpy(p->text, "Part#1", PREFIX + 1);
    p->text_len = PREFIX + 1;
    struct ArrowSchema schema = {0};
    int rc = make_shared(p, err);
    if (rc == NL_OK)
        rc = gen_schema(&gen_parts, &schema, err);
    if (rc) {
        free_parts(p);
        return rc;
    }
    return arrow_stream_make(&schema, next_batch, free_parts, p, out, err);
}
