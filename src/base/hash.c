/* hash.c: the one place that includes xxhash, compiled in: no library to load for it. */
#define XXH_INLINE_ALL
#include "base/hash.h"

#include <xxhash.h>

uint64_t nl_hash64(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}

uint64_t nl_hash64_seed(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

uint64_t nl_xxh64(const void *data, size_t len)
{
    return XXH64(data, len, 0); /* NOLINT(clang-analyzer-core.NonNullParamChecker): of no bytes nothing is read */
}
