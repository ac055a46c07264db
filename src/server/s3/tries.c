/* tries.c: debts of pairs of address and key, in a hash table of sets of four. */
#include "server/s3/tries.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "base/hash.h"

void s3_tries_init(s3_tries *t, uint64_t seed)
{
    memset(t->pairs, 0, sizeof(t->pairs));
    pthread_mutex_init(&t->mutex, NULL);
    atomic_init(&t->all_paid_ns, 0);
    t->seed = seed;
}

void s3_tries_free(s3_tries *t)
{
    pthread_mutex_destroy(&t->mutex);
}

/* T2. 0 is the empty entry's, and nobody's. */
static uint64_t pair_of(const s3_tries *t, const char *address, const char *key)
{
    struct in6_addr six;
    uint64_t from;
    if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
        from = nl_hash64_seed(&six, 8, t->seed);
    else
        from = nl_hash64_seed(address, strlen(address), t->seed);
    uint64_t pair = nl_hash64_seed(key, strlen(key), from);
    return pair ? pair : 1;
}

/* When the debt of a pair is paid; 0: it is not in its set. */
static int64_t paid_at(s3_tries *t, uint64_t pair)
{
    int64_t paid = 0;
    pthread_mutex_lock(&t->mutex);
    for (size_t w = 0; w < S3_TRIES_WAYS; w++)
        if (t->pairs[pair % S3_TRIES_SETS][w].pair == pair)
            paid = t->pairs[pair % S3_TRIES_SETS][w].paid_ns;
    pthread_mutex_unlock(&t->mutex);
    return paid;
}

bool s3_tries_owed(const s3_tries *t, int64_t now_ns)
{
    return now_ns < atomic_load_explicit(&t->all_paid_ns, memory_order_relaxed);
}

unsigned s3_tries_wait(s3_tries *t, const char *address, const char *key, int64_t now_ns)
{
    int64_t over = paid_at(t, pair_of(t, address, key)) - now_ns - (S3_TRIES_BURST - 1) * S3_TRIES_STEP_NS;
    return over <= 0 ? 0 : (unsigned)((over + 999999999) / 1000000000);
}

void s3_tries_failed(s3_tries *t, const char *address, const char *key, int64_t now_ns)
{
    uint64_t pair = pair_of(t, address, key);
    pthread_mutex_lock(&t->mutex);
    size_t set = pair % S3_TRIES_SETS, at = 0;
    for (size_t w = 0; w < S3_TRIES_WAYS; w++) {
        if (t->pairs[set][w].pair == pair) {
            at = w;
            break;
        }
        if (t->pairs[set][w].paid_ns < t->pairs[set][at].paid_ns)
            at = w;
    }
    bool known = t->pairs[set][at].pair == pair && t->pairs[set][at].paid_ns > now_ns;
    t->pairs[set][at].pair = pair;
    t->pairs[set][at].paid_ns = (known ? t->pairs[set][at].paid_ns : now_ns) + S3_TRIES_STEP_NS;
    if (t->pairs[set][at].paid_ns > atomic_load_explicit(&t->all_paid_ns, memory_order_relaxed))
        atomic_store_explicit(&t->all_paid_ns, t->pairs[set][at].paid_ns, memory_order_relaxed);
    pthread_mutex_unlock(&t->mutex);
}
