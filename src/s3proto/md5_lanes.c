/* md5_lanes.c: the scalar twin, by OpenSSL's block function, and the choice among the kernels. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "s3proto/md5_lanes.h"

#include <openssl/md5.h>
#include <string.h>

#include "base/cpu.h"
#include "s3proto/md5_kernels.h"

/* One stream after the other. */
static void run_scalar(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks)
{
    for (size_t i = 0; i < n; i++) {
        MD5_CTX c = {.A = state[i][0], .B = state[i][1], .C = state[i][2], .D = state[i][3]};
        MD5_Update(&c, data[i], blocks * S3_MD5_BLOCK);
        state[i][0] = c.A;
        state[i][1] = c.B;
        state[i][2] = c.C;
        state[i][3] = c.D;
    }
}

const s3_md5_kernel s3_md5_kernels[] = {{"scalar", nl_cpu_any, S3_MD5_MOST_LANES, run_scalar},
#if defined(__x86_64__)
                                        {"avx2", nl_cpu_avx2, 8, s3_md5_avx2},
                                        {"avx512", nl_cpu_avx512, 16, s3_md5_avx512},
#endif
                                        {NULL, NULL, 0, NULL}};

const s3_md5_kernel *s3_md5_best(void)
{
    const s3_md5_kernel *best = s3_md5_kernels;
    for (const s3_md5_kernel *k = s3_md5_kernels; k->name; k++)
        if (k->usable())
            best = k;
    return best;
}
