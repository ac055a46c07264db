/* request.h: one S3 request, from its head to its answer.
 *
 *     head:   parse target ─▶ verify signature (auth.c) ─▶ route (route.c) ─▶ op->begin
 *     body:   undo chunks, hash (body.c) ─▶ op->data, or collected as text
 *     end:    hashes hold? (body.c) ─▶ op->end ─▶ answered
 *
 * R1  Nothing of a request is acted upon before its signature holds; no write is published before its body's hashes hold.
 * R2  What is not supported is NotImplemented; a query or header that would change the meaning is never ignored.
 */
#ifndef NL_SERVER_S3_REQUEST_H
#define NL_SERVER_S3_REQUEST_H

#include "base/arena.h"
#include "s3proto/names.h"
#include "s3proto/sigv4.h"
#include "s3proto/xml.h"
#include "server/http/http.h"
#include "server/s3/credentials.h"
#include "server/s3/disk/disk.h"
#include "server/s3/wire/body.h"

typedef struct s3_request s3_request;
typedef struct s3_policy s3_policy;

/* One operation. Calls that are NULL are not made. */
typedef struct s3_op {
    const char *name;
    void (*begin)(s3_request *rq); /* may answer, which ends it */
    s3_bytes_fn data;              /* ctx is the request; NULL: the body is text, collected up to text_max */
    void (*end)(s3_request *rq);   /* the body is whole and true: must answer */
    void (*drop)(s3_request *rq);  /* release state; always */
    size_t text_max;
    bool disk;            /* end waits for the disk */
    bool syncs;           /* the same, but only where the disk is durable: it is short otherwise */
    bool writes;          /* not for keys that are read-only */
    bool lists;           /* what it shows is chosen by the prefix of its query */
    bool each;            /* it names keys in its body, and asks s3_may() for each */
    bool object_checksum; /* x-amz-checksum-… speaks of the object that it makes, not of the body */
} s3_op;

struct s3_request {
    struct s3_server *server;
    http_request *http;
    nl_arena *arena;
    const char *method;
    const char *path; /* raw */
    s3_pair *query;
    size_t n_query;
    s3_pair *headers;
    size_t n_headers;
    const char *bucket_name; /* NULL: the service itself */
    const char *key;         /* NULL: the bucket itself */
    s3_bucket *bucket;       /* open, where an operation wanted it */
    const s3_op *op;
    const s3_policy *policy;  /* policy.h; NULL: there is none, or nobody has asked yet */
    bool policy_read;         /* it was asked for */
    s3_credentials *keys;     /* those of the time of its head; a reference */
    const s3_credential *who; /* NULL: it is not signed */
    s3_auth auth;
    s3_chunk_chain chain;         /* of signed chunks; seeded by the signature */
    bool want_md5;                /* begin asks for it */
    const char *checksum_default; /* begin asks for it: an algorithm's name */
    s3_body body;
    nl_buf text; /* the collected body */
    void *state; /* the operation's; from the arena */
};

/* ── what it says (request.c) ── */
const char *s3_header(const s3_request *rq, const char *name); /* NULL: none */
const char *s3_query(const s3_request *rq, const char *name);  /* NULL: none */
s3_slice s3_key(const s3_request *rq);
/* Open rq->bucket; false: answered NoSuchBucket. */
bool s3_need_bucket(s3_request *rq);
/* Zeroed state from the arena into rq->state; NULL: answered. */
void *s3_new_state(s3_request *rq, size_t size);

/* ── answering (answer.c) ── */
/* An error of errors.h by its code; message NULL: the table's. */
void s3_refuse(s3_request *rq, const char *code, const char *message);
void s3_refusef(s3_request *rq, const char *code, const char *fmt, ...) NL_PRINTF(3, 4);
/* What a lower room failed with; not_found: the code for NL_NOT_FOUND ("NoSuchKey"). */
void s3_refuse_error(s3_request *rq, const nl_error *err, const char *not_found);
/* An XML document; status of the writer is checked. */
void s3_answer_xml(s3_request *rq, unsigned status, s3_xml_writer *w, nl_buf *body);
void s3_answer_empty(s3_request *rq, unsigned status);
/* The request's id and the server's name: s3_answer_… add them, whoever answers with a file must. */
void s3_add_common_headers(s3_request *rq);
void s3_add_etag(s3_request *rq, const char *etag);
/* Before anything is known of the request. */
void s3_refuse_http(http_request *http, const char *code, const char *message);

/* ── verifying (auth.c); false: answered ── */
bool s3_authenticate(s3_request *rq);
/* May the secret of this key be tried from where the request comes (tries.h)? */
bool s3_may_try(s3_request *rq, const s3_credential *c);
/* It was tried, and was wrong. Answers nothing. */
void s3_tried_in_vain(s3_request *rq, const s3_credential *c);
/* ── rights (access.c) ── */
/* May who sent this see, or (write) change, the key (NULL: the bucket as such)? */
bool s3_may(const s3_request *rq, const char *bucket, const char *key, bool write);
/* Unsigned: may everybody read something of what is named? Whether it is what the operation reads is asked below. */
bool s3_is_open(s3_request *rq);
/* May it do the operation that was found? False: answered AccessDenied. */
bool s3_access_check(s3_request *rq);
/* ── finding the operation (route.c); NULL: answered ── */
const s3_op *s3_route(s3_request *rq);

#endif
