/* rows.h: a filter on one column, tested on values side by side: which of them satisfy it, as words of bits.
 *
 *     column < 7 AND column <> 3          values   5 3 9 …   ──▶   bits   1 0 0 …
 *
 * Integers, dates, times and floats become one range that may wrap (kernel.h), so that every comparison is one loop.
 *
 * R1  The answer is exact, by filter.h's F2, for values that are not null; filter_rows_null() says it for those that are.
 * R2  Only leaves of filter_rows_can() may stand in the tree, all about one column.
 */
#ifndef NL_FILTER_ROWS_H
#define NL_FILTER_ROWS_H

#include "base/io/bytes.h"
#include "filter/filter.h"

/* How the column's values lie in memory. */
struct filter_layout {
    enum nl_value_kind kind; /* INT, UINT, DOUBLE; DECIMAL: 16 bytes; BYTES: Arrow's views; BOOL: a byte each, 0 or 1 */
    unsigned width;          /* bytes of INT and UINT (1, 2, 4, 8) and DOUBLE (4: float, 8) */
    const nl_bytes *buffers; /* what long views point into; they are trusted */
};

#define FILTER_ROWS_MOST 4096 /* values a call */

/* Can a leaf be tested on values of this layout? */
bool filter_rows_can(const struct filter *leaf, const struct filter_layout *layout);
/* bits[i]: does value i satisfy f? n ≤ FILTER_ROWS_MOST; a word for each 64 that are begun, 0 beyond n. Any thread. */
void filter_rows(const struct filter *f, const struct filter_layout *layout, const void *values, size_t n,
                 uint64_t *bits);
/* Is f TRUE of a null? */
bool filter_rows_null(const struct filter *f);

#endif
