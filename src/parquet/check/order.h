/* order.h: the order of a column's stored values, as the specification defines it for statistics: values are slices of their
 * PLAIN bytes, without a length in front.
 *
 * Spec: parquet-format, parquet.thrift, "ColumnOrder" and "Statistics".
 */
#ifndef NL_PARQUET_CHECK_ORDER_H
#define NL_PARQUET_CHECK_ORDER_H

#include "base/buf.h"
#include "parquet/format/metadata.h"

enum pq_check_order {
    PQ_CHECK_UNORDERED, /* INT96, INTERVAL, geometry, variants, what we do not know: bounds mean nothing */
    PQ_CHECK_BOOL,
    PQ_CHECK_INT32,
    PQ_CHECK_INT64,
    PQ_CHECK_UINT32,
    PQ_CHECK_UINT64,
    PQ_CHECK_FLOAT16,
    PQ_CHECK_FLOAT,
    PQ_CHECK_DOUBLE,
    PQ_CHECK_BYTES,   /* unsigned, byte by byte */
    PQ_CHECK_DECIMAL, /* big-endian, signed, of any length */
};

/* The least and the greatest of values that were seen, NaN left out. Zeroed: none yet. */
struct pq_check_range {
    bool any;
    nl_buf min, max;
    int64_t nans;
};

/* The order of a leaf. */
enum pq_check_order pq_check_order_of(const struct pq_schema_element *e);
/* Is the deprecated pair of bounds in this order too (signed comparison)? */
bool pq_check_order_is_signed(enum pq_check_order o);
/* May s be a value, or a bound, by its length? */
bool pq_check_order_fits(enum pq_check_order o, struct pq_slice s);
bool pq_check_is_nan(enum pq_check_order o, struct pq_slice s);
/* Negative, 0, positive. Both fit, neither is NaN; zeros of both signs are equal. */
int pq_check_compare(enum pq_check_order o, struct pq_slice a, struct pq_slice b);
/* A value for a message, cut where it is long; returns out. */
const char *pq_check_show(enum pq_check_order o, struct pq_slice s, char out[static 64]);

/* Widen r by n values. Those that do not fit are passed over. NL_NO_MEMORY. */
int pq_check_range_add(struct pq_check_range *r, enum pq_check_order o, const struct pq_slice *values, size_t n,
                       nl_error *err);
/* Widen r by another range. */
int pq_check_range_join(struct pq_check_range *r, enum pq_check_order o, const struct pq_check_range *more,
                        nl_error *err);
void pq_check_range_clear(struct pq_check_range *r); /* memory kept */
void pq_check_range_free(struct pq_check_range *r);

#endif
