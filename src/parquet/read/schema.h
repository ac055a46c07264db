/* schema.h: what a file's schema means: its leaves with their levels, its top-level columns as Arrow fields, and how a
 * flat column's stored values become Arrow's.
 *
 *     element  0 root   1 id   2 tags (LIST)   3 list (repeated)   4 element   5 name
 *     leaf              0                                          1           2
 *     column            0      1                                               2
 *
 * E1  The elements form one tree: every n_children is paid for by elements, nesting stays within PQ_MAX_DEPTH.
 * E2  Leaves count in the order of the elements, as column chunks in a row group do.
 * E3  A column that this version cannot read has type.why set; its field is shown all the same.
 */
#ifndef NL_PARQUET_READ_SCHEMA_H
#define NL_PARQUET_READ_SCHEMA_H

#include <neuralake/arrow.h>

#include "parquet/format/metadata.h"

#define PQ_MAX_DEPTH 64

/* How a stored value becomes an Arrow value. */
enum pq_conversion {
    PQ_TO_NOTHING, /* nested, or not supported: see why */
    PQ_TO_NULL,    /* UNKNOWN: nothing is stored but nulls */
    PQ_TO_BOOL,
    PQ_TO_SAME, /* the stored bytes are the value: width bytes */
    PQ_TO_INT8, /* of INT32, also unsigned */
    PQ_TO_INT16,
    PQ_TO_NANOS, /* INT96: nanoseconds of the day and Julian day */
    PQ_TO_DECIMAL_INT32,
    PQ_TO_DECIMAL_INT64,
    PQ_TO_DECIMAL_FIXED, /* big-endian */
    PQ_TO_DECIMAL_BYTES,
    PQ_TO_VIEW, /* BYTE_ARRAY as a view of 16 bytes */
};

struct pq_leaf {
    const struct pq_schema_element *element;
    uint8_t max_definition, max_repetition;
    uint32_t column; /* the top-level column it belongs to */
};

/* What a leaf's annotations make of its physical type. */
struct pq_leaf_type {
    enum pq_conversion conversion;
    uint32_t stored_width; /* bytes of one stored value; 0: varies, or bits */
    uint32_t value_width;  /* bytes of one Arrow value; 0: bits (bool), or none */
    char format[32];       /* Arrow's; strings "u", binary "z" */
    const char *why;       /* static: why it cannot be read; NULL: it can */
};

struct pq_column {
    const char *name;
    uint32_t element, first_leaf, n_leaves;
    bool is_nested;
    bool is_nullable;
    enum pq_type physical;    /* of a flat column */
    struct pq_leaf_type type; /* of a flat column; a nested one has conversion PQ_TO_NOTHING */
};

struct pq_schema {
    const struct pq_schema_element *elements;
    size_t n_elements;
    struct pq_leaf *leaves;
    size_t n_leaves;
    struct pq_column *columns;
    size_t n_columns;
};

/* Legacy converted types and logical types to one answer; logical types that we do not know are their storage. */
void pq_leaf_type_of(const struct pq_schema_element *e, struct pq_leaf_type *out);

/* Prove the tree and describe it. Everything lives in arena, or in the elements. NL_CORRUPT, NL_UNSUPPORTED (too deep). */
int pq_schema_build(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *out, nl_error *err);
/* Column i as an Arrow field; yours. string_views: "vu" and "vz" for strings and binary of flat columns. */
int pq_schema_field(const struct pq_schema *s, size_t column, bool string_views, struct ArrowSchema *out,
                    nl_error *err);

#endif
