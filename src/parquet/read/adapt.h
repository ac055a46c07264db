/* adapt.h: columns of one schema as those of another: order, missing columns, wider types. Pure functions over Arrow.
 *
 *     from   id int32   name   address {street}   extra          to   name   id int64   note   address {street, zip}
 *
 *     plan   name ─ keep        id ─ widen        note ─ nulls        address ─ struct (street ─ keep, zip ─ nulls)
 *
 * What is safe: integers to wider ones and to doubles that hold them, float to double, decimals to more digits, dates to
 * timestamps, times, timestamps and durations to finer units, strings and binary to their other layouts, fixed binary to
 * binary, the null type to any; all of it below structs, lists and maps too.
 *
 * A1  Members of a struct are found by name or by field id; elements of a list, keys and values of a map by their place.
 * A2  What does not change is moved, not copied; validity and offsets are kept, so are the batch's rows.
 * A3  A value that its new type cannot hold is NL_INVALID, never another value; under a null anything may lie.
 * A4  Nothing is deeper than PQ_MAX_DEPTH.
 */
#ifndef NL_PARQUET_READ_ADAPT_H
#define NL_PARQUET_READ_ADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>

#include "base/arena.h"
#include "base/error.h"

#define PQ_ADAPT_ABSENT (-1)

struct pq_adapt;

/* Where the columns of one struct are in another: map[i] is the child of from that is to's child i, or PQ_ADAPT_ABSENT.
 * to->n_children entries. NL_INVALID: two of to's are the same one; by field id also a field of to that has none, or a from
 * that has none at all. */
int pq_adapt_map(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id, int64_t *map,
                 nl_error *err);
/* How a struct of the one schema becomes one of the other. The plan lives in the arena and borrows to, not from.
 * NL_INVALID: a column of types that do not fit (named with both), or one that must not be null and is missing. */
int pq_adapt_plan(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id, nl_arena *arena,
                  const struct pq_adapt **out, nl_error *err);
/* One column alone, whatever the two are called. path: how errors call it. */
int pq_adapt_plan_column(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id,
                         const char *path, nl_arena *arena, const struct pq_adapt **out, nl_error *err);
/* Does the plan leave everything as it is? */
bool pq_adapt_is_identity(const struct pq_adapt *plan);
/* A batch (moved in, also when this fails) or a column of the first schema as one of the second. Any thread. NL_INVALID: a value
 * out of range, a null where to has none; NL_UNSUPPORTED: strings of 2 GiB and more with 32-bit offsets. */
int pq_adapt_batch(const struct pq_adapt *plan, struct ArrowArray *batch, struct ArrowArray *out, nl_error *err);
/* A column of nulls, nested or not. */
int pq_adapt_nulls(const struct ArrowSchema *type, int64_t rows, struct ArrowArray *out, nl_error *err);

#endif
