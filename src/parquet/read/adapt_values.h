/* adapt_values.h: values of one flat type as those of a wider one. For adapt.c. */
#ifndef NL_PARQUET_READ_ADAPT_VALUES_H
#define NL_PARQUET_READ_ADAPT_VALUES_H

#include "arrow/arrow.h"

/* One conversion of fixed-width values. */
struct pq_widening {
    /* n values; true: all came through. NULL: none is needed, the bytes are the same. */
    bool (*run)(const void *from, void *to, size_t n, const struct pq_widening *w);
    uint32_t from_width, to_width; /* bytes */
    int64_t times;                 /* what values are multiplied with */
    __int128 most;                 /* magnitude above which the product does not fit */
};

/* False: there is no safe way from the one type to the other. Both have a fixed width of whole bytes. */
bool pq_widening_of(const struct arrow_type *from, const struct arrow_type *to, struct pq_widening *out);
/* Is value i of the array's own numbering (with its offset) one that does not come through? */
bool pq_widening_fails(const struct pq_widening *w, const void *from, int64_t i);

#endif
