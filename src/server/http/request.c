/* request.c: one request: made when its target is known, filled when its head is here. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "server/http/internal.h"

/* Ids are distinct within a run and not guessable from one another across runs: a random start, stepped by an odd
 * constant. */
static void make_id(http_server *s, char out[static 17])
{
    uint64_t n = atomic_fetch_add(&s->id_next, 1);
    uint64_t v = s->id_base + n * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 15; i >= 0; i--, v >>= 4)
        out[i] = "0123456789ABCDEF"[v & 15];
    out[16] = '\0';
}

http_request *http_request_new(http_server *s, struct MHD_Connection *c, const char *target)
{
    http_request *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->server = s;
    r->connection = c;
    r->fd = -1;
    r->target = strdup(target);
    if (!r->target) {
        free(r);
        return NULL;
    }
    r->started_ns = nl_monotonic_ns();
    make_id(s, r->id);
    return r;
}

/* MHD's iterator over headers: counts first (headers is NULL), then fills. */
static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
    http_request *r = ctx;
    (void)kind;
    if (r->n_headers < r->header_room)
        r->headers[r->n_headers++] = (http_header){name, value ? value : ""};
    return MHD_YES;
}

int http_request_take_headers(http_request *r, const char *method)
{
    r->method = method;
    int n = MHD_get_connection_values(r->connection, MHD_HEADER_KIND, NULL, NULL);
    r->header_room = n > 0 ? (size_t)n : 0;
    r->headers = nl_arena_array(&r->arena, r->header_room, sizeof(*r->headers));
    if (!r->headers)
        return NL_NO_MEMORY;
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, take_header, r);
    size_t bytes = strlen(r->target);
    for (size_t i = 0; i < r->n_headers; i++)
        bytes += strlen(r->headers[i].name) + strlen(r->headers[i].value) + 4;
    return bytes > r->server->max_header_bytes ? NL_INVALID : NL_OK;
}

void http_request_free(http_request *r)
{
    if (r->fd >= 0)
        close(r->fd);
    nl_buf_free(&r->body);
    nl_arena_free(&r->arena);
    free(r->out_headers);
    free(r->target);
    free(r);
}

const char *http_request_method(const http_request *r)
{
    return r->method;
}

const char *http_request_target(const http_request *r)
{
    return r->target;
}

const char *http_request_id(const http_request *r)
{
    return r->id;
}

const char *http_request_host_label(const http_request *r)
{
    return r->host_label;
}

const char *http_request_header(const http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (!strcasecmp(r->headers[i].name, name))
            return r->headers[i].value;
    return NULL;
}

const http_header *http_request_headers(const http_request *r, size_t *n)
{
    *n = r->n_headers;
    return r->headers;
}

bool http_request_content_length(const http_request *r, uint64_t *out)
{
    const char *text = http_request_header(r, "Content-Length");
    return text && nl_parse_u64(text, out);
}

bool http_request_is_chunked(const http_request *r)
{
    return http_request_header(r, "Transfer-Encoding") != NULL;
}

void *http_request_data(const http_request *r)
{
    return r->data;
}

void http_request_set_data(http_request *r, void *data)
{
    r->data = data;
}

nl_arena *http_request_arena(http_request *r)
{
    return &r->arena;
}

void http_request_use_disk_thread(http_request *r)
{
    r->on_disk_thread = true;
}

void http_request_outcome(const http_request *r, struct http_outcome *out)
{
    *out = (struct http_outcome){.status = r->stage == HTTP_QUEUED ? r->status : 0,
                                 .received = r->received,
                                 .sent = r->kind == HTTP_LENGTH ? 0 : r->length,
                                 .ns = nl_monotonic_ns() - r->started_ns,
                                 .cut = r->cut};
}

void http_request_peer(const http_request *r, char out[static 64])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info ? info->client_addr : NULL;
    socklen_t len = !a ? 0 : a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (!len || getnameinfo(a, len, out, 64, NULL, 0, NI_NUMERICHOST))
        memcpy(out, "-", 2);
}
