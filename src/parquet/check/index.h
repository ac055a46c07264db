/* index.h: column index, offset index and bloom filter of a chunk, held against its pages one by one. */
#ifndef NL_PARQUET_CHECK_INDEX_H
#define NL_PARQUET_CHECK_INDEX_H

#include "base/arena.h"
#include "base/io/bytes.h"
#include "parquet/index/bloom.h"
#include "parquet/index/page_index.h"

struct pq_check_chunk;

struct pq_check_index {
    bool has_offsets, has_columns, has_bloom;
    struct pq_offset_index offsets;
    struct pq_column_index columns;
    struct pq_bloom bloom;
    nl_bytes bytes[3]; /* what they are slices of */
    nl_arena arena;
    int64_t not_in_bloom; /* values that the filter denies */
};

/* Read what the chunk's metadata points to. */
void pq_check_index_open(struct pq_check_chunk *c);
/* The data page at hand, c->page, number c->n_data - 1. */
void pq_check_index_page(struct pq_check_chunk *c);
/* Values that were decoded, against the bloom filter. */
void pq_check_index_values(struct pq_check_chunk *c, const struct pq_slice *values, size_t n);
/* Behind the last page: as many pages, in the order that is promised. */
void pq_check_index_end(struct pq_check_chunk *c);
void pq_check_index_free(struct pq_check_index *i);

#endif
