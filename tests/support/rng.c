/* rng.c: splitmix64, as published by Vigna: one addition and three mixing steps a number. */
#include "support/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rng rng_seed(const char *name)
{
    const char *given = getenv("NEURALAKE_TEST_SEED");
    uint64_t seed;
    if (given && given[0]) {
        seed = strtoull(given, NULL, 0);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    fprintf(stderr, "%s: seed %" PRIu64 "\n", name, seed);
    return (struct rng){seed};
}

struct rng rng_fixed(uint64_t seed)
{
    return (struct rng){seed};
}

uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

void rng_bytes(struct rng *r, void *out, size_t n)
{
    unsigned char *p = out;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t bits = rng_next(r);
        memcpy(p + i, &bits, n - i < 8 ? n - i : 8);
    }
}
