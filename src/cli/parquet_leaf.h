/* parquet_leaf.h: what `parquet inspect` says of a leaf: its chunks added up, its types in words. */
#ifndef NL_CLI_PARQUET_LEAF_H
#define NL_CLI_PARQUET_LEAF_H

#include <jansson.h>

#include "base/arena.h"
#include "parquet/read/inspect.h"

/* Chunks of one leaf, added up over row groups. */
struct leaf_sum {
    uint32_t encodings;
    int32_t codec; /* -1: no chunk */
    bool mixed_codec, has_nulls, has_pages, has_min, has_max;
    size_t chunks, dictionaries, column_indexes, offset_indexes, bloom_filters;
    int64_t values, nulls, compressed, uncompressed, pages;
    struct pq_slice min, max; /* slices of the footer */
};

/* Add up a leaf's chunks. Bounds are given where every chunk has them and the type has an order. */
int cli_leaf_sum(const nl_parquet_file *f, size_t leaf, struct leaf_sum *out, nl_error *err);
/* The bounds that a reader may believe: min_value and max_value, else the deprecated ones where they mean the same. */
void cli_leaf_bounds(const nl_parquet_file *f, size_t leaf, const struct pq_column_chunk *chunk, struct pq_slice *min,
                     struct pq_slice *max);
/* Data pages of a chunk, from its metadata or its offset index (a read); -1: neither says. */
int cli_leaf_pages(const nl_parquet_file *f, const struct pq_column_chunk *chunk, int64_t *out, nl_error *err);
/* A bound as text, cut at `most` characters (0: whole); NULL: there is none, or no memory. Yours. */
char *cli_bound_text(const nl_parquet_file *f, size_t leaf, struct pq_slice s, size_t most);

/* ── the schema ── */

/* "optional", "required", "repeated". Static. */
const char *cli_repetition_name(const struct pq_schema_element *e);
/* The schema as a tree of lines on standard output. */
int cli_print_schema(const nl_parquet_file *f, nl_error *err);
/* The schema as nested objects: {"name", "repetition", "type", "logical_type", …, "children": […]}. NULL: no memory. */
json_t *cli_schema_json(const nl_parquet_file *f);
/* A string that may be absent, or not UTF-8 (then null too). NULL only without memory. */
json_t *cli_json_text(const char *s, size_t len);

#endif
