/* md5_lanes.h: MD5 of several streams side by side, a lane of a vector each.
 *
 *     stream 0   [ block ][ block ][ block ] …      lane 0 ┐
 *     stream 1   [ block ][ block ] …               lane 1 ├─ one step of MD5 for all of them
 *     …                                             …      ┘
 *
 * A step of MD5 waits for the step before it, so one stream leaves most of a core idle; lanes fill it. The states are those
 * of s3_digest: a stream may go from lanes to s3_digest_update() and back at any block.
 */
#ifndef S3PROTO_MD5_LANES_H
#define S3PROTO_MD5_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_MD5_BLOCK      64
#define S3_MD5_MOST_LANES 16

/* One way to do it. n streams (1 to lanes), each of the same number of whole blocks: state[i] is moved on over data[i]. */
typedef struct s3_md5_kernel {
    const char *name;
    bool (*usable)(void);
    size_t lanes;
    void (*run)(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks);
} s3_md5_kernel;

/* All of them, the best last; the first one is scalar, the twin of the others. name is NULL at the end. */
extern const s3_md5_kernel s3_md5_kernels[];
/* The best that this processor has. */
const s3_md5_kernel *s3_md5_best(void);

#endif
