/* chunk.h: the check of one column chunk, and what its parts share. */
#ifndef NL_PARQUET_CHECK_CHUNK_H
#define NL_PARQUET_CHECK_CHUNK_H

#include "base/arena.h"
#include "parquet/check/check.h"
#include "parquet/check/index.h"
#include "parquet/check/order.h"
#include "parquet/check/values.h"
#include "parquet/codec/codec.h"

/* The check of one file. */
struct pq_checking {
    const nl_parquet_file *file;
    const struct pq_check_options *o;
    struct pq_check_result *result;
    struct pq_codec_ctx codecs;
    nl_buf ties;    /* a bit a row of the row group: equal to the row before, in the sorting columns so far */
    int64_t budget; /* values that may still be looked at (check.h, K4) */
    int rc;         /* what keeps the check from its end */
    nl_error *err;
};

/* One data page, as it was found. */
struct pq_check_page {
    int64_t offset; /* of its header in the file */
    int64_t bytes;  /* with its header */
    int64_t first_row, rows, values, nulls;
    int64_t text_bytes; /* of byte arrays, without lengths */
    bool begins_row;    /* its first value begins one */
    bool whole;         /* everything in it was read: what it holds is known */
    struct pq_check_range range;
    int64_t *repetition, *definition; /* how many values of each level */
};

/* What the rows of a sorting column are held against. */
struct pq_check_sort {
    const struct pq_sorting_column *by; /* NULL: this is none */
    bool is_first;
    int64_t row; /* the next one */
    bool was_null;
    nl_buf before; /* the value of the row before */
    int64_t wrong, wrong_row, wrong_page;
};

struct pq_check_chunk {
    struct pq_checking *k;
    size_t g, leaf;
    const struct pq_leaf *l;
    struct pq_column_chunk chunk;
    nl_arena arena;
    enum pq_check_order order;
    bool is_text;   /* STRING: its values are to be UTF-8 */
    nl_bytes bytes; /* of the chunk, and a little more */
    int64_t at;     /* where they begin in the file */
    struct pq_check_values values;
    struct pq_slice *dictionary;
    nl_bytes dictionary_page;

    bool damaged;  /* something could not be read: totals are not known (K2) */
    size_t n_data; /* data pages */
    struct pq_check_page page;
    int64_t n_values, nulls, rows, compressed, uncompressed, text_bytes;
    int64_t *repetition, *definition;
    struct pq_check_range range;
    uint32_t encodings;              /* of values, as found */
    int32_t data_pages[16];          /* by encoding */
    int64_t first_dictionary;        /* where the dictionary page lies; -1: none */
    int64_t first_data;              /* the first data page; -1: none */
    int64_t bad_text, bad_text_page; /* values that are not UTF-8, and where the first is */
    struct pq_check_sort sort;
    struct pq_check_index index;
};

/* Tell a finding; offset -1: of no place. Once a callback failed, nothing is told any more. */
void pq_check_say(struct pq_checking *k, bool warning, int64_t row_group, int64_t leaf, int64_t offset, const char *fmt,
                  ...) NL_PRINTF(6, 7);
#define PQ_CHECK_ERROR(c, offset, ...)                                                                                 \
    pq_check_say((c)->k, false, (int64_t)(c)->g, (int64_t)(c)->leaf, (offset), __VA_ARGS__)
#define PQ_CHECK_WARNING(c, offset, ...)                                                                               \
    pq_check_say((c)->k, true, (int64_t)(c)->g, (int64_t)(c)->leaf, (offset), __VA_ARGS__)
/* A call failed: damage becomes a finding at offset, anything else ends the check. True where rc is a failure. */
bool pq_check_failed(struct pq_check_chunk *c, int64_t offset, int rc, const nl_error *why);

/* Check the chunk of a leaf in a row group. sorting: what is promised of it, or NULL; is_first: by it first of all. */
void pq_check_chunk(struct pq_checking *k, size_t row_group, size_t leaf, const struct pq_sorting_column *sorting,
                    bool is_first);

/* page.c: one page at p, at most as long as `end - p`: *used is what it takes. False where what follows cannot be found. */
bool pq_check_page(struct pq_check_chunk *c, const uint8_t *p, const uint8_t *end, size_t *used);

/* sort.c: the next row's value (NULL: null) against the one before. NL_NO_MEMORY. */
int pq_check_sort_next(struct pq_check_chunk *c, const struct pq_slice *value, nl_error *err);

/* bounds.c: the figures of the chunk's statistics against what was found. */
void pq_check_statistics(struct pq_check_chunk *c);
/* One pair of bounds, of anything, against a range: `of` begins the message ("statistics", "column index"). Exactness: -1
 * not stated, 0, 1. */
void pq_check_bounds(struct pq_check_chunk *c, int64_t offset, const char *of, const struct pq_slice *min,
                     const struct pq_slice *max, int min_exact, int max_exact, const struct pq_check_range *r);

#endif
