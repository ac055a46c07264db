/* parquet_pages.c: any bytes as the pages of a file whose footer is right: levels, every encoding, every type, put together to
 * rows. No checksums, codecs or Thrift stand in the way.
 *
 *     input   shape (1 byte)   type of its leaves (1)   rows (1)   pages…
 *     page    what (1): bit 0 version 2, 1 dictionary, 2 the leaf's last, 3 BIT_PACKED levels, 4-7 encoding
 *             values (2, LE)   version 2: rows, bytes of repetition and definition levels (1 each)   bytes (1; 255: all)
 *
 * Must hold: what parquet_file.c says of ways to read; and a file in which the check finds no error is read without one.
 */
#include <string.h>

#include "fuzz/filtered.h"
#include "parquet/check/check.h"
#include "parquet/read/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAMED(s) .name = {(const uint8_t *)(s), sizeof(s) - 1}
#define GROUP(rep, s, n, logic)                                                                                        \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .n_children = n, .converted = PQ_CONVERTED_NONE, .logical = {.kind = logic }      \
    }
#define LEAF(rep, s)                                                                                                   \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .has_type = true                                                                  \
    }
#define R PQ_REQUIRED
#define O PQ_OPTIONAL
#define M PQ_REPEATED

/* Leaves get their type from the input. */
static const struct shape {
    struct pq_schema_element e[8];
    size_t n;
} shapes[] = {
    {{LEAF(R, "r")}, 1},
    {{LEAF(O, "o")}, 1},
    {{LEAF(M, "m")}, 1},
    {{GROUP(O, "s", 2, 0), LEAF(R, "a"), LEAF(O, "b")}, 3},
    {{GROUP(O, "l", 1, PQ_LOGICAL_LIST), GROUP(M, "list", 1, 0), LEAF(O, "element")}, 3},
    {{GROUP(R, "l", 1, PQ_LOGICAL_LIST), GROUP(M, "list", 1, 0), LEAF(R, "element")}, 3},
    {{GROUP(O, "l", 1, PQ_LOGICAL_LIST), GROUP(M, "list", 1, 0), GROUP(O, "element", 2, 0), LEAF(R, "a"), LEAF(O, "b")},
     5},
    {{GROUP(O, "m", 1, PQ_LOGICAL_MAP), GROUP(M, "key_value", 2, 0), LEAF(R, "key"), LEAF(O, "value")}, 4},
    {{GROUP(O, "l", 1, PQ_LOGICAL_LIST), GROUP(M, "list", 1, 0), GROUP(O, "element", 1, PQ_LOGICAL_LIST),
      GROUP(M, "list", 1, 0), LEAF(O, "element")},
     5},
    {{LEAF(O, "x"), LEAF(R, "y")}, 2},
    {{GROUP(O, "v", 2, PQ_LOGICAL_VARIANT), LEAF(R, "metadata"), LEAF(O, "value")}, 3},
};

#define TYPE(t, ...)                                                                                                   \
    {                                                                                                                  \
        .type = (t), .converted = PQ_CONVERTED_NONE, __VA_ARGS__                                                       \
    }
static const struct pq_schema_element types[] = {
    TYPE(PQ_BOOLEAN, ),
    TYPE(PQ_INT32, ),
    TYPE(PQ_INT64, ),
    TYPE(PQ_INT96, ),
    TYPE(PQ_FLOAT, ),
    TYPE(PQ_DOUBLE, ),
    TYPE(PQ_BYTE_ARRAY, ),
    TYPE(PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_STRING}),
    TYPE(PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 3),
    TYPE(PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 16, .logical = {.kind = PQ_LOGICAL_UUID}),
    TYPE(PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 2, .logical = {.kind = PQ_LOGICAL_FLOAT16}),
    TYPE(PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 13,
         .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 30, .scale = 2}),
    TYPE(PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 30, .scale = 2}),
    TYPE(PQ_INT32, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 9, .scale = 2}),
    TYPE(PQ_INT64, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 18, .scale = 2}),
    TYPE(PQ_INT32, .logical = {.kind = PQ_LOGICAL_INTEGER, .bit_width = 8, .is_signed = true}),
    TYPE(PQ_INT32, .logical = {.kind = PQ_LOGICAL_INTEGER, .bit_width = 16}),
    TYPE(PQ_INT32, .logical = {.kind = PQ_LOGICAL_DATE}),
    TYPE(PQ_INT64, .logical = {.kind = PQ_LOGICAL_TIMESTAMP, .unit = PQ_MICROS, .utc = true}),
    {.type = PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 12, .converted = PQ_CONVERTED_INTERVAL},
    TYPE(PQ_INT32, .logical = {.kind = PQ_LOGICAL_UNKNOWN}),
    TYPE(PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_GEOMETRY}),
};

static void must(int rc)
{
    touch_must(rc == NL_OK);
}

/* What is left of the input. */
struct input {
    const uint8_t *at, *end;
};

