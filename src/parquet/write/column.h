/* column.h: one column of the row group being written: blocks in, a column chunk out.
 *
 *             a block                    page full                                    group full
 *     gather ─────────▶ dictionary ─┬─▶ page ─▶ levels, encode, compress ─▶ pages ─┬─▶ sink: dictionary page, pages
 *                                   └─▶ plain values, statistics                   └─▶ footer: ColumnChunk
 *
 * A chunk begins on trial: its first page's indices can be taken back into plain values, and are where the dictionary
 * would not save bytes. Later it leaves the dictionary where that passes dictionary_bytes; what is written stays.
 *
 *     TRIAL ──first page, it pays──▶ DICT ──dictionary_bytes──▶ PLAIN
 *       └────────it does not pay, taken back────────────────────▶┘
 *
 * C1  A column has all its state here, and shares nothing but the scratch, one a thread: columns may be written side by
 *     side.
 * C2  Every value is in exactly one of: the dictionary's entries, blocks that the statistics have seen.
 */
#ifndef NL_PARQUET_WRITE_COLUMN_H
#define NL_PARQUET_WRITE_COLUMN_H

#include "base/io/sink.h"
#include "parquet/write/page.h"
#include "parquet/write/stats.h"

/* The options, with defaults filled in and checked. */
struct pq_write_config {
    enum pq_codec codec;
    int codec_level;
    size_t row_group_rows, row_group_bytes, page_bytes, dictionary_bytes;
    bool dictionary;
};

enum pq_column_mode { PQ_MODE_TRIAL, PQ_MODE_DICT, PQ_MODE_PLAIN };

struct pq_column_writer {
    const struct pq_write_config *config;
    struct pq_write_type type;
    const char *name;
    enum pq_column_mode mode;
    bool lost; /* the last chunk gave up its dictionary on trial: this one may do so early */
    struct pq_dict dict;
    struct pq_page page;
    struct pq_packer packer;
    struct pq_stats stats;
    nl_buf pages; /* the chunk's finished data pages */
    int64_t rows, unpacked;
    int32_t dict_pages, plain_pages;
    size_t bytes; /* the chunk's values in PLAIN */
};

/* type.element.name stays where it is; config and name are borrowed. Nothing to allocate yet. */
void pq_column_init(struct pq_column_writer *c, const struct pq_write_type *type, const char *name,
                    const struct pq_write_config *config);
void pq_column_free(struct pq_column_writer *c);

/* Append rows first to first + n of array a, which pq_check_array() accepted. Errors name the row of the batch. */
int pq_column_append(struct pq_column_writer *c, const struct ArrowArray *a, size_t first, size_t n,
                     struct pq_scratch *scratch, nl_error *err);
/* Write the chunk to the sink, describe it in *out (in the arena's memory), and begin the next one. */
int pq_column_finish(struct pq_column_writer *c, nl_sink *sink, nl_arena *arena, struct pq_column_chunk *out,
                     nl_error *err);

#endif
