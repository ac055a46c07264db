/* http.c: see http.h. libcurl's easy interface, on the caller's thread: an exchange an hour needs no pool. */
#include "store/credentials/http.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "store/s3/endpoint.h"

enum { most_body = 256 << 10 };

struct exchange {
    struct store_http_answer *answer;
    bool too_long;
    int failed; /* an allocation of ours */
    bool head_ended;
};

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size * n;
    x->too_long = len > most_body - x->answer->body.len;
    if (!x->too_long)
        x->failed = nl_buf_append(&x->answer->body, data, len, NULL);
    return x->too_long || x->failed ? len + 1 : len;
}

/* The empty line behind the headers: without it the connection's end has cut them off, which libcurl does not tell. */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    x->head_ended |= *line == '\r' || *line == '\n';
    return size * n;
}

void store_http_place(const char *url, char out[static 320])
{
    const char *mark = strstr(url, "://"), *host = mark ? mark + 3 : url;
    size_t len = (size_t)(host - url) + strcspn(host, "/?#");
    if (len > 319)
        len = 319;
    memcpy(out, url, len);
    out[len] = 0;
}

bool store_http_loopback(const char *url)
{
    char place[320];
    store_http_place(url, place);
    struct store_settings s = {.endpoint_url = place, .region = "us-east-1"};
    struct store_endpoint e;
    return !store_endpoint_parse(&s, &e, NULL) && e.loopback;
}

void store_http_answer_free(struct store_http_answer *a)
{
    if (a->body.data)
        explicit_bzero(a->body.data, a->body.len);
    nl_buf_free(&a->body);
    a->status = 0;
}

static bool set_options(CURL *e, const struct store_http_request *q, struct exchange *x, struct curl_slist *headers)
{
    /* Each fails for want of memory only. */
    CURLcode rc = curl_easy_setopt(e, CURLOPT_URL, q->url);
    if (!rc && q->body)
        rc = curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body);
    if (!rc && q->body)
        rc = curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)q->body_len);
    if (!rc && strcmp(q->method, q->body ? "POST" : "GET") != 0)
        rc = curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
    if (!rc && q->ca_bundle)
        rc = curl_easy_setopt(e, CURLOPT_CAINFO, q->ca_bundle);
    if (!rc && q->direct)
        rc = curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    if (!rc)
        rc = curl_easy_setopt(e, CURLOPT_USERAGENT, "neuralake");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L); /* G1 */
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_ms);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->total_ms);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    return !rc;
}

static struct curl_slist *make_headers(const struct store_http_request *q)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; list && i < q->n_headers; i++) {
        struct curl_slist *more = curl_slist_append(list, q->headers[i]);
        if (!more)
            curl_slist_free_all(list);
        list = more;
    }
    return list;
}

static int no_answer(const struct store_http_request *q, const struct exchange *x, CURLcode code, long os_errno,
                     nl_error *err)
{
    char place[320];
    store_http_place(q->url, place);
    if (x->failed || code == CURLE_OUT_OF_MEMORY)
        return nl_fail_memory(err);
    if (x->too_long)
        return nl_fail(err, NL_IO, "%s: the answer is longer than %d KiB", place, most_body >> 10);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return nl_fail(err, NL_IO, "%s: no answer in time", place);
    if (code == CURLE_COULDNT_CONNECT && os_errno)
        return nl_fail(err, NL_IO, "%s: %s", place, strerrordesc_np((int)os_errno));
    return nl_fail(err, NL_IO, "%s: %s", place, curl_easy_strerror(code));
}

enum { look_ms = 50 };

/* As curl_easy_perform(), until the token is set: what is returned then says nothing. */
static CURLcode perform(CURL *e, const nl_cancel *cancel)
{
    CURLM *m = curl_multi_init();
    if (!m || curl_multi_add_handle(m, e) != CURLM_OK) {
        curl_multi_cleanup(m);
        return CURLE_OUT_OF_MEMORY;
    }
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, left;
    while (running && !nl_cancelled(cancel)) {
        curl_multi_perform(m, &running);
        if (running)
            curl_multi_poll(m, NULL, 0, look_ms, NULL);
    }
    for (CURLMsg *msg; (msg = curl_multi_info_read(m, &left));)
        if (msg->msg == CURLMSG_DONE)
            code = msg->data.result;
    curl_multi_remove_handle(m, e);
    curl_multi_cleanup(m);
    return code;
}

/* False: the token was set. */
static bool pause_for(uint64_t ms, const nl_cancel *cancel)
{
    for (uint64_t left = ms, n; left && !nl_cancelled(cancel); left -= n) {
        n = left < look_ms ? left : look_ms;
        struct timespec pause = {0, (long)n * 1000000};
        nanosleep(&pause, NULL);
    }
    return !nl_cancelled(cancel);
}

static int ask_once(const struct store_http_request *q, struct store_http_answer *out, nl_error *err)
{
    struct exchange x = {.answer = out};
    CURL *e = curl_easy_init();
    struct curl_slist *headers = make_headers(q);
    int rc = NL_OK;
    store_http_answer_free(out);
    if (!e || !headers || !set_options(e, q, &x, headers)) {
        rc = nl_fail_memory(err);
    } else {
        CURLcode code = perform(e, q->cancel);
        if (code == CURLE_OK && !x.head_ended)
            code = CURLE_PARTIAL_FILE;
        long status = 0, os_errno = 0;
        curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &os_errno);
        out->status = (int)status;
        if (nl_cancelled(q->cancel))
            rc = nl_cancel_check(q->cancel, err);
        else if (code != CURLE_OK)
            rc = no_answer(q, &x, code, os_errno, err);
        else if (nl_buf_reserve(&out->body, 0, err)) /* an empty body is a string too */
            rc = NL_NO_MEMORY;
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(e);
    return rc;
}

static void global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int store_http(const struct store_http_request *q, struct store_http_answer *out, nl_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
    *out = (struct store_http_answer){0};
    uint64_t wait_ms = q->retry_ms;
    for (unsigned i = 1;; i++, wait_ms *= 2) {
        int rc = ask_once(q, out, err);
        bool heals = rc == NL_IO || (!rc && (out->status == 429 || out->status >= 500));
        if (!heals || i >= q->attempts)
            return rc;
        nl_error_clear(err);
        if (!pause_for(wait_ms, q->cancel))
            return nl_cancel_check(q->cancel, err);
    }
}
