/* cancel.c: the token and its list of waiters.
 *
 * Why a set cannot be missed (C2): a waiter links itself in, locks its own mutex, and looks at the flag under that mutex
 * before it waits. nl_cancel_set() raises the flag, then walks the list and broadcasts under each waiter's mutex: it
 * comes before the look (the waiter sees the flag) or during the wait (the waiter is woken).
 */
#include "base/cancel.h"

void nl_cancel_init(nl_cancel *c)
{
    atomic_init(&c->set, false);
    pthread_mutex_init(&c->mutex, NULL);
    c->watchers = NULL;
}

void nl_cancel_destroy(nl_cancel *c)
{
    pthread_mutex_destroy(&c->mutex);
}

void nl_cancel_set(nl_cancel *c)
{
    atomic_store(&c->set, true);
    pthread_mutex_lock(&c->mutex);
    for (struct nl_cancel_watch *w = c->watchers; w; w = w->next) {
        pthread_mutex_lock(w->mutex);
        pthread_cond_broadcast(w->cond);
        pthread_mutex_unlock(w->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
}

int nl_cancel_check(const nl_cancel *c, nl_error *err)
{
    return nl_cancelled(c) ? nl_fail(err, NL_CANCELLED, "cancelled") : NL_OK;
}

void nl_cancel_watch(nl_cancel *c, struct nl_cancel_watch *w)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    w->next = c->watchers;
    c->watchers = w;
    pthread_mutex_unlock(&c->mutex);
}

void nl_cancel_unwatch(nl_cancel *c, struct nl_cancel_watch *w)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    for (struct nl_cancel_watch **at = &c->watchers; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    pthread_mutex_unlock(&c->mutex);
}
