/* column.h: decode one leaf's column chunk, some rows at a time.
 *
 *     chunk   │ header │ dictionary page │ header │ data page │ header │ data page │ …
 *                        └─▶ dictionary: values in their final form
 *     flat    levels (pq_runs) ──▶ validity bits         values ──▶ dense, at their place in the batch ──▶ spread
 *     nested  levels ──▶ bytes, one an entry (pq_nested)  values ──▶ dense ──▶ spread over the leaf's slots
 *
 * Y1  Rows that are asked for come whole: pages are opened until they are there, or the chunk is corrupt.
 * Y2  A decompressed page is reused for the next one, unless views or a batch's values point into it.
 * Y3  A page's size is believed only as far as its codec can reach from the bytes that are there.
 * Y4  Rows that are passed over cost neither decompression, where their page says how many it has, nor memory.
 */
#ifndef NL_PARQUET_READ_COLUMN_H
#define NL_PARQUET_READ_COLUMN_H

#include <neuralake/arrow.h>

#include "base/cancel.h"
#include "base/io/bytes.h"
#include "parquet/codec/codec.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/rle.h"
#include "parquet/read/levels.h"
#include "parquet/read/segments.h"
#include "parquet/read/window.h"

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

/* What a reader starts from. */
struct pq_column_setup {
    const struct pq_leaf *leaf;
    const struct pq_node *node;
    int32_t codec;
    int64_t rows, values;        /* of the row group, of the chunk */
    struct pq_segment *segments; /* the array must outlive the reader, which takes the bytes */
    size_t n_segments;
    bool whole; /* there is one segment, all of the chunk: counts are held against it */
    bool string_views, verify_checksums;
};

struct pq_column_reader {
    const struct pq_leaf *leaf;
    const struct pq_node *node;
    bool string_views, verify_checksums, whole, is_nested;
    int32_t codec;
    struct pq_codec_ctx *codecs; /* of who reads at the moment: set before each call */
    struct pq_segment *segments;
    size_t n_segments, segment;
    struct pq_window window; /* on the segment at hand; next: a page's header */
    int64_t values_left;     /* of the chunk, in the pages not yet opened */
    int64_t rows, row;       /* of the row group; the next one to be read */
    int64_t pass;            /* rows that the next page need not be opened for, where it has no others */

    /* the page at hand */
    uint64_t page_at;  /* its header, in the file */
    nl_bytes page;     /* its values' memory, where views, or a batch, may point into it */
    nl_block *scratch; /* decompressed bytes of pages that nothing points into (Y2) */
    size_t page_left;  /* entries not yet delivered (nested: not yet unpacked) */
    bool has_levels;   /* flat: not all of the page's rows are known to be there */
    struct pq_runs levels;
    struct pq_nested *nested; /* NULL where flat */
    enum pq_page_values kind;
    const uint8_t *values, *values_end;
    struct pq_rle *indices; /* made for the first page that has some */
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

/* The segments' bytes are moved in, also when this fails: free it either way. */
int pq_column_reader_init(struct pq_column_reader *c, const struct pq_column_setup *setup, nl_error *err);
void pq_column_reader_free(struct pq_column_reader *c);

/* Rows that are wanted, side by side: n ranges of the row group, ascending, `rows` in all. */
struct pq_rows {
    const nl_parquet_range *ranges;
    size_t n, rows;
};

/* The next rows of a leaf as an array: of the rows (flat), or of the leaf's slots in them (nested; the levels then stay in
 * c->nested until the next call). Rows before the first range and between ranges are passed over. */
int pq_column_read(struct pq_column_reader *c, const struct pq_rows *rows, nl_cancel *cancel, struct ArrowArray *out,
                   nl_error *err);

/* ── inside: what the files of the reader do for each other ── */

/* page.c: open the next page that has entries, in this segment or the next one. NL_CORRUPT names the byte in the file. *more
 * (may be NULL: then it is NL_CORRUPT): false where the chunk, or a segment with a gap behind it, ends. Where c->pass is not 0
 * it may pass over whole pages instead, and return with none open. */
int pq_page_next(struct pq_column_reader *c, bool *more, nl_error *err);
/* page_values.c: set up the reading of the values at p..end, in that encoding. */
int pq_page_values(struct pq_column_reader *c, int32_t encoding, const uint8_t *p, const uint8_t *end, nl_error *err);
/* page.c: go on with the segment that begins at or before row, once the dictionary is there. */
int pq_page_seek(struct pq_column_reader *c, int64_t row, nl_error *err);
/* decode.c: the next n values that are not null, densely at out (bits from `bit` on for booleans). */
int pq_decode(struct pq_column_reader *c, size_t n, uint8_t *out, size_t bit, nl_error *err);
/* decode.c: the next 1 to max indices of the page at hand; each lies inside the dictionary, else NL_CORRUPT. */
int pq_next_codes(struct pq_column_reader *c, size_t max, struct pq_chunk *out, nl_error *err);
/* skip.c: pass over the next n values that are not null. */
int pq_skip_values(struct pq_column_reader *c, size_t n, nl_error *err);
/* skip.c: pass over rows of a flat leaf, until `row` is the next one. */
int pq_skip_rows(struct pq_column_reader *c, int64_t row, nl_cancel *cancel, nl_error *err);
/* decode.c: n stored values (PLAIN) in their final form. in may be aligned to nothing, and be read 64 bytes beyond. */
int pq_convert(const struct pq_leaf_type *t, const uint8_t *in, size_t n, void *out, nl_error *err);
/* decode_strings.c: the next n values of the two delta encodings of byte arrays, in their final form at out. */
int pq_decode_strings(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err);
/* column.c: stand at a row of a flat leaf, at or behind the one at hand, with its page open. */
int pq_column_open_at(struct pq_column_reader *c, int64_t row, nl_cancel *cancel, nl_error *err);
/* column.c: another piece of memory that this batch's views point into. */
int pq_column_add_buffer(struct pq_column_reader *c, nl_bytes memory, nl_error *err);
/* column.c: this batch's index for the memory of the page at hand. */
int pq_column_buffer(struct pq_column_reader *c, nl_bytes memory, uint32_t *index, nl_error *err);
/* column.c: the dictionary's views say buffer 0: put it there before any page's memory. */
int pq_column_dictionary_buffer(struct pq_column_reader *c, nl_error *err);
/* column.c: a batch ends, with rc: a failure says at which page; what its views point into is let go. Returns rc. */
int pq_column_end(struct pq_column_reader *c, int rc, nl_error *err);
/* column.c: memory of n bits, all 0. */
int pq_zeroed_bits(size_t n, nl_block **out, nl_error *err);
/* column.c: an array of n values; the references of validity (may be NULL: no nulls) and values are taken. */
int pq_column_array(struct pq_column_reader *c, size_t n, size_t valid, nl_block *validity, nl_block *values,
                    struct ArrowArray *out, nl_error *err);
/* nested.c: read rows of a nested leaf; as pq_column_read(). */
int pq_nested_read(struct pq_column_reader *c, const struct pq_rows *rows, nl_cancel *cancel, struct ArrowArray *out,
                   nl_error *err);

#endif
