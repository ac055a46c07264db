/* tests/server/s3/wire/lanes.c: bodies side by side have the MD5s that they have alone, whatever the pieces in which they come,
 * from one thread or several, and though some break off. */
#include "server/s3/wire/lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

#define MOST_BODIES 40 /* more than get buffers */
#define BODY        ((size_t)1200 * 1024)

static uint8_t bytes[BODY + MOST_BODIES];

struct body {
    s3_lane lane;
    size_t at, size;
    const uint8_t *from;
    bool breaks_off, over;
};

static void open_body(struct body *b, int i, size_t size)
{
    *b = (struct body){.size = size, .from = bytes + i, .breaks_off = i % 7 == 3};
    s3_lane_open(&b->lane, size);
}

static void end_body(struct body *b)
{
    s3_digest d;
    uint8_t got[S3_DIGEST_MAX], want[S3_DIGEST_MAX];
    if (!b->breaks_off) {
        s3_lane_final(&b->lane, got);
        s3_digest_open(&d, S3_MD5);
        s3_digest_update(&d, b->from, b->size);
        s3_digest_final(&d, want);
        CHECK_MEM(got, want, 16);
    }
    s3_lane_close(&b->lane);
    s3_lane_close(&b->lane); /* a second time is fine */
    b->over = true;
}

/* The next piece; the last one ends it. */
static void feed(struct body *b, size_t piece)
{
    size_t n = piece < b->size - b->at ? piece : b->size - b->at;
    s3_lane_update(&b->lane, b->from + b->at, n);
    b->at += n;
    if (b->at == b->size || (b->breaks_off && b->at > b->size / 2))
        end_body(b);
}

static const struct mix {
    const char *why;
    int bodies;
    size_t size, piece; /* piece 0: of random lengths */
} mixes[] = {
    {"one alone", 1, BODY, 24000},
    {"two", 2, BODY, 24000},
    {"four", 4, BODY, 24000},
    {"eight, by the block", 8, BODY, 4096},
    {"odd pieces", 9, BODY, 24001},
    {"random pieces", 17, BODY, 0},
    {"more than get buffers", 40, BODY, 0},
    {"short ones", 8, 1000, 0},
    {"empty ones", 5, 0, 1},
    {"whole buffers", 6, (size_t)32768 * 40, 32768},
};

static void mixes_agree(void **state)
{
    static struct body bodies[MOST_BODIES];
    struct rng r = rng_seed("lanes");
    (void)state;
    rng_bytes(&r, bytes, sizeof(bytes));
    for (size_t i = 0; i < NL_LEN(mixes); i++) {
        const struct mix *m = &mixes[i];
        size_t size = m->size < BODY ? m->size : BODY;
        int left = m->bodies;
        check_why("%s", m->why);
        for (int k = 0; k < m->bodies; k++)
            open_body(&bodies[k], k, size);
        while (left > 0)
            for (int k = 0; k < m->bodies; k++)
                if (!bodies[k].over) {
                    feed(&bodies[k], m->piece ? m->piece : 1 + rng_below(&r, 60000));
                    left -= bodies[k].over;
                }
    }
    check_why("%s", "");
}

/* One body after the other, each with a fate of its own; the threads meet in the lanes. */
static void *many_bodies(void *arg)
{
    struct rng r = rng_fixed((uint64_t)(uintptr_t)arg + 1);
    for (int i = 0; i < 6; i++) {
        struct body b[3];
        int left = 3;
        for (int k = 0; k < 3; k++)
            open_body(&b[k], i + 3 * k, BODY);
        while (left > 0)
            for (int k = 0; k < 3; k++)
                if (!b[k].over) {
                    feed(&b[k], 1 + rng_below(&r, 100000));
                    left -= b[k].over;
                }
    }
    return NULL;
}

static void threads_meet(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (uintptr_t i = 0; i < NL_LEN(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, many_bodies, (void *)i) == 0);
    for (size_t i = 0; i < NL_LEN(threads); i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mixes_agree), cmocka_unit_test(threads_meet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
