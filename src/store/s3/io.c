/* io.c: the I/O thread: takes calls from the queue, drives libcurl, retries, wakes who waits.
 *
 *     round:  take what is new ─▶ start it ─▶ curl_multi_perform ─▶ end what is done ─┐
 *        ▲                                                                            │
 *        └───────────── curl_multi_poll: until a socket, a wake-up or a retry's time ─┘
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/s3/client.h"
#include "store/s3/tofile.h"

enum {
    text_max = 32 << 20,     /* of a listing, or of an error */
    most_buffer = 512 << 10, /* libcurl takes no larger one */
    big = 256 << 10,         /* a body from here on gets larger buffers */
    resign_after = 300,      /* seconds: S3 takes signatures for fifteen minutes */
    connect_timeout_ms = 10000,
};

/* ── queues ── */

static void push(struct store_queue *q, struct store_call *call)
{
    call->next = NULL;
    if (q->last)
        q->last->next = call;
    else
        q->first = call;
    q->last = call;
}

static struct store_call *pop(struct store_queue *q)
{
    struct store_call *call = q->first;
    if (call) {
        q->first = call->next;
        if (!q->first)
            q->last = NULL;
        call->next = NULL;
    }
    return call;
}

/* Move the calls that `wanted` picks from one queue to another, keeping the order. */
static void move_if(struct store_queue *from, struct store_queue *to,
                    bool (*wanted)(const struct store_call *, int64_t), int64_t arg)
{
    struct store_queue rest = {0};
    for (struct store_call *call; (call = pop(from));)
        push(wanted(call, arg) ? to : &rest, call);
    *from = rest;
}

static bool is_cancelled(const struct store_call *call, int64_t unused)
{
    (void)unused;
    return atomic_load_explicit(&call->cancelled, memory_order_relaxed);
}

static bool is_due(const struct store_call *call, int64_t now)
{
    return call->due <= now;
}

/* ── libcurl's callbacks ── */

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct store_call *call = ctx;
    store_reply_line(&call->reply, line, size * n);
    if (call->request.keep_head)
        call->failed = nl_buf_append(&call->text, line, size * n, NULL);
    if (call->failed)
        return 0;
    return size * n;
}

static bool is_2xx(const struct store_call *call)
{
    return call->reply.http >= 200 && call->reply.http < 300;
}

/* The block for an answer whose length was not known before. */
static int make_block(struct store_call *call)
{
    struct store_request *r = &call->request;
    if (call->reply.length > r->block_max)
        return NL_INVALID;
    nl_block_unref(r->block);
    r->block = NULL;
    nl_bytes_release(&call->bytes);
    int rc = nl_block_new((size_t)call->reply.length, &r->block, NULL);
    if (rc)
        return rc;
    r->room = (size_t)call->reply.length;
    call->bytes = nl_bytes_of(r->block, 0, r->room);
    return NL_OK;
}

/* Other than n tells libcurl to end the transfer. */
static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct store_call *call = ctx;
    size_t len = size * n;
    atomic_fetch_add_explicit(&call->client->bytes_received, len, memory_order_relaxed);
    if (atomic_load_explicit(&call->cancelled, memory_order_relaxed))
        return len + 1;
    bool to_file = is_2xx(call) && call->request.to_file;
    /* Of the web a body may come whose length nobody told: into text, which grows. */
    bool grows = call->request.url && call->request.block_max && call->reply.length == UINT64_MAX;
    bool to_block = is_2xx(call) && !grows && (call->request.block || call->request.block_max);
    if (to_block && !call->received && call->request.block_max)
        call->failed = make_block(call);
    size_t room = to_file || to_block ? call->request.room - call->received : text_max - call->text.len;
    if (!call->failed && len > room)
        call->failed = NL_INVALID;
    if (call->failed)
        return len + 1;
    if (to_block)
        memcpy(nl_block_data(call->request.block) + call->request.at + call->received, data, len);
    else
        call->failed = to_file ? store_file_take(call, data, len) : nl_buf_append(&call->text, data, len, NULL);
    if (call->failed)
        return len + 1;
    call->received += len;
    return len;
}