static unsigned take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* One page; false: it was the leaf's last. */
static bool add_page(struct input *in, nl_buf *out, struct pq_column_meta *m)
{
    unsigned what = take(in), low = take(in);
    struct pq_page_header h = {.type = what & 2   ? PQ_DICTIONARY_PAGE
                                       : what & 1 ? PQ_DATA_PAGE_V2
                                                  : PQ_DATA_PAGE,
                               .num_values = (int32_t)(low | take(in) << 8),
                               .encoding = (int32_t)(what >> 4),
                               .definition_encoding = what & 8 ? PQ_BIT_PACKED : PQ_RLE,
                               .repetition_encoding = what & 8 ? PQ_BIT_PACKED : PQ_RLE};
    if (h.type == PQ_DATA_PAGE_V2) {
        h.num_rows = (int32_t)take(in);
        h.repetition_bytes = (int32_t)take(in);
        h.definition_bytes = (int32_t)take(in);
    }
    size_t len = take(in), left = (size_t)(in->end - in->at);
    len = len == 255 || len > left ? left : len;
    h.compressed_size = h.uncompressed_size = (int32_t)len;
    int64_t *first = h.type == PQ_DICTIONARY_PAGE ? &m->dictionary_page_offset : &m->data_page_offset;
    *first = *first < 0 ? (int64_t)out->len : *first;
    m->num_values += h.type == PQ_DICTIONARY_PAGE ? 0 : h.num_values;
    m->encodings |= UINT32_C(1) << h.encoding | UINT32_C(1) << h.definition_encoding;
    must(pq_page_header_encode(&h, out, NULL));
    must(nl_buf_append(out, in->at, len, NULL));
    in->at += len;
    return !(what & 4) && in->at < in->end;
}

/* The chunk of a leaf of that path. */
static void add_chunk(struct input *in, nl_buf *out, enum pq_type type, struct pq_slice *path, size_t n,
                      struct pq_column_chunk *c)
{
    size_t begins = out->len;
    pq_column_chunk_init(c);
    pq_column_meta_init(&c->meta);
    c->has_meta = true;
    c->meta.type = type;
    c->meta.path = path;
    c->meta.n_path = n;
    c->meta.data_page_offset = -1;
    while (add_page(in, out, &c->meta))
        ;
    c->meta.data_page_offset = c->meta.data_page_offset < 0 ? (int64_t)begins : c->meta.data_page_offset;
    c->meta.total_compressed_size = c->meta.total_uncompressed_size = (int64_t)(out->len - begins);
}

/* The file that the input stands for. */
static void make_file(struct input *in, nl_buf *out)
{
    const struct shape *shape = &shapes[take(in) % (sizeof shapes / sizeof *shapes)];
    const struct pq_schema_element *type = &types[take(in) % (sizeof types / sizeof *types)];
    struct pq_schema_element e[9] = {{NAMED("root"), .converted = PQ_CONVERTED_NONE}};
    struct pq_column_chunk chunks[2];
    struct pq_slice paths[2][8]; /* groups stand before all leaves, one in the other */
    struct pq_row_group group;
    size_t depth = 0;
    pq_row_group_init(&group);
    group.num_rows = take(in);
    must(nl_buf_append(out, "PAR1", 4, NULL));
    for (size_t i = 0, skip = 0; i < shape->n; i++) {
        struct pq_schema_element *x = &e[i + 1];
        *x = shape->e[i];
        e[0].n_children += !skip;
        skip = (skip ? skip - 1 : 0) + (size_t)x->n_children;
        if (!x->has_type) {
            paths[0][depth] = paths[1][depth] = x->name;
            depth++;
            continue;
        }
        struct pq_schema_element leaf = *type;
        leaf.name = x->name, leaf.repetition = x->repetition, leaf.has_type = true;
        *x = leaf;
        paths[group.n_columns][depth] = x->name;
        add_chunk(in, out, x->type, paths[group.n_columns], depth + 1, &chunks[group.n_columns]);
        group.n_columns++;
    }
    group.columns = chunks;
    struct pq_file_meta m = {.version = 2,
                             .schema = e,
                             .n_schema = shape->n + 1,
                             .num_rows = group.num_rows,
                             .row_groups = &group,
                             .n_row_groups = 1};
    size_t begins = out->len;
    must(pq_file_meta_encode(&m, out, NULL));
    uint32_t length = (uint32_t)(out->len - begins);
    must(nl_buf_append(out, &length, 4, NULL));
    must(nl_buf_append(out, "PAR1", 4, NULL));
}

static int found(void *ctx, const struct pq_finding *f, nl_error *err)
{
    (void)ctx, (void)f, (void)err;
    return NL_OK;
}

/* Not looked at by the check: whether leaves agree, and whether INT96 and decimals are in range. */
static bool is_checked_whole(const nl_parquet_file *file)
{
    const struct pq_schema *s = pq_inspect_schema(file);
    const struct pq_schema_element *e = s->leaves[0].element;
    return s->n_leaves == 1 && e->type != PQ_INT96 && e->logical.kind != PQ_LOGICAL_DECIMAL;
}

static void read_ways(const nl_parquet_file *file)
{
    static const nl_parquet_range some[] = {{1, 2}, {5, 1}, {9, 60}};
    nl_parquet_read_options o = {.string_views = true, .batch_rows = BATCH_ROWS};
    struct outcome whole = read_with(file, &o);
    o.string_views = false;
    o.batch_rows = 11;
    must_agree(whole, read_with(file, &o));
    o.threads = 2;
    must_agree(whole, read_with(file, &o));
    o.threads = 0;
    o.ranges = some;
    o.n_ranges = 3;
    struct outcome ranges = read_with(file, &o);
    o.string_views = true;
    o.batch_rows = BATCH_ROWS;
    must_agree(ranges, read_with(file, &o));
    struct pq_check_result result;
    must(pq_check(file, &(struct pq_check_options){.found = found}, &result, NULL));
    touch_must(result.errors || !is_checked_whole(file) || whole.rc == NL_OK || whole.rc == NL_UNSUPPORTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    nl_source *source;
    nl_parquet_file *file;
    nl_buf bytes = {0};
    make_file(&in, &bytes);
    must(nl_source_open_memory("fuzz", bytes.data, bytes.len, &source, NULL));
    must(nl_parquet_open(source, &file, NULL));
    read_ways(file);
    read_filtered(file);
    nl_parquet_close(file);
    nl_source_close(source);
    nl_buf_free(&bytes);
    return 0;
}
