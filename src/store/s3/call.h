/* call.h: one S3 request on its way, its attempts and its answer.
 *
 *              new ──submit──▶ QUEUED ──slot──▶ ACTIVE ──answer──▶ DONE ──free──▶
 *                                 ▲                ├──────────▶ ASKING: other keys, or another region, may heal it
 *                                 ├──── DELAYED ◀──┘ a failure    │ who waits for it does that (store_mend)
 *                                 │        that may heal          ▼
 *                                 └───────────────────────────── MENDING ──in vain──▶ DONE
 *
 * H1  Until a call is submitted, and once it is DONE, it belongs to who made it; in between to the I/O thread, and others
 *     touch only what is marked (M), under the client's mutex, and `cancelled`.
 * H2  A call holds a reference to the block that it fills: dropped calls leave no pointer behind. body is borrowed: who
 *     lent it waits until the call is DONE (store_call_finish), also after a cancel.
 * H3  A call that is ASKING belongs to who made it, as a DONE one does; MENDING to the thread that waits for it.
 * H4  The answer's body goes to the block for 2xx where there is one, or to the file; otherwise into text, which is cut at
 *     text_max.
 */
#ifndef STORE_S3_CALL_H
#define STORE_S3_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "base/cancel.h"
#include "base/io/source.h"
#include "s3proto/uri.h"
#include "s3proto/xml.h"
#include "store/credentials/credentials.h"
#include "store/s3/checksum.h"

struct store_client;
struct store_endpoint;

/* What the headers of the answer said. */
struct store_reply {
    int http;                    /* 0: no answer came */
    bool whole;                  /* the empty line behind its headers came */
    uint64_t length;             /* Content-Length; UINT64_MAX: none */
    uint64_t first, last, total; /* Content-Range; total UINT64_MAX: none */
    int64_t modified;            /* Last-Modified; 0: none */
    int64_t retry_after;         /* seconds; -1: none */
    char etag[72];               /* without quotes */
    char request_id[80], bucket_region[64], write_id[40];
    struct store_checksum checksum; /* of the whole object; len 0: none */
};

/* What to ask for; everything is copied but body and block. */
struct store_request {
    const char *method;
    const char *bucket, *key; /* NULL: none */
    const char *url;          /* instead of both: an address of the web (web/url.h), asked for as it is; not signed */
    const char *url_name;     /* and what messages call it */
    const s3_pair *query;
    size_t n_query;
    const s3_pair *headers; /* beyond host, date, payload hash and token */
    size_t n_headers;
    const void *body; /* H2; NULL: none, which for PUT and POST is an empty one */
    size_t body_len;
    nl_block *block; /* where a 2xx body goes, from `at` on, `room` bytes at most; takes a reference */
    size_t at, room;
    size_t block_max; /* instead of block: one of the answer's length is made, at most this long */
    bool to_file;     /* instead of block: room bytes of fd, which is borrowed as body is, from file_at on (tofile.h) */
    bool file_hashed; /* on the way there, into the call's sum */
    int fd;
    uint64_t file_at;
    bool keep_head;    /* of a HEAD: the answer's lines go into text */
    bool error_in_200; /* a 200 may hold an <Error>: copies and completions */
    bool steady;       /* nl_store_interrupt() leaves it alone: without its answer nobody could undo it */
};

/* Why a failure that may heal was not tried again. */
enum store_given_up { STORE_NOT_GIVEN_UP, STORE_NO_ATTEMPT_LEFT, STORE_NO_BUDGET, STORE_NO_TIME, STORE_TOLD_TO_WAIT };

enum store_call_state {
    STORE_CALL_NEW,
    STORE_CALL_QUEUED,
    STORE_CALL_ACTIVE,
    STORE_CALL_DELAYED,
    STORE_CALL_ASKING,
    STORE_CALL_MENDING,
    STORE_CALL_DONE
};

struct store_call {
    struct store_client *client;
    struct store_call *next;     /* in the queue, or among the delayed */
    enum store_call_state state; /* (M) */
    uint64_t serial;             /* (M): how many were submitted before it */
    bool abandoned;              /* (M): nobody waits; the I/O thread frees it */
    atomic_bool cancelled;
    pthread_cond_t done; /* (M) */

    /* The request. */
    nl_arena arena;
    struct store_request request;
    const char *uri; /* "s3://bucket/key": for messages */
    const char *url, *host, *path;
    const char *payload; /* the value of x-amz-content-sha256 */
    s3_pair *headers;    /* all that are signed; n_headers of them */
    size_t n_headers;
    struct curl_slist *lines;              /* as libcurl wants them, in the arena */
    int64_t signed_at;                     /* seconds since 1970 */
    const struct store_endpoint *endpoint; /* of the client, or of the bucket's own region */
    const char *region;
    struct store_keys *keys; /* a reference; NULL: not signed */
    bool mended_keys, mended_region;
    const char *mend_failed; /* why other keys could not be had; NULL */

