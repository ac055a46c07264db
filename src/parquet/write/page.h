/* page.h: one data page while it fills, and how it becomes bytes.
 *
 *     v1   PageHeader │ compressed: [repetition levels] [definition levels] values       levels behind 4 bytes of length
 *     v2   PageHeader │ [repetition levels] [definition levels] │ compressed: values     their lengths are in the header
 *
 *     values   of a dictionary: width byte and hybrid of indices; else as the column's encoding has them
 *
 * P1  A page holds values or indices, never both: `indices` is meant where is_dict is set.
 * P2  The validity bitmap is empty until the first null: most pages of optional columns have none.
 * P3  A flat column has the bitmap, a nested one levels, one byte each: its entries are `rows`, too, its rows `top_rows`.
 * P4  Loose values are those whose levels are not there yet: a page that ends now ends in front of them.
 * P5  A column that measures takes the fastest level of the codec that makes a page's beginning no larger than the default
 *     one does: by its data pages 1, 4, 16, 64 …
 *
 * Spec: parquet-format, README, "Data Pages"; parquet.thrift, DataPageHeader, DataPageHeaderV2.
 */
#ifndef NL_PARQUET_WRITE_PAGE_H
#define NL_PARQUET_WRITE_PAGE_H

#include "parquet/codec/codec.h"
#include "parquet/encoding/dict_encode.h"
#include "parquet/write/gather.h"
#include "parquet/write/shred.h"

struct pq_page {
    bool is_dict;                  /* P1 */
    size_t rows, n;                /* rows, or entries (P3); values that are not null */
    size_t top_rows, loose;        /* P3, P4 */
    size_t bytes;                  /* what the values take in PLAIN */
    struct pq_bits valid;          /* P2 */
    nl_buf repetition, definition; /* P3 */
    nl_buf values;                 /* PLAIN */
    struct pq_bits bits;           /* PLAIN booleans */
    uint32_t *indices;
    size_t indices_cap;
};

/* How pages become bytes; buffers that live as long as their column. */
struct pq_packer {
    enum pq_codec codec;
    int level;      /* of the codec; 0: its default, */
    bool measures;  /* or what a page showed (P5) */
    uint64_t pages; /* data pages so far */
    bool v2, checksums;
    enum pq_encoding encoding; /* of pages without a dictionary */
    struct pq_codec_ctx ctx;
    nl_buf levels, body, packed;
    nl_buf wide; /* levels as the hybrid's encoder wants them */
};

/* No rows any more; memory and is_dict stay. */
void pq_page_clear(struct pq_page *p);
/* Zeroed again, as it began. */
void pq_page_free(struct pq_page *p);
/* Gives back buffers and codec contexts. */
void pq_packer_free(struct pq_packer *k);

/* Room for n more indices. */
int pq_page_reserve_indices(struct pq_page *p, size_t n, nl_error *err);
/* Append a block's values in PLAIN. */
int pq_page_add_plain(struct pq_page *p, const struct pq_write_type *t, const struct pq_block *b, nl_error *err);
/* Count a block of a flat column in whose values or indices are there: rows, nulls, sizes. */
int pq_page_add_rows(struct pq_page *p, const struct pq_block *b, nl_error *err);
/* Entries from to end of a nested column, of `rows` rows, whose values are there: loose ones no more. */
int pq_page_add_levels(struct pq_page *p, const struct pq_levels *l, size_t from, size_t end, size_t rows,
                       nl_error *err);
/* Indices back into values of PLAIN. */
int pq_page_undo_dict(struct pq_page *p, const struct pq_dict *d, nl_error *err);

/* Append n values, which lie in PLAIN at `plain` (booleans: a bitmap), in another encoding that t's physical type has.
 * PLAIN copies. */
int pq_values_encode(const struct pq_write_type *t, enum pq_encoding encoding, const nl_buf *plain, size_t n,
                     nl_buf *out, nl_error *err);
/* Append the indices of n values into a dictionary of so many entries, behind their width. */
int pq_indices_encode(const uint32_t *indices, size_t n, uint32_t entries, nl_buf *out, nl_error *err);

/* Append the page, header and body, to out. *unpacked grows by the bytes of header and body before compression.
 * entries: how many the dictionary has now. */
int pq_page_pack(const struct pq_page *p, const struct pq_write_leaf *leaf, uint32_t entries, struct pq_packer *k,
                 nl_buf *out, int64_t *unpacked, nl_error *err);
/* The same for the dictionary page. */
int pq_dict_pack(const struct pq_dict *d, struct pq_packer *k, nl_buf *out, int64_t *unpacked, nl_error *err);

#endif
