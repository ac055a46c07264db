/* take.h: rows in another order: sort the rows of several batches, and take rows by their place.
 *
 * Every format that arrow_type_parse() knows but string views and what lies in dictionaries, nested ones too; sorting is by
 * columns of a flat type.
 */
#ifndef NL_ARROW_TAKE_H
#define NL_ARROW_TAKE_H

#include "arrow/arrow.h"

/* A row of one of several batches. */
struct arrow_row {
    uint32_t batch;
    int64_t row;
};

/* By what to sort: the child at path[0] of the batches, its child at path[1], … */
struct arrow_sort_key {
    const size_t *path;
    size_t n_path;
    bool descending, nulls_first;
};

/* Sort all rows of n batches, struct arrays of the schema, which are borrowed. Equal rows keep their order. Numbers by value
 * (NaN above all), strings and binary byte by byte, a null group is a null. *out: as many as there are rows, *n_out of
 * them; yours, free(). NL_UNSUPPORTED: a key of a type that has no order. */
int arrow_sort(const struct ArrowSchema *schema, const struct ArrowArray *batches, size_t n,
               const struct arrow_sort_key *keys, size_t n_keys, struct arrow_row **out, size_t *n_out, nl_error *err);

/* n rows of batches of one type as one array; yours. batches[i] is what rows with .batch i lie in; borrowed.
 * NL_UNSUPPORTED: a type that is not spoken, or more than 2 GiB of strings with 32-bit offsets: take fewer rows. */
int arrow_take(const struct ArrowSchema *schema, const struct ArrowArray *const *batches, size_t n_batches,
               const struct arrow_row *rows, size_t n, struct ArrowArray *out, nl_error *err);

/* About how many bytes an array's buffers hold. */
uint64_t arrow_bytes_of(const struct ArrowSchema *schema, const struct ArrowArray *a);

#endif
