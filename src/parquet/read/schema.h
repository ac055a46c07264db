/* schema.h: what a file's schema means: a tree of nodes in Arrow's sense, its leaves with their levels, its top-level columns.
 *
 *     element  0 root   1 id   2 tags (LIST)   3 list (repeated)   4 element   5 name
 *     leaf              0                                          1           2
 *     column            0      1                                               2
 *     node              0      1 list                              2           3        depth first; 1 ends before 3
 *
 * Levels (Dremel's): an entry of a leaf has a definition level (how many of the elements on its way that may be missing are
 * there) and a repetition level (at which repeated element it goes on; 0: a row begins). For a node,
 *
 *     an entry is a slot of it      where repetition ≤ node.repetition and definition ≥ node.slot_definition
 *     the slot is not null          where definition ≥ node.definition
 *     and, of a list or map, the entry has an element
 *                                   where repetition ≤ node.repetition + 1 and definition ≥ node.element_definition
 *
 * E1  The elements form one tree: every n_children is paid for by elements, nesting stays within PQ_MAX_DEPTH, and so do
 *     levels: they fit in 7 bits.
 * E2  Leaves count in the order of the elements, as column chunks in a row group do.
 * E3  A leaf that this version cannot read has type.why set; its field is shown all the same.
 * E4  A node's first child is the node behind it; the next sibling is at `end`. Lists have one child. Maps have one, a struct
 *     that is never null, of key and value.
 * E5  A group without children is a struct without children that is never null: nothing stored says how it is there. One
 *     that lies in a list without any leaf cannot be read.
 */
#ifndef NL_PARQUET_READ_SCHEMA_H
#define NL_PARQUET_READ_SCHEMA_H

#include <neuralake/arrow.h>

#include "base/buf.h"
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
    PQ_TO_DECIMAL256_FIXED, /* of 39 to 76 digits */
    PQ_TO_DECIMAL256_BYTES,
    PQ_TO_INTERVAL, /* FIXED(12): months, days, milliseconds */
    PQ_TO_VIEW,     /* BYTE_ARRAY as a view of 16 bytes */
};

/* What a leaf's annotations make of its physical type. */
struct pq_leaf_type {
    enum pq_conversion conversion;
    uint32_t stored_width; /* bytes of one stored value; 0: varies, or bits */
    uint32_t value_width;  /* bytes of one Arrow value; 0: bits (bool), or none */
    char format[32];       /* Arrow's; strings "u", binary "z" */
    const char *why;       /* static: why it cannot be read; NULL: it can */
};

struct pq_leaf {
    const struct pq_schema_element *element;
    uint8_t max_definition, max_repetition;
    uint32_t column; /* the top-level column it belongs to */
    uint32_t node;
    bool is_nested; /* of a column that is */
    struct pq_leaf_type type;
};

enum pq_node_kind { PQ_NODE_LEAF, PQ_NODE_STRUCT, PQ_NODE_LIST, PQ_NODE_MAP };

struct pq_node {
    uint32_t element; /* whose name it has */
    uint32_t end;     /* the node behind all that is in this one */
    uint32_t first_leaf, n_leaves;
    uint32_t n_children;
    enum pq_node_kind kind;
    bool is_nullable;
    uint8_t repetition, slot_definition, definition; /* see above */
    uint8_t element_definition;                      /* of lists and maps */
};

struct pq_column {
    const char *name;
    uint32_t element, node, first_leaf, n_leaves;
    bool is_nested; /* anything but a leaf that is not repeated */
    bool is_nullable;
    const struct pq_leaf *leaf; /* of a flat column; NULL where nested */
};

struct pq_schema {
    const struct pq_schema_element *elements;
    size_t n_elements;
    struct pq_leaf *leaves;
    size_t n_leaves;
    struct pq_node *nodes;
    size_t n_nodes;
    struct pq_column *columns;
    size_t n_columns;
};

/* Legacy converted types and logical types to one answer; logical types that we do not know are their storage. */
void pq_leaf_type_of(const struct pq_schema_element *e, struct pq_leaf_type *out);

/* Prove the tree and describe it. Everything lives in arena, or in the elements. NL_CORRUPT, NL_UNSUPPORTED (too deep). */
int pq_schema_build(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *out, nl_error *err);
/* Is the node the group of a VARIANT? */
bool pq_node_is_variant(const struct pq_schema *s, const struct pq_node *n);
/* Column i as an Arrow field; yours. string_views: "vu" and "vz" for strings and binary. */
int pq_schema_field(const struct pq_schema *s, size_t column, bool string_views, struct ArrowSchema *out,
                    nl_error *err);
/* A leaf's path for messages, "tags.list.element", appended to out. leaf < n_leaves. */
int pq_leaf_path(const struct pq_schema *s, size_t leaf, nl_buf *out, nl_error *err);

#endif
