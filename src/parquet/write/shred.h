/* shred.h: rows of a nested column as the levels of one leaf.
 *
 *     rows        [a, null]   null   []   [b]           a nullable list of nullable strings
 *     entries     a   null    null   []   b
 *     repetition  0   1       0      0    0             0: here a row begins
 *     definition  3   2       0      1    3             how far down there is something
 *     leaf row    0   1       -      -    2             of the leaf's array, nulls of its own included
 *
 * Entries are made from the column downwards, a step of the way (tree.h, N1) at a time: structs end entries whose row is
 * null, lists end empty ones and multiply the others. What is not reached from above is never looked at: values below
 * a null, garbage behind offsets.
 *
 * S1  Offsets and sizes are held against the child's length before an entry is made of them.
 * S2  A range of rows is taken only as long as its entries stay below PQ_SHRED_ENTRIES; a single row may have more.
 *
 * Spec: the Dremel paper; parquet-format, README, "Nested Encoding".
 */
#ifndef NL_PARQUET_WRITE_SHRED_H
#define NL_PARQUET_WRITE_SHRED_H

#include "parquet/write/tree.h"

#define PQ_SHRED_ENTRIES ((size_t)1 << 17)

/* Entries, as arrays side by side. */
struct pq_entries {
    uint8_t *repetition, *definition;
    int64_t *row; /* in the array that the last step led to, before its offset is added; -1: ended further up */
    size_t cap;
};

/* What pq_shred() made; the memory is kept for the next call. Zeroed is empty. One thread at a time. */
struct pq_levels {
    size_t n;
    struct pq_entries now, next;
    const struct ArrowArray *leaf; /* the array that the rows are of; NULL: no entry leads there */
};

/* Shred rows `first` to first + *rows of a column (before its offset is added), which pq_check_nested() accepted. *rows
 * becomes less where the entries would be too many (S2). NL_INVALID names the row: damaged offsets, a null where none may be. */
int pq_shred(const struct pq_write_leaf *leaf, const struct ArrowArray *column, size_t first, size_t *rows,
             struct pq_levels *out, nl_error *err);
void pq_levels_free(struct pq_levels *l);

/* Have all arrays on the way to a leaf, and its own, the shape that they must have, and rows up to `end`? */
int pq_check_nested(const struct pq_write_leaf *leaf, const struct ArrowArray *column, size_t end, nl_error *err);

#endif