static size_t on_send(char *to, size_t size, size_t n, void *ctx)
{
    struct store_call *call = ctx;
    size_t room = size * n, left = call->request.body_len - call->sent;
    if (atomic_load_explicit(&call->cancelled, memory_order_relaxed))
        return CURL_READFUNC_ABORT;
    if (room > left)
        room = left;
    if (room)
        memcpy(to, (const char *)call->request.body + call->sent, room);
    call->sent += room;
    atomic_fetch_add_explicit(&call->client->bytes_sent, room, memory_order_relaxed);
    return room;
}

/* libcurl sends a request again by itself where a kept connection dies under it: then it rewinds the body. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct store_call *call = ctx;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > call->request.body_len)
        return CURL_SEEKFUNC_FAIL;
    call->sent = (size_t)offset;
    call->sent_again = true;
    atomic_fetch_add_explicit(&call->client->requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&call->client->retries, 1, memory_order_relaxed);
    return CURL_SEEKFUNC_OK;
}

/* ── an attempt ── */

/* Redirects of the web: web/web.h, B2. */
static void set_redirects(CURL *e, const struct store_call *call)
{
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, call->endpoint->https ? "https" : "http,https");
}

static void set_connection(CURL *e, const struct store_call *call)
{
    const struct store_client *c = call->client;
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)c->tuning.stall_seconds);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "neuralake");
    if (call->request.url)
        set_redirects(e, call);
    if (call->endpoint->loopback) /* a proxy of the environment is not for this machine */
        curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    if (c->settings.ca_bundle)
        curl_easy_setopt(e, CURLOPT_CAINFO, c->settings.ca_bundle);
}

static void set_method(CURL *e, struct store_call *call)
{
    const struct store_request *r = &call->request;
    bool upload = !strcmp(r->method, "PUT") || !strcmp(r->method, "POST");
    if (upload) {
        curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
        curl_easy_setopt(e, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(e, CURLOPT_READDATA, call);
        curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(e, CURLOPT_SEEKDATA, call);
        if (r->body_len >= big)
            curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)big);
    }
    if (!strcmp(r->method, "HEAD"))
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    else if (strcmp(r->method, "GET") != 0)
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_options(CURL *e, struct store_call *call)
{
    curl_easy_reset(e);
    set_connection(e, call);
    set_method(e, call);
    curl_easy_setopt(e, CURLOPT_URL, call->url);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->lines);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->curl_message);
    curl_easy_setopt(e, CURLOPT_PRIVATE, call);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)((call->ends - nl_monotonic_ns()) / 1000000 + 1));
    if (call->request.room >= big)
        curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)(call->request.to_file ? most_buffer : big / 2));
}

/* Forget what an attempt before this one left. */
static void begin_attempt(struct store_call *call)
{
    call->attempts++;
    call->sent = call->received = 0;
    call->failed = NL_OK;
    call->curl = CURLE_OK;
    call->os_errno = 0;
    call->curl_message[0] = 0;
    nl_buf_clear(&call->text);
    if (call->request.to_file)
        store_file_begin(call);
    call->reply = (struct store_reply){.length = UINT64_MAX, .total = UINT64_MAX, .retry_after = -1};
}

/* The call has ended: wake who waits, or release it. */
static void end_call(struct store_client *c, struct store_call *call)
{
    pthread_mutex_lock(&c->mutex);
    bool abandoned = call->abandoned;
    call->state = store_mend_wanted(call) ? STORE_CALL_ASKING : STORE_CALL_DONE;
    pthread_cond_broadcast(&call->done);
    pthread_mutex_unlock(&c->mutex);
    if (abandoned)
        store_call_free(call);
}

static void start_call(struct store_client *c, struct store_call *call)
{
    begin_attempt(call);
    if (is_cancelled(call, 0)) {
        call->failed = NL_CANCELLED;
        end_call(c, call);
        return;
    }
    if (nl_wall_ns() / 1000000000 - call->signed_at > resign_after)
        call->failed = store_call_sign(call, NULL);
    CURL *e = c->n_idle ? c->idle[--c->n_idle] : curl_easy_init();
    if (!call->failed && !e)
        call->failed = NL_NO_MEMORY;
    if (!call->ends)
        call->ends = nl_monotonic_ns() + (int64_t)c->tuning.deadline_ms * 1000000;
    if (!call->failed) {
        set_options(e, call);
        if (curl_multi_add_handle(c->multi, e) != CURLM_OK)
            call->failed = NL_NO_MEMORY;
    }
    if (call->failed) {
        curl_easy_cleanup(e);
        end_call(c, call);
        return;
    }
    if (!c->n_active)
        store_meter_begin(&c->meter, nl_monotonic_ns());
    call->easy = e;
    c->active[c->n_active++] = call;
    atomic_fetch_add_explicit(&c->requests, 1, memory_order_relaxed);
    if (call->attempts > 1)
        atomic_fetch_add_explicit(&c->retries, 1, memory_order_relaxed);
}

