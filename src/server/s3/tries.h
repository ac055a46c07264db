/* tries.h: how often the secret of a key may be guessed from one address.
 *
 *     a wrong guess ──▶ s3_tries_failed(): the pair of address and key owes S3_TRIES_STEP_NS more
 *     a request ──────▶ s3_tries_wait(): does the pair owe too much? then nothing is looked at: 503 SlowDown
 *
 * T1  While a pair owes too much, the right secret is refused too: else the answer would tell which guess was right. Debts go
 *     by the clock alone; a right guess pays nothing back.
 * T2  Memory is a table of fixed size. Whoever fills it has to own many networks: an address of IPv6 counts by its first 64
 *     bits, keys that do not exist are not counted, and the smallest debt of four makes room.
 * T3  While nobody owes anything, a request costs one look at one number.
 *
 * Threads  From any. Times are monotonic nanoseconds, given by the caller.
 */
#ifndef NL_SERVER_S3_TRIES_H
#define NL_SERVER_S3_TRIES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_TRIES_BURST   20
#define S3_TRIES_STEP_NS (2 * (int64_t)1000000000)
#define S3_TRIES_WAYS    4
#define S3_TRIES_SETS    1024

typedef struct s3_tries {
    pthread_mutex_t mutex; /* guards pairs */
    uint64_t seed;         /* of this process: nobody outside knows which pairs share a set */
    _Atomic int64_t all_paid_ns;
    struct {
        uint64_t pair;
        int64_t paid_ns; /* when its debt is paid */
    } pairs[S3_TRIES_SETS][S3_TRIES_WAYS];
} s3_tries;

/* Nobody owes anything. Released by s3_tries_free(). */
void s3_tries_init(s3_tries *t, uint64_t seed);
/* Nobody may use it any more. */
void s3_tries_free(s3_tries *t);
/* T3: does anybody owe anything? */
bool s3_tries_owed(const s3_tries *t, int64_t now_ns);
/* Seconds that this pair has to wait; 0: it may try. address: as getnameinfo() writes it. */
unsigned s3_tries_wait(s3_tries *t, const char *address, const char *key, int64_t now_ns);
void s3_tries_failed(s3_tries *t, const char *address, const char *key, int64_t now_ns);

#endif
