/* values.h: the values of one page as slices of their PLAIN bytes, a batch at a time.
 *
 * V1  Slices point into the page, the dictionary or the reader's own memory, and are valid until the next call.
 * V2  A batch is small enough that values which repeat their prefix cannot make more memory than one value needs.
 *
 * Spec: parquet-format, Encodings.md.
 */
#ifndef NL_PARQUET_CHECK_VALUES_H
#define NL_PARQUET_CHECK_VALUES_H

#include "base/buf.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/rle.h"
#include "parquet/format/metadata.h"

#define PQ_CHECK_BATCH 1024

struct pq_check_values {
    enum pq_type type;
    size_t width; /* of a stored value; 0: varies, or bits */
    int32_t encoding;
    const uint8_t *in, *end;
    size_t at, count; /* bits that were taken; BYTE_STREAM_SPLIT: values taken, and of the page */
    struct pq_rle rle;
    struct pq_delta delta, prefixes;
    const struct pq_slice *dictionary;
    size_t n_dictionary;
    bool has_dictionary;
    nl_buf scratch, before; /* values that had to be put together; DELTA_BYTE_ARRAY's value before */
};

/* Levels of one kind, whichever way they are written. */
struct pq_check_levels {
    unsigned width; /* 0: all levels are 0, nothing is written */
    bool bit_packed;
    const uint8_t *bits; /* BIT_PACKED: most significant first */
    size_t at, n_bits;
    struct pq_rle rle;
};

/* Bytes of a stored value; 0: varies (BYTE_ARRAY) or bits (BOOLEAN). */
size_t pq_check_stored_width(const struct pq_schema_element *e);
/* Begin a page's values; `in` may be read 64 bytes beyond end. Type, width and dictionary are set. NL_CORRUPT,
 * NL_UNSUPPORTED (an encoding that the type does not have). */
int pq_check_values_open(struct pq_check_values *v, int32_t encoding, const uint8_t *in, const uint8_t *end,
                         nl_error *err);
/* The next 1 to max (at most PQ_CHECK_BATCH) values. NL_CORRUPT: they are not there. */
int pq_check_values_next(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err);
void pq_check_values_free(struct pq_check_values *v);

/* Begin levels up to max, which a v1 page has at *p..end: *p moves behind them. Spec: README, "Data Pages". */
int pq_check_levels_v1(struct pq_check_levels *l, int32_t encoding, unsigned max, int64_t values, const uint8_t **p,
                       const uint8_t *end, nl_error *err);
/* Begin levels that fill len bytes, without a length in front. */
int pq_check_levels_init(struct pq_check_levels *l, unsigned max, const uint8_t *data, size_t len, nl_error *err);
/* The next n (at most PQ_CHECK_BATCH) levels. */
int pq_check_levels_next(struct pq_check_levels *l, size_t n, uint32_t *out, nl_error *err);

#endif
