/* accept.c: one thread accepts connections and deals them out, one poll thread after the other.
 *
 * Why not the library: its poll threads accept each for themselves, as many at once as there are. Connections that come
 * together, as those of one client that sends a large object in parts, then end up with one thread, and with one core for
 * all their hashing, while the other threads have nothing to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "server/http/internal.h"

/* So much may a client of this machine send ahead while its thread hashes for another: each wait of either side for the other
 * is a switch of threads. The system takes the memory only as bytes arrive. */
#define RECEIVE_ROOM (1 << 20)

/* Nothing can be accepted just now; who waits has nothing better to do than to look again. */
static void wait_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

bool http_is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    if (a->ss_family != AF_INET6)
        return false;
    const struct in6_addr *ip = &((const struct sockaddr_in6 *)a)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(ip) || (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == 127);
}

/* Loopback only: a size that is set is never grown again, and over a far link that is all that comes in a round trip, where the
 * system would find a size that fits. */
static void make_receive_room(int fd, const struct sockaddr_storage *peer)
{
    const int room = RECEIVE_ROOM;
    if (http_is_loopback(peer))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static void *accept_all(void *arg)
{
    http_server *s = arg;
    for (size_t next = 0; !atomic_load(&s->closing);) {
        struct sockaddr_storage a = {0};
        socklen_t len = sizeof(a);
        if (http_server_connections(s) >= s->max_connections + HTTP_RESERVE) {
            wait_a_moment();
            continue;
        }
        int fd = accept4(s->listener, (struct sockaddr *)&a, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            make_receive_room(fd, &a);
            /* The daemon takes the socket, also where it fails. */
            if (MHD_add_connection(s->daemons[next], fd, (struct sockaddr *)&a, len) != MHD_YES)
                nl_log("server/http", NL_LOG_WARN, "a connection was dropped: errno %d", errno);
            next = (next + 1) % s->n_daemons;
        } else if (errno != EINTR && errno != ECONNABORTED && !atomic_load(&s->closing)) {
            wait_a_moment(); /* no descriptors, no memory */
        }
    }
    return NULL;
}

int http_accept_start(http_server *s, nl_error *err)
{
    int flags = fcntl(s->listener, F_GETFL);
    if (flags < 0 || fcntl(s->listener, F_SETFL, flags & ~O_NONBLOCK))
        return nl_fail_errno(err, errno, "cannot wait for connections");
    int rc = pthread_create(&s->acceptor, NULL, accept_all, s);
    if (rc)
        return nl_fail_errno(err, rc, "cannot start a thread");
    s->accepts = true;
    return NL_OK;
}

void http_accept_stop(http_server *s)
{
    atomic_store(&s->closing, true);
    if (s->accepts) {
        shutdown(s->listener, SHUT_RDWR); /* wakes the thread; who connects from here on is refused */
        pthread_join(s->acceptor, NULL);
        s->accepts = false;
    }
    if (s->listener >= 0)
        close(s->listener);
    s->listener = -1;
}