/* Take the handle away from libcurl: from here on nothing touches the call's buffers. */
static void detach(struct store_client *c, struct store_call *call)
{
    long connections = 0, redirects = 0;
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &call->os_errno);
    atomic_fetch_add_explicit(&c->connections, (uint64_t)connections, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->requests, (uint64_t)redirects, memory_order_relaxed);
    curl_multi_remove_handle(c->multi, call->easy);
    c->idle[c->n_idle++] = call->easy;
    call->easy = NULL;
    for (size_t i = 0; i < c->n_active; i++)
        if (c->active[i] == call) {
            c->active[i] = c->active[--c->n_active];
            break;
        }
}

/* xorshift64*: spreads retries, nothing else. */
static uint32_t next_random(struct store_client *c)
{
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return (uint32_t)((c->random * 0x2545F4914F6CDD1Du) >> 32);
}

/* Nanoseconds until the next attempt; -1: there is none, and given_up says why where it could have healed. */
static int64_t plan_retry(struct store_client *c, struct store_call *call)
{
    call->given_up = STORE_NOT_GIVEN_UP;
    if (!store_retry_heals(call)) {
        if (!call->failed && call->curl == CURLE_OK && call->reply.http < 500)
            store_budget_give(&c->budget, call->paid);
        return -1;
    }
    unsigned cost = store_budget_cost(call);
    int64_t delay = store_retry_delay(call->attempts, c->tuning.retry_base_ms, c->tuning.retry_most_ms,
                                      call->reply.retry_after, next_random(c));
    if (call->ends - nl_monotonic_ns() <= (delay > 0 ? delay : 0))
        call->given_up = STORE_NO_TIME;
    else if (call->attempts >= c->tuning.max_attempts)
        call->given_up = STORE_NO_ATTEMPT_LEFT;
    else if (delay < 0)
        call->given_up = STORE_TOLD_TO_WAIT;
    else if (!store_budget_take(&c->budget, cost))
        call->given_up = STORE_NO_BUDGET;
    call->paid = cost;
    return call->given_up ? -1 : delay;
}

/* What a good answer tells about the link. */
static void measure(struct store_client *c, const struct store_call *call)
{
    curl_off_t before = 0, first = 0;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &before);
    curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
    if (first <= before || call->request.body_len)
        return;
    store_meter_answer(&c->meter, nl_monotonic_ns(), (uint64_t)(first - before), call->received);
    struct store_link link = store_meter_link(&c->meter, c->max_in_flight);
    pthread_mutex_lock(&c->mutex);
    c->link = link;
    pthread_mutex_unlock(&c->mutex);
}

/* An attempt is over: end the call, or let it wait for the next. */
static void end_attempt(struct store_client *c, struct store_call *call, CURLcode code)
{
    /* libcurl takes headers that the connection's end has cut off for all of them. */
    call->curl = code == CURLE_OK && !call->reply.whole ? CURLE_PARTIAL_FILE : code;
    if (call->curl == CURLE_OK && is_2xx(call))
        measure(c, call);
    detach(c, call);
    nl_log("store", NL_LOG_DEBUG, "%s %s: attempt %u, HTTP %d, %s, %zu bytes", call->request.method,
           call->request.url ? call->uri : call->url, call->attempts, call->reply.http, curl_easy_strerror(code),
           call->received);
    if (is_cancelled(call, 0))
        call->failed = NL_CANCELLED;
    else if (call->request.to_file && call->curl == CURLE_OK && !call->failed && is_2xx(call))
        call->failed = store_file_end(call);
    int64_t delay = plan_retry(c, call);
    if (delay < 0) {
        end_call(c, call);
        return;
    }
    call->due = nl_monotonic_ns() + delay;
    push(&c->delayed, call);
}

