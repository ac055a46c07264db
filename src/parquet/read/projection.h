/* projection.h: what is wanted of a file, worked out once: columns in order, each with the nodes that were asked for, and
 * the leaves whose chunks are needed for that.
 *
 *     paths     "s.b", "id"                  file   id   s { a, b, c }   tags [ ]
 *     columns   s { b }, id                  nodes  s  b  id             leaves  2  0
 *
 * J1  leaves[] is in the order of the columns and, within one, of the file; chunks are given in that order. A column that is
 *     asked for twice has its leaves twice.
 * J2  A map keeps its key, whatever is asked for. With its key alone it is a list of structs: Arrow has no map without value.
 * J3  What cannot be read is refused here, by name.
 *
 * Never changed once it is made: any thread may use it.
 */
#ifndef NL_PARQUET_READ_PROJECTION_H
#define NL_PARQUET_READ_PROJECTION_H

#include <neuralake/parquet.h>

#include "parquet/read/file.h"

/* A node that is wanted. Depth first, as in the schema: the first child is the next one, a sibling stands at end. */
struct pq_projected {
    uint32_t node; /* of the schema */
    uint32_t end, n_children;
    uint32_t first_leaf, n_leaves; /* in pq_projection.leaves */
};

struct pq_projection {
    const struct pq_schema *schema; /* of the file: must outlive this */
    struct pq_projected *nodes;
    size_t n_nodes;
    uint32_t *columns; /* the nodes that are top-level columns, in order */
    size_t n_columns;
    uint32_t *leaves; /* the file's leaves whose chunks are needed (J1) */
    size_t n_leaves;
};

/* Whole columns by index, all where columns is NULL (n is ignored then). NL_INVALID: no such column; NL_UNSUPPORTED (J3).
 * On failure *out is empty. */
int pq_projection_columns(const nl_parquet_file *f, const size_t *columns, size_t n, struct pq_projection *out,
                          nl_error *err);
/* Dotted paths, as nl_parquet_read_options.paths has them. NL_INVALID names a path that leads nowhere. */
int pq_projection_paths(const nl_parquet_file *f, const char *const *paths, size_t n, struct pq_projection *out,
                        nl_error *err);
/* By either of the two, or all columns. */
int pq_projection_options(const nl_parquet_file *f, const nl_parquet_read_options *o, struct pq_projection *out,
                          nl_error *err);
void pq_projection_free(struct pq_projection *p);
/* The schema of its batches, a struct; yours. */
int pq_projection_schema(const struct pq_projection *p, bool string_views, struct ArrowSchema *out, nl_error *err);
/* Node `at` as it is stored: a variant's group with its members. Yours. */
int pq_projection_storage(const struct pq_projection *p, size_t at, bool string_views, struct ArrowSchema *out,
                          nl_error *err);

#endif
