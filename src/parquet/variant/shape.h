/* shape.h: how a variant's column is shredded, taken apart once for all rows. */
#ifndef NL_PARQUET_VARIANT_SHAPE_H
#define NL_PARQUET_VARIANT_SHAPE_H

#include <neuralake/arrow.h>

#include "arrow/text/text.h"
#include "base/arena.h"

enum pq_shape_kind { PQ_SHAPE_NOTHING, PQ_SHAPE_SCALAR, PQ_SHAPE_UUID, PQ_SHAPE_LIST, PQ_SHAPE_OBJECT };

/* A group of value and typed_value: the children's numbers, -1 where there is none. */
struct pq_shape {
    int64_t metadata, value, typed; /* metadata: only of the whole column */
    struct arrow_type metadata_type, value_type;
    enum pq_shape_kind kind;   /* of typed_value */
    struct text_column column; /* of a scalar */
    bool wide_offsets;         /* of a list */
    struct pq_shape *element;  /* of a list */
    struct pq_member *members; /* of an object, in the order of their names */
    size_t n_members;
};

struct pq_member {
    const char *name;
    size_t name_len;
    const char *key; /* the name as JSON has it in front of a value */
    size_t key_len;
    int64_t child;
    struct pq_shape shape;
};

/* Take a column's schema apart, into the arena; names are borrowed from it. NL_UNSUPPORTED. */
int pq_shape_of(const struct ArrowSchema *schema, nl_arena *arena, struct pq_shape *out, nl_error *err);
/* Is a shredded member of this name there? */
bool pq_shape_has(const struct pq_shape *s, const char *name, size_t len);
/* The order of names: by their bytes, the shorter one first. */
int pq_shape_compare(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
