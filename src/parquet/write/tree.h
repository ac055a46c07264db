/* tree.h: which schema a file of these Arrow columns has, and on which way each leaf is reached.
 *
 *     Arrow                      Parquet                                                     levels: definition, repetition
 *     tags: list of string       optional group tags (LIST)                                  1 0
 *                                  repeated group list                                       2 1
 *                                    optional binary element (STRING)                        3 1
 *     m: map of u to i           optional group m (MAP)
 *                                  repeated group key_value
 *                                    required binary key (STRING)
 *                                    optional int32 value
 *     p: struct of x, y          optional group p
 *                                  optional … x, optional … y
 *
 *     leaf tags  steps: list     leaf m.value  steps: list, struct (its member 1)     leaf p.y  steps: struct (its member 1)
 *
 * N1  A step says how the rows of an array become rows of the child that leads to the leaf. Lists of every layout, maps
 *     and fixed-size lists are one kind of step; a map's entries are a struct below it.
 * N2  The schema is at most PQ_WRITE_DEPTH elements deep, and so no leaf has more levels.
 *
 * Spec: parquet-format, LogicalTypes.md, "Nested Types"; Arrow, "C data interface".
 */
#ifndef NL_PARQUET_WRITE_TREE_H
#define NL_PARQUET_WRITE_TREE_H

#include "parquet/write/type.h"

#define PQ_WRITE_DEPTH 64

enum pq_step_kind { PQ_STEP_STRUCT, PQ_STEP_LIST, PQ_STEP_LIST_VIEW, PQ_STEP_FIXED_LIST };

struct pq_step {
    enum pq_step_kind kind;
    bool nullable;
    bool large;         /* lists: offsets (and sizes) of 64 bits */
    uint32_t child;     /* the child that leads on */
    int64_t n_children; /* that there must be */
    int32_t list_size;  /* PQ_STEP_FIXED_LIST */
};

struct pq_write_leaf {
    struct pq_write_type type;
    struct pq_step *steps; /* from the column down, the leaf not included; none: a flat column */
    size_t n_steps;
    uint32_t column; /* the top-level one it belongs to */
    uint8_t max_definition, max_repetition;
    struct pq_slice *path; /* as the footer wants it, with the names of a list's own levels */
    size_t n_path;
    const char *name; /* as people write it: "items.price" */
    uint16_t *ends;   /* where the names of that end, ascending: n_names of them */
    size_t n_names;
};

/* Zeroed is empty. Names and paths are the arena's that it was built with. */
struct pq_write_tree {
    struct pq_schema_element *elements; /* 0 is the root */
    size_t n_elements, elements_cap;
    struct pq_write_leaf *leaves;
    size_t n_leaves, leaves_cap;
    size_t n_columns;
};

/* The tree of a struct of columns, which is not needed afterwards. NL_UNSUPPORTED, NL_INVALID: with the column's name. The
 * caller frees *out in either case. */
int pq_write_tree_build(const struct ArrowSchema *schema, nl_arena *arena, struct pq_write_tree *out, nl_error *err);
void pq_write_tree_free(struct pq_write_tree *t);

/* Is the leaf what a path of the options means, or below it? The names along it joined with dots. */
bool pq_write_leaf_below(const struct pq_write_leaf *leaf, const char *path);

#endif
