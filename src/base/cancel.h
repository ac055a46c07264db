/* cancel.h: one token a query. Checked between pages and before every wait; setting it wakes everybody who waits.
 *
 * C1  Once set, a token stays set.
 * C2  Who waits on a condition variable registers it first (nl_cancel_watch), so that a set cannot be missed.
 */
#ifndef NL_BASE_CANCEL_H
#define NL_BASE_CANCEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/* A waiter: links a condition variable (and the mutex that guards it) into the token's list. Lives on the stack. */
struct nl_cancel_watch {
    pthread_mutex_t *mutex;
    pthread_cond_t *cond;
    struct nl_cancel_watch *next;
};

typedef struct nl_cancel {
    atomic_bool set;
    pthread_mutex_t mutex;
    struct nl_cancel_watch *watchers;
} nl_cancel;

/* c is the caller's memory, and stays where it is until nl_cancel_destroy(). */
void nl_cancel_init(nl_cancel *c);
/* Nobody may be registered. */
void nl_cancel_destroy(nl_cancel *c);
/* Set the token and wake all watchers. Any thread, holding no waiter's mutex; not from a signal handler: let a thread
 * wait for the signal with sigwait() and call this. */
void nl_cancel_set(nl_cancel *c);
/* NULL is a token that is never set. */
static inline bool nl_cancelled(const nl_cancel *c)
{
    return c && atomic_load_explicit(&c->set, memory_order_relaxed);
}
/* NL_OK, or NL_CANCELLED with "cancelled". */
int nl_cancel_check(const nl_cancel *c, nl_error *err);
/* Register before locking w->mutex, unregister after unlocking it (lock order: token, then waiter). c may be NULL. */
void nl_cancel_watch(nl_cancel *c, struct nl_cancel_watch *w);
void nl_cancel_unwatch(nl_cancel *c, struct nl_cancel_watch *w);

#endif
