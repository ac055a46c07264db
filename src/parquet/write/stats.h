/* stats.h: min, max and null count of a column chunk, by the order of its type.
 *
 * T1  Values that are not in a dictionary are added block by block; a dictionary's entries once, when it is done.
 * T2  NaN is never a bound: a chunk of nothing but NaN has none. A zero bound is written as -0.0 below, +0.0 above.
 * T3  Byte arrays are cut to PQ_STATS_BYTES: the lower bound at the end of a character, the upper one raised there; the
 *     is_exact flags say so. Where it cannot be raised (all 0xFF) there is no upper bound. Values of a fixed length
 *     cannot be cut: longer ones have no bounds.
 *
 * Spec: parquet.thrift, Statistics and ColumnOrder.
 */
#ifndef NL_PARQUET_WRITE_STATS_H
#define NL_PARQUET_WRITE_STATS_H

#include "base/arena.h"
#include "parquet/encoding/dict_encode.h"
#include "parquet/write/gather.h"

#define PQ_STATS_BYTES 64

/* A bound of byte arrays; the number's bits in `bits` else. */
struct pq_bound {
    uint64_t bits;
    nl_buf bytes;
};

struct pq_stats {
    bool any; /* min and max hold something */
    int64_t nulls;
    struct pq_bound min, max;
};

/* As of no values; memory stays. */
void pq_stats_clear(struct pq_stats *s);
/* The same, and gives the memory back. */
void pq_stats_free(struct pq_stats *s);
/* Widen by a block's values. */
int pq_stats_add(struct pq_stats *s, const struct pq_write_type *t, const struct pq_block *b, nl_error *err);
/* Widen by all entries of a dictionary. */
int pq_stats_add_dict(struct pq_stats *s, const struct pq_write_type *t, const struct pq_dict *d, nl_error *err);
/* Widen by those entries of a dictionary that the indices point to. flags is scratch. */
int pq_stats_add_indices(struct pq_stats *s, const struct pq_write_type *t, const struct pq_dict *d,
                         const uint32_t *indices, size_t n, nl_buf *flags, nl_error *err);
/* Widen by all that another one has seen: a page's into its chunk's. */
int pq_stats_merge(struct pq_stats *s, const struct pq_write_type *t, const struct pq_stats *from, nl_error *err);
/* Bounds as they are written, by the order of their type: below, above, or 0. */
int pq_bound_compare(const struct pq_write_type *t, struct pq_slice a, struct pq_slice b);
/* As the footer wants them; bytes are copied to the arena. NL_NO_MEMORY. */
int pq_stats_finish(const struct pq_stats *s, const struct pq_write_type *t, nl_arena *arena, struct pq_statistics *out,
                    nl_error *err);

#endif