/* ── the thread ── */

/* End the calls that were cancelled; all of them when the thread stops. */
static void sweep(struct store_client *c, bool everything)
{
    for (size_t i = c->n_active; i-- > 0;) {
        struct store_call *call = c->active[i];
        if (!everything && !is_cancelled(call, 0))
            continue;
        atomic_store(&call->cancelled, true);
        detach(c, call);
        call->failed = NL_CANCELLED;
        end_call(c, call);
    }
    struct store_queue gone = {0};
    if (everything) {
        gone = c->delayed;
        c->delayed = (struct store_queue){0};
    } else {
        move_if(&c->delayed, &gone, is_cancelled, 0);
    }
    for (struct store_call *call; (call = pop(&gone));) {
        call->failed = NL_CANCELLED;
        end_call(c, call);
    }
}

/* Cancel all calls from before an interrupt; under mutex. */
static void mark_interrupted(struct store_client *c)
{
    struct store_call *const lists[] = {c->queue.first, c->delayed.first};
    for (size_t i = 0; i < NL_LEN(lists); i++)
        for (struct store_call *call = lists[i]; call; call = call->next)
            if (call->serial < c->interrupted && !call->request.steady)
                atomic_store(&call->cancelled, true);
    for (size_t i = 0; i < c->n_active; i++)
        if (c->active[i]->serial < c->interrupted && !c->active[i]->request.steady)
            atomic_store(&c->active[i]->cancelled, true);
}

/* Start what is due and what is new, as far as there are slots. False: the thread is to stop. */
static bool take(struct store_client *c)
{
    struct store_queue ready = {0};
    size_t free_slots = c->max_in_flight - c->n_active;
    struct store_queue due = {0};
    move_if(&c->delayed, &due, is_due, nl_monotonic_ns());
    for (struct store_call *call; (call = pop(&due));)
        if (free_slots) {
            push(&ready, call);
            free_slots--;
        } else {
            push(&c->delayed, call);
        }

    pthread_mutex_lock(&c->mutex);
    bool stop = c->stopping, swept = c->sweep;
    c->sweep = false;
    if (swept)
        mark_interrupted(c);
    if (swept) /* cancelled ones need no slot to end */
        move_if(&c->queue, &ready, is_cancelled, 0);
    for (struct store_call *call; (stop || free_slots) && (call = pop(&c->queue)); free_slots -= free_slots > 0) {
        call->state = STORE_CALL_ACTIVE;
        if (stop)
            atomic_store(&call->cancelled, true);
        push(&ready, call);
    }
    pthread_mutex_unlock(&c->mutex);

    for (struct store_call *call; (call = pop(&ready));)
        start_call(c, call);
    if (stop || swept)
        sweep(c, stop);
    return !stop;
}

/* End what libcurl says is done. Were there any? */
static bool reap(struct store_client *c)
{
    bool any = false;
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result; /* m dies with the handle's removal */
        struct store_call *call = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        end_attempt(c, call, code);
        any = true;
    }
    return any;
}

/* Milliseconds until the next retry is due. */
static int until_due(const struct store_client *c)
{
    int64_t least = INT64_C(60) * 1000000000, now = nl_monotonic_ns();
    if (c->n_active < c->max_in_flight)
        for (const struct store_call *call = c->delayed.first; call; call = call->next)
            if (call->due - now < least)
                least = call->due - now;
    return least <= 0 ? 0 : (int)((least + 999999) / 1000000);
}

static void *run(void *arg)
{
    struct store_client *c = arg;
    while (take(c)) {
        int running;
        curl_multi_perform(c->multi, &running);
        if (!reap(c))
            curl_multi_poll(c->multi, NULL, 0, until_due(c), NULL);
    }
    for (size_t i = 0; i < c->n_idle; i++)
        curl_easy_cleanup(c->idle[i]);
    c->n_idle = 0;
    return NULL;
}

static void global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Signals stay with the threads of the program. */
static int start_thread(struct store_client *c, nl_error *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed ? nl_fail_errno(err, failed, "cannot start the I/O thread") : NL_OK;
}

