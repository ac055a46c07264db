/* http.h: one small question to a service that gives credentials.
 *
 * G1  Redirects are not followed: a token goes to the host that was meant, or nowhere.
 * G2  An answer is at most 256 KiB, and every exchange has an end (connect_ms, total_ms).
 * G3  Messages name scheme and host, never path, headers or bodies.
 */
#ifndef STORE_CREDENTIALS_HTTP_H
#define STORE_CREDENTIALS_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cancel.h"

struct store_http_request {
    const char *method, *url;
    const char *const *headers; /* n_headers of "Name: value" */
    size_t n_headers;
    const void *body; /* of a POST; NULL: none */
    size_t body_len;
    const char *ca_bundle; /* NULL: the system's */
    bool direct;           /* not through a proxy of the environment: link-local and loopback services */
    unsigned connect_ms, total_ms;
    unsigned attempts; /* 0: 1; more for what heals: no answer, 429, 5xx */
    unsigned retry_ms; /* the first wait between them, each later one twice as long */
    nl_cancel *cancel; /* looked at twenty times a second; may be NULL */
};

struct store_http_answer {
    int status;
    nl_buf body; /* wiped and freed by store_http_answer_free() */
};

/* Ask; any status is NL_OK. NL_IO: no whole answer came, with the reason; NL_CANCELLED. out is to be freed in any case. Blocks. */
int store_http(const struct store_http_request *q, struct store_http_answer *out, nl_error *err);
void store_http_answer_free(struct store_http_answer *a);

/* "https://host:port" of a URL, for messages; the rest is left out. */
void store_http_place(const char *url, char out[static 320]);
/* Does this URL lead to this machine (127.0.0.0/8, ::1, localhost)? */
bool store_http_loopback(const char *url);

#endif