    /* The attempts, the I/O thread's. */
    CURL *easy;
    unsigned attempts;
    int64_t ends;  /* nl_monotonic_ns() at which the whole request has failed; 0: it was not started yet */
    unsigned paid; /* tokens of the budget that its last retry took */
    enum store_given_up given_up;
    int64_t due; /* DELAYED: nl_monotonic_ns() of the next attempt */
    size_t sent, received;
    bool sent_again; /* more than once in one attempt, by libcurl itself */
    int failed;      /* an nl_status of our own: an allocation, or an answer longer than asked for */

    /* The answer. */
    struct store_reply reply;
    CURLcode curl;
    long os_errno;
    char curl_message[CURL_ERROR_SIZE];
    nl_bytes bytes; /* the 2xx body in the block; the call's own reference */
    nl_buf text;
    uint8_t *stage;       /* to_file: what is not in the file yet, and how much */
    size_t staged, filed; /* and what is */
    s3_digest digest;
    struct store_checksum sum; /* of a whole body that went to a file */
    int file_errno;
    atomic_bool verified; /* its checksum, by who waited first */
};

/* Make and sign a call. NL_DENIED and others: from the settings. *out is yours. */
int store_call_new(struct store_client *c, const struct store_request *r, struct store_call **out, nl_error *err);
/* Host, path and URL from the call's endpoint. */
int store_call_address(struct store_call *call, nl_error *err);
/* Sign with the call's keys and the present time; also by the I/O thread where a call waited too long. Any thread that
 * owns the call. */
int store_call_sign(struct store_call *call, nl_error *err);
/* Release a call that is new or DONE. NULL is fine. */
void store_call_free(struct store_call *call);

/* Hand it to the I/O thread, which is started where it is not running. On failure the call is still yours and new. */
int store_call_submit(struct store_call *call, nl_error *err);
/* Wait until it is DONE, and mend it on the way where it asks for that. NL_CANCELLED: the token was set, and the call goes on. Any thread, several at a time. */
int store_call_wait(struct store_call *call, nl_cancel *cancel, nl_error *err);
/* Is it DONE? Any thread; waits for nothing. */
bool store_call_ended(struct store_call *call);
/* Cancel where it is not DONE, wait until nothing touches its body, and free it. NULL is fine. */
void store_call_finish(struct store_call *call);
/* Nobody wants it any more: does not wait. body must be NULL. NULL is fine. */
void store_call_drop(struct store_call *call);

/* NL_OK where the answer is a 2xx; else the error with all that is known. Of a DONE call. */
int store_call_result(const struct store_call *call, nl_error *err);
/* The S3 code in the error's body, "" where there is none. No parsing of XML: a search. */
void store_call_code(const struct store_call *call, char out[static 64]);
/* Parse the XML of an answer, whose root is to be called so. NL_IO where it is not that: the fault is the peer's. */
int store_reply_xml(nl_arena *arena, const nl_buf *text, const char *root_name, s3_xml_node **root, nl_error *err);
/* May other keys (ours ended), or another region (the bucket is there), turn this answer into a good one? Each once. */
bool store_mend_wanted(const struct store_call *call);
/* Get them, sign again. NL_OK: submit it again. May ask services, so never on the I/O thread; no lock is held. */
int store_mend(struct store_call *call);
/* New, submit, wait, result. *out is set whenever an answer came, also on failure, and then yours; otherwise NULL. */
int store_call_run(struct store_client *c, const struct store_request *r, struct store_call **out, nl_error *err);

/* ── pieces of the I/O thread, apart for the tests ── */

/* One line of the answer's head, with or without its line end. A status line starts the reply afresh. */
void store_reply_line(struct store_reply *r, const char *line, size_t len);
/* Was the request sent more than once, so that an answer may have been lost? */
static inline bool store_call_repeated(const struct store_call *call)
{
    return call->attempts > 1 || call->sent_again || !call->request.body_len;
}
/* May this attempt's end heal by trying again? */
bool store_retry_heals(const struct store_call *call);
/* How long to wait before attempt number `attempts` + 1 (attempts of them failed), in nanoseconds: random (0..2^32 - 1)
 * picks from 0 … min(most, base × 2^(attempts - 1)); a Retry-After (seconds, -1: none) is the least. -1: give up (it asks
 * for more than a minute). */
int64_t store_retry_delay(unsigned attempts, unsigned base_ms, unsigned most_ms, int64_t retry_after, uint32_t random);

/* The budget for retries, as the AWS SDKs' standard mode has it: a retry takes tokens, a success gives some back. A store
 * that fails most of what it is asked soon gets each request once only, and is not hammered. The I/O thread's. */
enum { STORE_BUDGET = 500 };
struct store_budget {
    unsigned tokens, most;
};
/* What a retry after this attempt's end costs: 10 where time ran out, otherwise 5. */
unsigned store_budget_cost(const struct store_call *call);
/* Take the tokens; false, and nothing taken, where there are not enough. */
bool store_budget_take(struct store_budget *b, unsigned cost);
/* A call succeeded, and its last retry had paid so many tokens (0: it needed none). */
void store_budget_give(struct store_budget *b, unsigned paid);

#endif
