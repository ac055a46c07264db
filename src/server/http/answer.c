/* answer.c: what a handler answers, kept with the request until a poll thread can queue it with MHD. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "server/http/internal.h"

/* Up to here a file is read into memory: head and body then leave in one write, which is faster than sendfile. */
#define SMALL_FILE (64 * 1024)

void http_add_header(http_request *r, const char *name, const char *value)
{
    if (r->n_out == r->out_room) {
        size_t room = r->out_room ? 2 * r->out_room : 16;
        http_header *more = realloc(r->out_headers, room * sizeof(*more));
        if (!more) {
            r->broken = true;
            return;
        }
        r->out_headers = more;
        r->out_room = room;
    }
    http_header *h = &r->out_headers[r->n_out];
    h->name = nl_arena_strdup(&r->arena, name);
    h->value = nl_arena_strdup(&r->arena, value);
    if (h->name && h->value)
        r->n_out++;
    else
        r->broken = true;
}

void http_answer(http_request *r, unsigned status, nl_buf *body)
{
    if (r->kind != HTTP_NO_ANSWER)
        return;
    r->kind = HTTP_BYTES;
    r->status = status;
    if (body) {
        r->body = *body;
        *body = (nl_buf){0};
    }
}

void http_answer_file(http_request *r, unsigned status, int fd, uint64_t offset, uint64_t length)
{
    if (r->kind != HTTP_NO_ANSWER) {
        close(fd);
        return;
    }
    r->status = status;
    if (length <= SMALL_FILE && nl_buf_reserve(&r->body, (size_t)length, NULL) == NL_OK) {
        ssize_t got = pread(fd, r->body.data, (size_t)length, (off_t)offset);
        if (got == (ssize_t)length) {
            r->body.len = (size_t)length;
            r->kind = HTTP_BYTES;
            close(fd);
            return;
        }
    }
    r->kind = HTTP_FILE;
    r->fd = fd;
    r->offset = offset;
    r->length = length;
}

void http_answer_length(http_request *r, unsigned status, uint64_t length)
{
    if (r->kind != HTTP_NO_ANSWER)
        return;
    r->kind = HTTP_LENGTH;
    r->status = status;
    r->length = length;
}

bool http_answered(const http_request *r)
{
    return r->kind != HTTP_NO_ANSWER;
}

/* The body of an answer to HEAD: never asked for. */
static ssize_t no_body(void *ctx, uint64_t pos, char *buf, size_t max)
{
    (void)ctx, (void)pos, (void)buf, (void)max;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* MHD's response of the answer; what it takes over is no longer the request's. NULL: no memory. */
static struct MHD_Response *make_response(http_request *r)
{
    struct MHD_Response *out = NULL;
    switch (r->kind) {
    case HTTP_FILE:
        out = MHD_create_response_from_fd_at_offset64(r->length, r->fd, r->offset);
        if (out)
            r->fd = -1;
        break;
    case HTTP_LENGTH:
        out = MHD_create_response_from_callback(r->length, 4096, no_body, NULL, NULL);
        break;
    case HTTP_BYTES:
        if (r->body.len == 0)
            return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
        out = MHD_create_response_from_buffer(r->body.len, r->body.data, MHD_RESPMEM_MUST_FREE);
        if (out) {
            r->length = r->body.len;
            r->body = (nl_buf){0};
        }
        break;
    case HTTP_NO_ANSWER:
        break;
    }
    return out;
}

enum MHD_Result http_queue_answer(http_request *r)
{
    r->stage = HTTP_QUEUED;
    struct MHD_Response *response = r->broken ? NULL : make_response(r);
    if (!response) {
        r->status = 500;
        r->n_out = 0;
        response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
        if (!response)
            return MHD_NO;
    }
    /* MHD refuses values with line breaks in them: such a header is left out, never split. And empty ones: a space is none to
     * who reads. */
    for (size_t i = 0; i < r->n_out; i++)
        MHD_add_response_header(response, r->out_headers[i].name,
                                *r->out_headers[i].value ? r->out_headers[i].value : " ");
    if (r->busy || atomic_load(&r->server->closing))
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result rc = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return rc;
}
