/* lanes.h: the MD5 of bodies that arrive side by side, computed side by side (md5_lanes.h).
 *
 *     body 0   [ filled ··· ] [ waits ]┐
 *     body 1   [ filled · ]   [ waits ]├─▶ whoever has filled a second buffer hashes all that wait, a lane each
 *     body 2   [ filled ···· ][ waits ]┘
 *
 * L1  A body has at most one buffer that waits or is hashed; so its bytes go through in their order.
 * L2  Nobody waits for company: who needs his buffer hashes it with those that are there, be it alone.
 * L3  Fewer than FEW bodies are hashed as they come, without a copy; so are those beyond MOST, and short ones.
 *
 * Threads  A body belongs to one thread at a time; its buffer that waits may be hashed by another's.
 */
#ifndef NL_SERVER_S3_WIRE_LANES_H
#define NL_SERVER_S3_WIRE_LANES_H

#include "s3proto/hash.h"

enum s3_lane_state { S3_LANE_IDLE, S3_LANE_WAITS, S3_LANE_RUNS };

typedef struct s3_lane {
    s3_digest md5;
    uint8_t *fill, *other; /* two buffers; NULL: it is hashed as it comes */
    size_t filled;
    size_t odd;               /* bytes behind the last whole block that md5 has taken */
    enum s3_lane_state state; /* of `other`; guarded by the lanes' mutex, as next */
    struct s3_lane *next;     /* of those that wait */
} s3_lane;

/* Start a body of that length. It must stay where it is, and be closed. */
void s3_lane_open(s3_lane *l, uint64_t length);
void s3_lane_update(s3_lane *l, const void *data, size_t len);
/* The MD5 of everything. */
void s3_lane_final(s3_lane *l, uint8_t out[static S3_DIGEST_MAX]);
/* At any time; one that is zeroed or closed is fine. */
void s3_lane_close(s3_lane *l);

#endif