int store_io_start(struct store_client *c, nl_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (c->running)
        return NL_OK;
    pthread_once(&once, global_init);
    size_t n = c->max_in_flight;
    if (!c->active)
        c->active = calloc(n, sizeof *c->active);
    if (!c->idle)
        c->idle = calloc(n, sizeof *c->idle);
    if (!c->multi)
        c->multi = curl_multi_init();
    if (!c->active || !c->idle || !c->multi)
        return nl_fail_memory(err);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)n);
    if (getrandom(&c->random, sizeof c->random, 0) != sizeof c->random || !c->random)
        c->random = (uint64_t)nl_monotonic_ns() | 1;
    c->budget = (struct store_budget){c->tuning.retry_tokens, c->tuning.retry_tokens};
    int rc = start_thread(c, err);
    c->running = !rc;
    return rc;
}

/* ── the callers' side ── */

int store_call_submit(struct store_call *call, nl_error *err)
{
    struct store_client *c = call->client;
    pthread_mutex_lock(&c->mutex);
    int rc = store_io_start(c, err);
    if (!rc) {
        call->state = STORE_CALL_QUEUED;
        call->serial = c->submitted++;
        push(&c->queue, call);
        curl_multi_wakeup(c->multi);
    }
    pthread_mutex_unlock(&c->mutex);
    return rc;
}

/* A call that asks for it is mended by this thread; under mutex, which is let go of meanwhile. */
static void mend_call(struct store_call *call)
{
    struct store_client *c = call->client;
    call->state = STORE_CALL_MENDING;
    pthread_mutex_unlock(&c->mutex);
    int rc = store_mend(call);
    pthread_mutex_lock(&c->mutex);
    call->state = rc ? STORE_CALL_DONE : STORE_CALL_QUEUED;
    if (rc) {
        if (call->serial < c->interrupted && !call->request.steady)
            call->failed = NL_CANCELLED;
        pthread_cond_broadcast(&call->done);
        return;
    }
    call->ends = 0;
    push(&c->queue, call);
    c->sweep |= call->serial < c->interrupted; /* it keeps its place in time */
    curl_multi_wakeup(c->multi);
}

int store_call_wait(struct store_call *call, nl_cancel *cancel, nl_error *err)
{
    struct store_client *c = call->client;
    struct nl_cancel_watch watch = {.mutex = &c->mutex, .cond = &call->done};
    nl_cancel_watch(cancel, &watch);
    pthread_mutex_lock(&c->mutex);
    while (call->state != STORE_CALL_DONE && !nl_cancelled(cancel))
        if (call->state == STORE_CALL_ASKING)
            mend_call(call);
        else
            pthread_cond_wait(&call->done, &c->mutex);
    bool done = call->state == STORE_CALL_DONE;
    pthread_mutex_unlock(&c->mutex);
    nl_cancel_unwatch(cancel, &watch);
    return done ? NL_OK : nl_cancel_check(cancel, err);
}

bool store_call_ended(struct store_call *call)
{
    pthread_mutex_lock(&call->client->mutex);
    bool done = call->state == STORE_CALL_DONE;
    pthread_mutex_unlock(&call->client->mutex);
    return done;
}

/* Ask the I/O thread to let go of it; under mutex. */
static void cancel_call(struct store_call *call)
{
    atomic_store(&call->cancelled, true);
    call->client->sweep = true;
    curl_multi_wakeup(call->client->multi);
}

/* H1, H3: is it not with the I/O thread, nor with one that mends it? Under mutex. */
static bool is_ours(const struct store_call *call)
{
    return call->state == STORE_CALL_NEW || call->state == STORE_CALL_ASKING || call->state == STORE_CALL_DONE;
}

void store_call_finish(struct store_call *call)
{
    if (!call)
        return;
    struct store_client *c = call->client;
    pthread_mutex_lock(&c->mutex);
    if (!is_ours(call))
        cancel_call(call);
    while (!is_ours(call))
        pthread_cond_wait(&call->done, &c->mutex);
    pthread_mutex_unlock(&c->mutex);
    store_call_free(call);
}

void store_call_drop(struct store_call *call)
{
    if (!call)
        return;
    struct store_client *c = call->client;
    pthread_mutex_lock(&c->mutex);
    bool ours = is_ours(call);
    if (!ours) {
        call->abandoned = true;
        cancel_call(call);
    }
    pthread_mutex_unlock(&c->mutex);
    if (ours)
        store_call_free(call);
}
