/* split.h: where a listing may be cut, guessed from one of its keys. Pure.
 *
 *     the last key so far   day=07/part-0412.parquet
 *     cut behind            day=1, day=2 … day=9, day=08, day=09, day=07/part-1 … part-9, part-05 … part-09, …
 *
 * Nobody tells how the keys that follow are spread, but most names count: where a digit stands, larger ones follow in its
 * place, and in a hash its letters too. A guess behind which nothing lies costs one small request, and does no harm: any
 * string may cut a listing.
 */
#ifndef STORE_S3_SPLIT_H
#define STORE_S3_SPLIT_H

#include <stddef.h>

#include "base/arena.h"

/* Places behind last and before until (NULL: no end), which keep the first prefix_len bytes of last: at most most of them, those
 * that cut off most first. They live in the arena. Returns their number; SIZE_MAX: no memory. */
size_t store_split_guess(nl_arena *arena, const char *last, size_t prefix_len, const char *until, const char **out,
                         size_t most);

#endif
