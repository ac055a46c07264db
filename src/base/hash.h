/* hash.h: a fast hash for tables and caches (XXH3, 64 bits). Not against adversaries: signatures use OpenSSL. */
#ifndef NL_BASE_HASH_H
#define NL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine and in every release: it may be stored. */
uint64_t nl_hash64(const void *data, size_t len);
uint64_t nl_hash64_seed(const void *data, size_t len, uint64_t seed);

#endif
