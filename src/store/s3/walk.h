/* walk.h: all keys below a prefix, in their order, listed in several places at once.
 *
 *     keys       a a a a a a a a │ b b b b b │ c c c c c c │ d d …
 *     segments   ├── pages ─────▶│├── pages ▶│├── pages ──▶│├─ …       each follows its own tokens
 *                given ▲           └───── fetched ahead, kept ─────┘
 *
 * A store tells one page after the other, and each costs its latency. So a listing that goes on after a few pages is cut:
 * behind the folders that the store knows (delimiter "/"), and behind guesses (split.h) of which one key each was asked for.
 *
 * V1  A segment lists the keys behind `after`, `until` included: wherever the cuts lie, each key is given once, in order.
 * V2  At most WALK_PAGES pages are kept, and WALK_CALLS are on their way; those that come first go first.
 * V3  A short listing costs its pages: nothing is guessed before the fifth (tuning.list_split).
 * V4  A store that does not keep the order of bytes, or knows no start-after, shows at the guesses: it is not cut.
 */
#ifndef STORE_S3_WALK_H
#define STORE_S3_WALK_H

#include "store/s3/list.h"

enum { WALK_CALLS = 32, WALK_PAGES = 128, WALK_GUESSES = 64 };

/* As nl_store_list() of s3://bucket/prefix, recursively. */
int store_walk(struct store_client *c, const char *bucket, const char *prefix, nl_list_fn fn, void *ctx, nl_error *err);

#endif
