/* column.h: decode one flat column chunk, some rows at a time, into Arrow arrays.
 *
 *     chunk   │ header │ dictionary page │ header │ data page │ header │ data page │ …
 *                        └─▶ dictionary: values in their final form
 *     page      levels (pq_runs) ──▶ validity bits         values ──▶ dense, at their place in the batch ──▶ spread
 *
 * Y1  Rows that are asked for come whole: pages are opened until they are there, or the chunk is corrupt.
 * Y2  A decompressed page is reused for the next one, unless views point into it.
 * Y3  A page's size is believed only as far as its codec can reach from the bytes that are there.
 */
#ifndef NL_PARQUET_READ_COLUMN_H
#define NL_PARQUET_READ_COLUMN_H

#include <neuralake/arrow.h>

#include "base/cancel.h"
#include "base/io/bytes.h"
#include "parquet/codec/codec.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/rle.h"
#include "parquet/read/schema.h"

/* How the values of the page at hand are stored. */
enum pq_page_values {
    PQ_VALUES_PLAIN,
    PQ_VALUES_INDICES, /* of the dictionary */
    PQ_VALUES_BITS,    /* booleans, one after the other or in runs */
    PQ_VALUES_DELTA,   /* DELTA_BINARY_PACKED */
    PQ_VALUES_SPLIT,   /* BYTE_STREAM_SPLIT */
    PQ_VALUES_LENGTHS, /* DELTA_LENGTH_BYTE_ARRAY: lengths, then the bytes side by side */
    PQ_VALUES_PREFIX,  /* DELTA_BYTE_ARRAY: how much of the value before, then lengths and bytes of the rest */
};

struct pq_column_reader {
    const struct pq_column *column;
    bool string_views;
    nl_bytes chunk;       /* with a block */
    uint64_t file_offset; /* of the chunk's first byte, for messages */
    int32_t codec;
    struct pq_codec_ctx *codecs; /* shared with the other columns */
    const uint8_t *next, *end;   /* the next page's header */
    int64_t values_left;         /* in the pages not yet opened */

    /* the page at hand */
    const uint8_t *page_at; /* its header */
    nl_bytes page;          /* its values' memory, where views may point into it */
    nl_block *scratch;      /* decompressed bytes of pages that nothing points into (Y2) */
    size_t page_left;       /* rows not yet delivered */
    bool has_levels;
    struct pq_runs levels;
    enum pq_page_values kind;
    const uint8_t *values, *values_end;
    struct pq_rle indices;
    bool bits_in_runs;
    struct pq_runs bits; /* booleans in runs… */
    size_t bit;          /* …or the next one in values */
    int64_t buffer;      /* of the page in this batch's views; -1: not in yet */

    struct pq_delta delta, prefixes; /* integers, or lengths; and the prefixes' */
    size_t split_count, split_at;    /* values of the page, and how many were taken */
    nl_bytes before;                 /* the value before the next one, for its prefix */

    /* the dictionary */
    bool has_data;            /* a data page was opened: a dictionary comes too late */
    nl_bytes dictionary_page; /* what its views point into */
    uint8_t *dictionary;      /* values of value_width bytes; NULL: none */
    size_t dictionary_size;

    /* the batch being built: the memory that its views point into */
    nl_bytes *buffers;
    size_t n_buffers, buffers_room;
};

/* chunk is moved in, also when this fails. */
int pq_column_reader_init(struct pq_column_reader *c, const struct pq_column *column, int32_t codec, int64_t rows,
                          nl_bytes chunk, uint64_t file_offset, bool string_views, struct pq_codec_ctx *codecs,
                          nl_error *err);
/* The next n rows, at most as many as are left. */
int pq_column_read(struct pq_column_reader *c, size_t n, nl_cancel *cancel, struct ArrowArray *out, nl_error *err);
void pq_column_reader_free(struct pq_column_reader *c);

/* page.c: open the next page that has rows. NL_CORRUPT names the byte in the file. */
int pq_page_next(struct pq_column_reader *c, nl_error *err);
/* decode.c: the next n values that are not null, densely at out (bits from `bit` on for booleans). */
int pq_decode(struct pq_column_reader *c, size_t n, uint8_t *out, size_t bit, nl_error *err);
/* decode.c: n stored values (PLAIN) in their final form. in may be aligned to nothing, and be read 64 bytes beyond. */
int pq_convert(const struct pq_leaf_type *t, const uint8_t *in, size_t n, void *out, nl_error *err);
/* decode_strings.c: the next n values of the two delta encodings of byte arrays, in their final form at out. */
int pq_decode_strings(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err);
/* column.c: another piece of memory that this batch's views point into. */
int pq_column_add_buffer(struct pq_column_reader *c, nl_bytes memory, nl_error *err);
/* column.c: this batch's index for the memory of the page at hand. */
int pq_column_buffer(struct pq_column_reader *c, nl_bytes memory, uint32_t *index, nl_error *err);

#endif
