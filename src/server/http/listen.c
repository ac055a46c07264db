/* listen.c: the listening socket, and the names under which it is known. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server/http/host.h"
#include "server/http/internal.h"

/* Bind and listen on one address. Returns the socket, or -1 with errno. */
static int listen_on(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 1024) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int http_listen(const char *host, int port, int *fd, nl_error *err)
{
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list;
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc)
        return nl_fail(err, NL_INVALID, "cannot listen on %s: %s", host, gai_strerror(rc));
    *fd = -1;
    int saved = 0;
    for (const struct addrinfo *a = list; a && *fd < 0; a = a->ai_next) {
        *fd = listen_on(a);
        if (*fd < 0)
            saved = errno;
    }
    freeaddrinfo(list);
    if (*fd >= 0)
        return NL_OK;
    if (saved == EADDRINUSE) {
        nl_fail(err, NL_CONFLICT, "%s:%d is in use", host, port);
        nl_hint(err, "another program listens there: choose another port with --listen %s:PORT (0: a free one)", host);
        return NL_CONFLICT;
    }
    return nl_fail_errno(err, saved, "cannot listen on %s:%d", host, port);
}

/* Is the address one of loopback's, or the wildcard? */
static void classify(http_server *s, const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) {
        uint32_t ip = ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr);
        s->loopback = ip >> 24 == 127;
        s->wildcard = ip == 0;
    } else if (a->ss_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
        s->loopback = IN6_IS_ADDR_LOOPBACK(ip);
        s->wildcard = IN6_IS_ADDR_UNSPECIFIED(ip);
    }
}

/* Add a known name, in lower case. */
static int add_name(http_server *s, const char *name, nl_error *err)
{
    char lower[HTTP_HOST_MAX + 1];
    char bracketed[HTTP_HOST_MAX + 3];
    snprintf(bracketed, sizeof(bracketed), strchr(name, ':') ? "[%s]" : "%s", name);
    if (strlen(name) > HTTP_HOST_MAX || !http_host_name(bracketed, lower))
        return nl_fail(err, NL_INVALID, "\"%s\" is no host name", name);
    s->hosts[s->n_hosts] = strdup(lower);
    if (!s->hosts[s->n_hosts])
        return nl_fail_memory(err);
    s->n_hosts++;
    return NL_OK;
}

int http_learn_names(http_server *s, const struct http_server_options *o, int fd, nl_error *err)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof(a);
    char address[NI_MAXHOST], port[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&a, &len))
        return nl_fail_errno(err, errno, "cannot learn the listen address");
    if (getnameinfo((struct sockaddr *)&a, len, address, sizeof(address), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return nl_fail(err, NL_IO, "cannot learn the listen address");
    classify(s, &a);
    s->hosts = calloc(o->n_host_names + 5, sizeof(*s->hosts));
    if (!s->hosts)
        return nl_fail_memory(err);
    const char *const always[] = {"localhost", "127.0.0.1", "::1", address, o->host};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        int rc = add_name(s, always[i], err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < o->n_host_names; i++) {
        int rc = add_name(s, o->host_names[i], err);
        if (rc)
            return rc;
    }
    /* A wildcard cannot be connected to by name: show what works on this machine. */
    const char *shown = s->wildcard ? (a.ss_family == AF_INET6 ? "::1" : "127.0.0.1") : address;
    bool v6 = strchr(shown, ':') != NULL;
    if (asprintf(&s->url, "%s://%s%s%s:%s", o->tls_cert ? "https" : "http", v6 ? "[" : "", shown, v6 ? "]" : "", port) <
        0) {
        s->url = NULL;
        return nl_fail_memory(err);
    }
    return NL_OK;
}
