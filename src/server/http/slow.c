/* slow.c: H6: clients that send a head so slowly that each byte begins the library's idle timeout anew.
 *
 *     connection ──▶ waiting ──head whole──▶ in a request ──over──▶ waiting …        waiting too long ──▶ shut down
 *
 * A thread looks every quarter of the timeout. It only shuts the socket down: the library then sees the end of the stream and
 * does the rest. Idle connections are closed by the library at about the same time. Bodies and answers may be as slow as
 * they like as long as they move; how many there can be is what max_connections limits.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/http/internal.h"

struct http_client *http_slow_add(http_server *s, int fd, bool over)
{
    struct http_client *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->fd = fd;
    c->over = over;
    c->waiting_since = nl_monotonic_ns();
    pthread_mutex_lock(&s->slow_mutex);
    c->next = s->clients;
    if (c->next)
        c->next->prev = c;
    s->clients = c;
    pthread_mutex_unlock(&s->slow_mutex);
    return c;
}

void http_slow_remove(http_server *s, struct http_client *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&s->slow_mutex);
    *(c->prev ? &c->prev->next : &s->clients) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&s->slow_mutex);
    free(c);
}

void http_slow_mark(http_server *s, struct http_client *c, bool waits)
{
    if (!c)
        return;
    int64_t now = waits ? nl_monotonic_ns() : 0;
    pthread_mutex_lock(&s->slow_mutex);
    c->waiting_since = now;
    pthread_mutex_unlock(&s->slow_mutex);
}

/* With the mutex held, under which no connection is closed: a descriptor of the list is a connection's. */
static void shut_slow_ones(http_server *s)
{
    int64_t now = nl_monotonic_ns();
    for (struct http_client *c = s->clients; c; c = c->next)
        if (c->waiting_since && now - c->waiting_since > s->patience_ns) {
            nl_log("server/http", NL_LOG_INFO, "a connection that sends no whole head is closed");
            shutdown(c->fd, SHUT_RDWR);
            c->waiting_since = 0;
        }
}

static void *watch(void *arg)
{
    http_server *s = arg;
    pthread_mutex_lock(&s->slow_mutex);
    while (!s->slow_stop) {
        struct timespec until;
        int64_t at = nl_monotonic_ns() + s->patience_ns / 4;
        until = (struct timespec){at / 1000000000, (long)(at % 1000000000)};
        pthread_cond_timedwait(&s->slow_end, &s->slow_mutex, &until);
        shut_slow_ones(s);
    }
    pthread_mutex_unlock(&s->slow_mutex);
    return NULL;
}

int http_slow_start(http_server *s, nl_error *err)
{
    int rc = pthread_create(&s->slow_thread, NULL, watch, s);
    if (rc)
        return nl_fail_errno(err, rc, "cannot start a thread");
    s->slow_runs = true;
    return NL_OK;
}

void http_slow_stop(http_server *s)
{
    if (!s->slow_runs)
        return;
    pthread_mutex_lock(&s->slow_mutex);
    s->slow_stop = true;
    pthread_cond_signal(&s->slow_end);
    pthread_mutex_unlock(&s->slow_mutex);
    pthread_join(s->slow_thread, NULL);
    s->slow_runs = false;
}
