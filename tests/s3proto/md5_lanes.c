/* tests/s3proto/md5_lanes.c: every kernel against OpenSSL: every number of streams, of blocks, and where they begin. */
#include "s3proto/md5_lanes.h"

#include <string.h>

#include "base/str.h"
#include "s3proto/hash.h"
#include "support/check.h"
#include "support/rng.h"

#define MOST_BLOCKS 9

/* RFC 1321, A.5, and the block boundaries: through whole blocks by lanes, and the rest by the digest. */
static void streams_agree_with_openssl(void **state)
{
    static uint8_t bytes[S3_MD5_MOST_LANES][MOST_BLOCKS * S3_MD5_BLOCK + S3_MD5_BLOCK + 1];
    struct rng r = rng_seed("md5_lanes");
    (void)state;
    rng_bytes(&r, bytes, sizeof(bytes));
    for (const s3_md5_kernel *k = s3_md5_kernels; k->name; k++) {
        if (!k->usable()) {
            print_message("%s: not on this processor\n", k->name);
            continue;
        }
        for (size_t n = 1; n <= k->lanes; n++)
            for (size_t blocks = 0; blocks <= MOST_BLOCKS; blocks++) {
                s3_digest lanes[S3_MD5_MOST_LANES], whole;
                uint32_t *words[S3_MD5_MOST_LANES];
                const uint8_t *data[S3_MD5_MOST_LANES];
                uint8_t got[S3_DIGEST_MAX], want[S3_DIGEST_MAX];
                size_t rest = rng_below(&r, S3_MD5_BLOCK), from = blocks % 2; /* no alignment is promised */
                for (size_t i = 0; i < n; i++) {
                    s3_digest_open(&lanes[i], S3_MD5);
                    words[i] = s3_md5_words(&lanes[i]);
                    data[i] = bytes[i] + from;
                }
                check_why("%s, %zu streams of %zu blocks and %zu bytes", k->name, n, blocks, rest);
                k->run(words, data, n, blocks);
                for (size_t i = 0; i < n; i++) {
                    s3_md5_count(&lanes[i], blocks * S3_MD5_BLOCK);
                    s3_digest_update(&lanes[i], data[i] + blocks * S3_MD5_BLOCK, rest);
                    s3_digest_final(&lanes[i], got);
                    s3_digest_open(&whole, S3_MD5);
                    s3_digest_update(&whole, data[i], blocks * S3_MD5_BLOCK + rest);
                    s3_digest_final(&whole, want);
                    CHECK_MEM(got, want, 16);
                }
            }
    }
    check_why("%s", "");
}

/* The count of bytes goes beyond 2^32 bits. */
static void lengths_beyond_512_mib(void **state)
{
    s3_digest a, b;
    uint8_t piece[1 << 16] = {0}, got[S3_DIGEST_MAX], want[S3_DIGEST_MAX];
    (void)state;
    s3_digest_open(&a, S3_MD5);
    s3_digest_open(&b, S3_MD5);
    s3_digest_update(&a, piece, sizeof(piece));
    s3_digest_update(&b, piece, sizeof(piece));
    s3_md5_count(&a, UINT64_C(600) << 20);
    for (int i = 0; i < 6; i++)
        s3_md5_count(&b, UINT64_C(100) << 20);
    s3_digest_final(&a, got);
    s3_digest_final(&b, want);
    CHECK_MEM(got, want, 16);
    s3_digest_update(&b, piece, sizeof(piece));
    s3_digest_final(&b, want);
    CHECK(memcmp(got, want, 16) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_agree_with_openssl),
        cmocka_unit_test(lengths_beyond_512_mib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
