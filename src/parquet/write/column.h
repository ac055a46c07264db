/* column.h: one leaf of the row group being written: blocks in, a column chunk out.
 *
 *             a block                    page full                                    group full
 *     gather ─────────▶ dictionary ─┬─▶ page ─▶ levels, encode, compress ─▶ pages ─┬─▶ sink: dictionary page, pages
 *     (shred)                       └─▶ plain values, statistics      └▶ notes     └─▶ footer: ColumnChunk, its indexes
 *
 * A chunk begins on trial: its first page's indices can be taken back into plain values, and are where the dictionary
 * would not save bytes. Later it leaves the dictionary where that passes dictionary_bytes; what is written stays.
 *
 *     TRIAL ──first page, it pays──▶ DICT ──dictionary_bytes──▶ PLAIN (that is: the leaf's encoding without dictionary)
 *       └────────it does not pay, taken back────────────────────▶┘
 *
 * With a sample, the first page of the file is encoded and compressed in every way, and the smallest is kept.
 *
 * C1  A leaf has all its state here, and shares nothing but the scratch, one a thread: leaves may be written side by
 *     side.
 * C2  Every value is in exactly one of: the dictionary's entries, blocks that the statistics have seen. A page's own
 *     statistics are known when it ends: those of its blocks, or of the entries that its indices point to.
 * C3  A page ends where a row does. A nested leaf's values come in front of their levels: until those are there, they are
 *     loose (P4), and a page that must end stays without them.
 */
#ifndef NL_PARQUET_WRITE_COLUMN_H
#define NL_PARQUET_WRITE_COLUMN_H

#include "base/io/sink.h"
#include "parquet/write/notes.h"
#include "parquet/write/options.h"

enum pq_column_mode { PQ_MODE_TRIAL, PQ_MODE_DICT, PQ_MODE_PLAIN };

struct pq_column_writer {
    const struct pq_write_config *config;
    const struct pq_write_leaf *leaf;
    struct pq_leaf_options options;
    enum pq_column_mode mode;
    size_t
        lost_at; /* not 0: the last chunk gave up its dictionary when so many of 256 values were new: this one may early */
    bool proved;  /* the dictionary has been compressed, and was smaller */
    bool sampled; /* the sample was taken */
    struct pq_dict dict;
    struct pq_page page;
    struct pq_packer packer;
    struct pq_stats stats, page_stats; /* of the chunk; of the page that is open */
    struct pq_notes notes;
    nl_buf pages;     /* the chunk's finished data pages */
    nl_buf dict_page; /* at its end */
    nl_buf hashes;    /* uint64_t: of values outside of the dictionary, for the bloom filter */
    nl_buf flags;     /* scratch, a byte an entry */
    int64_t rows, top_rows, unpacked;
    int32_t dict_pages, plain_pages;
    size_t bytes; /* the chunk's values in PLAIN */
};

/* config and leaf are borrowed. Nothing to allocate yet. */
void pq_column_init(struct pq_column_writer *c, const struct pq_write_leaf *leaf, const struct pq_leaf_options *options,
                    const struct pq_write_config *config);
void pq_column_free(struct pq_column_writer *c);

/* Append rows first to first + n of the leaf's top-level array, which was checked. Errors name the row. */
int pq_column_append(struct pq_column_writer *c, const struct ArrowArray *a, size_t first, size_t n,
                     struct pq_scratch *scratch, struct pq_levels *levels, nl_error *err);
/* The chunk's last page and its dictionary become bytes. */
int pq_column_close(struct pq_column_writer *c, nl_error *err);
/* Write the closed chunk to the sink and describe it in *out (in the arena's memory), its offsets in column_index and
 * offset_index relative to those buffers, to which its indexes are appended, or -1. */
int pq_column_emit(struct pq_column_writer *c, nl_sink *sink, nl_arena *arena, nl_buf *column_index,
                   nl_buf *offset_index, struct pq_column_chunk *out, nl_error *err);
/* Append the chunk's bloom filter, header and bits, to out; nothing where there is none. Before pq_column_begin(). */
int pq_column_bloom(struct pq_column_writer *c, nl_buf *out, nl_error *err);
/* Begin the next chunk. */
void pq_column_begin(struct pq_column_writer *c);

/* column_sample.c: encode and compress the open page's first values in every way that their type has (in PLAIN alone where
 * the options want no sample), and keep the smallest: sets packer.encoding, answers in *dictionary whether the page's
 * dictionary is smaller still, or, where `more` is to come, whether it will be. */
int pq_column_sample(struct pq_column_writer *c, bool more, bool *dictionary, nl_error *err);
/* column_bloom.c: hashes of a block's values, of all entries of the dictionary, into c->hashes. */
int pq_column_hash_block(struct pq_column_writer *c, const struct pq_block *b, nl_error *err);
int pq_column_hash_dict(struct pq_column_writer *c, nl_error *err);

#endif
