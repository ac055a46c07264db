/* hash.h: a fast hash for tables and caches (XXH3, 64 bits). Not against adversaries: signatures use OpenSSL. */
#ifndef NL_BASE_HASH_H
#define NL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine and in every release: it may be stored. */
uint64_t nl_hash64(const void *data, size_t len);
uint64_t nl_hash64_seed(const void *data, size_t len, uint64_t seed);

/* XXH64, of seed 0: what Parquet's bloom filters are made of. */
uint64_t nl_xxh64(const void *data, size_t len);

#endif
