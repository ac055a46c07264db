/* page.h: one data page while it fills, and how it becomes bytes.
 *
 *     PageHeader │ compressed: [definition levels: 4 bytes of length, hybrid] values
 *                                                                             PLAIN, or width byte and hybrid of indices
 *
 * Data page v1: every reader there is takes it, and the levels of flat columns are too small for what v2 saves on them.
 *
 * P1  A page holds values or indices, never both: `indices` is meant where is_dict is set.
 * P2  The validity bitmap is empty until the first null: most pages of optional columns have none.
 */
#ifndef NL_PARQUET_WRITE_PAGE_H
#define NL_PARQUET_WRITE_PAGE_H

#include "parquet/codec/codec.h"
#include "parquet/encoding/dict_encode.h"
#include "parquet/write/gather.h"

struct pq_page {
    bool is_dict;         /* P1 */
    size_t rows, n;       /* rows; values that are not null */
    size_t bytes;         /* what the values take in PLAIN */
    struct pq_bits valid; /* P2 */
    nl_buf values;        /* PLAIN */
    struct pq_bits bits;  /* PLAIN booleans */
    uint32_t *indices;
    size_t indices_cap;
};

/* How pages become bytes; buffers that live as long as their column. */
struct pq_packer {
    enum pq_codec codec;
    int level;
    struct pq_codec_ctx ctx;
    nl_buf body, packed;
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
/* Count a block in whose values or indices are there: rows, nulls, sizes. */
int pq_page_add_rows(struct pq_page *p, const struct pq_block *b, nl_error *err);
/* Indices back into values of PLAIN. */
int pq_page_undo_dict(struct pq_page *p, const struct pq_dict *d, nl_error *err);

/* Append the page, header and body, to out. *unpacked grows by the bytes of header and body before compression.
 * entries: how many the dictionary has now. */
int pq_page_pack(const struct pq_page *p, const struct pq_write_type *t, uint32_t entries, struct pq_packer *k,
                 nl_buf *out, int64_t *unpacked, nl_error *err);
/* The same for the dictionary page. */
int pq_dict_pack(const struct pq_dict *d, struct pq_packer *k, nl_buf *out, int64_t *unpacked, nl_error *err);

#endif
