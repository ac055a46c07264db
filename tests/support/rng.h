/* rng.h: random numbers for tests, repeatable. rng_seed() prints the seed; NEURALAKE_TEST_SEED=… repeats a run. */
#ifndef TEST_SUPPORT_RNG_H
#define TEST_SUPPORT_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* A generator from NEURALAKE_TEST_SEED, else from the clock; prints "name: seed N" on standard error. */
struct rng rng_seed(const char *name);
/* A generator of a fixed seed: prints nothing. */
struct rng rng_fixed(uint64_t seed);
/* 64 random bits (splitmix64). */
uint64_t rng_next(struct rng *r);
/* Uniform in 0 … n - 1; n is not 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Uniform in 0 … 1, without 1. */
double rng_unit(struct rng *r);
/* n random bytes. */
void rng_bytes(struct rng *r, void *out, size_t n);

#endif
