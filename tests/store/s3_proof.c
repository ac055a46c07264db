/* s3_proof.c: every operation × every fault × every request of it: right bytes or a clear error; no acknowledged write is lost,
 * no upload is left behind. The server is the real one ($NEURALAKE), the faults are those of bench/relay.
 *
 *     client ──▶ relay, which strikes request k ──▶ server ◀── truth: a second client, which looks what came of it
 *
 * Half of the trials are taken at random in each run (NEURALAKE_TEST_ALL=1: all). Each has a relay, a client and keys of its
 * own, so that they run side by side. A trial never checks by itself: it says what is wrong, and the test's own thread fails
 * with it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/pump.h"
#include "base/str.h"
#include "store/credentials/http.h"
#include "store/s3/client.h"
#include "support/check.h"
#include "support/proc.h"
#include "support/rng.h"
#include "support/tmp.h"

enum { SMALL = 3000, PART = 5 << 20, BIG = PART + 70000, THREADS = 6, MOST_TRIALS = 2000 };
#define BUCKET "proof"

static struct {
    struct proc *server;
    char *root, *url, *relay;
    nl_store *truth;
    store_backend *calls; /* as truth, for requests that nl_store has no call for */
    char *data;           /* BIG bytes */
} world;

struct trial {
    struct operation *op;
    const struct fault_kind *fault;
    unsigned first; /* of its requests: struck */
    bool forever;   /* and all later ones */
    char prefix[32];
    struct proc *relay;
    nl_store *store;
    char why[700]; /* "": all is well */
};

/* ── what trials do ── */

static void uri(const struct trial *t, const char *name, char out[static 128])
{
    snprintf(out, 128, "s3://" BUCKET "/%s/%s", t->prefix, name);
}

static int write_to(nl_store *store, const char *to, size_t len, const nl_put_options *o, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, to, o, &sink, err);
    if (rc)
        return rc;
    rc = nl_sink_write(sink, world.data, len, err);
    if (!rc)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

static bool complain(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool complain(struct trial *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(t->why, sizeof t->why, fmt, args);
    va_end(args);
    return false;
}

/* Is the object there with these bytes, or not there at all where it may be missing? */
static bool object_is(struct trial *t, const char *name, size_t len, bool may_miss)
{
    char at[128];
    nl_buf got = {0};
    nl_source *source;
    nl_sink *sink = NULL;
    nl_error err = {0};
    uri(t, name, at);
    int rc = nl_store_open(world.truth, at, NULL, &source, &err);
    if (!rc)
        rc = nl_sink_create_memory(&got, &sink, &err);
    if (!rc)
        rc = nl_pump(source, sink, NULL, NULL, NULL, &err);
    if (rc)
        nl_sink_abort(sink);
    else
        rc = nl_sink_commit(sink, &err);
    nl_source_close(source);
    bool same = !rc && got.len == len && (!len || !memcmp(got.data, world.data, len));
    nl_buf_free(&got);
    if (same || (rc == NL_NOT_FOUND && may_miss))
        return true;
    return complain(t, "the object %s: %s", name, rc ? err.message : "other bytes");
}

static bool object_gone(struct trial *t, const char *name)
{
    char at[128];
    nl_object_info info;
    uri(t, name, at);
    int rc = nl_store_head(world.truth, at, &info, NULL);
    return rc == NL_NOT_FOUND || complain(t, "the object %s is still there", name);
}

/* ── the operations: prepare by truth; run through the relay; look by truth ── */

struct operation {
    const char *name;
    void (*prepare)(struct trial *t);
    int (*run)(struct trial *t, nl_error *err); /* wrong bytes: complain() */
    bool (*look)(struct trial *t, int rc);
    bool sends_bytes;  /* that a checksum protects */
    bool bytes_proved; /* what it brings is protected by a checksum */
    bool large;        /* for each fault one of its requests is taken at random, not each */
    unsigned n;        /* requests where nothing fails: counted by the first trial */
};

static int get(struct trial *t, const char *from, size_t len, nl_error *err)
{
    nl_buf got = {0};
    nl_source *source = NULL;
    nl_sink *sink = NULL;
    int rc = nl_store_open(t->store, from, NULL, &source, err);
    if (!rc)
        rc = nl_sink_create_memory(&got, &sink, err);
    if (!rc)
        rc = nl_pump(source, sink, NULL, NULL, NULL, err);
    if (rc)
        nl_sink_abort(sink);
    else
        rc = nl_sink_commit(sink, err);
    nl_source_close(source);
    if (!rc && (got.len != len || memcmp(got.data, world.data, len) != 0))
        complain(t, "wrong bytes came");
    nl_buf_free(&got);
    return rc;
}

static int get_small(struct trial *t, nl_error *err)
{
    return get(t, "s3://" BUCKET "/small", SMALL, err);
}

static int get_big(struct trial *t, nl_error *err)
{
    return get(t, "s3://" BUCKET "/big", BIG, err);
}

static int get_ranges(struct trial *t, nl_error *err)
{
    static const nl_range ranges[] = {{0, 1000}, {2 << 20, 5000}, {BIG - 10, 10}};
    nl_source *source;
    nl_fetch *f[NL_LEN(ranges)];
    nl_object_info info = {.size = BIG};
    int rc = nl_store_open(t->store, "s3://" BUCKET "/big", &info, &source, err);
    if (rc)
        return rc;
    rc = nl_source_submit(source, ranges, NL_LEN(ranges), f, err);
    for (size_t i = 0, submitted = !rc; submitted && i < NL_LEN(ranges); i++) {
        nl_bytes b;
        if (rc) {
            nl_fetch_drop(f[i]);
            continue;
        }
        rc = nl_fetch_wait(f[i], NULL, &b, err);
        if (!rc && (b.len != ranges[i].length || memcmp(b.data, world.data + ranges[i].offset, b.len) != 0))
            complain(t, "wrong bytes came for range %zu", i);
        nl_bytes_release(&b);
    }
    nl_source_close(source);
    return rc;
}

static int head(struct trial *t, nl_error *err)
{
    nl_object_info info;
    int rc = nl_store_head(t->store, "s3://" BUCKET "/small", &info, err);
    if (!rc && info.size != SMALL)
        complain(t, "a size of %llu", (unsigned long long)info.size);
    return rc;
}

static int put(struct trial *t, size_t len, const nl_put_options *o, nl_error *err)
{
    char to[128];
    uri(t, "new", to);
    return write_to(t->store, to, len, o, err);
}

static int put_small(struct trial *t, nl_error *err)
{
    return put(t, SMALL, NULL, err);
}

static int put_absent(struct trial *t, nl_error *err)
{
    return put(t, SMALL, &(nl_put_options){.if_absent = true}, err);
}

static int put_parts(struct trial *t, nl_error *err)
{
    return put(t, BIG, &(nl_put_options){.size_hint = BIG}, err);
}

static int put_unknown(struct trial *t, nl_error *err)
{
    return put(t, BIG, &(nl_put_options){.if_absent = true}, err);
}

/* Acknowledged: there, whole. Otherwise not there, or whole, since an answer may be lost for good. */
static bool look_small(struct trial *t, int rc)
{
    return object_is(t, "new", SMALL, rc != NL_OK);
}

static bool look_big(struct trial *t, int rc)
{
    return object_is(t, "new", BIG, rc != NL_OK);
}

static int copy(struct trial *t, nl_error *err)
{
    char to[128];
    uri(t, "new", to);
    return nl_store_copy(t->store, "s3://" BUCKET "/small", to, err);
}

static int copy_parts(struct trial *t, nl_error *err)
{
    char to[128];
    uri(t, "new", to);
    return nl_store_copy_known(t->store, "s3://" BUCKET "/big", &(nl_object_info){.size = BIG}, to, NULL, err);
}

static const char *const names[] = {"a", "b c", "d/e"};

static void make_three(struct trial *t)
{
    char to[128];
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        uri(t, names[i], to);
        if (write_to(world.truth, to, 10, NULL, &err))
            complain(t, "preparing: %s", err.message);
    }
}

static int removal(struct trial *t, nl_error *err)
{
    char at[128];
    uri(t, names[0], at);
    return nl_store_delete(t->store, at, err);
}

static bool look_removed(struct trial *t, int rc)
{
    return (rc || object_gone(t, names[0])) && object_is(t, names[1], 10, false);
}

/* ctx: how many failed. */
static int was_removed(void *ctx, const char *name, const nl_error *failed, nl_error *err)
{
    int *first = ctx;
    (void)name;
    if (failed && !*first) {
        *first = failed->code;
        if (err)
            *err = *failed;
    }
    return NL_OK;
}

static int remove_three(struct trial *t, nl_error *err)
{
    char at[NL_LEN(names)][128];
    const char *uris[NL_LEN(names)];
    int failed = NL_OK;
    for (size_t i = 0; i < NL_LEN(names); i++) {
        uri(t, names[i], at[i]);
        uris[i] = at[i];
    }
    int rc = nl_store_delete_many(t->store, uris, NL_LEN(names), was_removed, &failed, err);
    return rc ? rc : failed;
}

static bool look_removed_three(struct trial *t, int rc)
{
    for (size_t i = 0; !rc && i < NL_LEN(names); i++)
        if (!object_gone(t, names[i]))
            return false;
    return true;
}

static int on_entry(void *ctx, const char *name, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct trial *t = ctx;
    char want[128];
    (void)is_prefix, (void)info, (void)err;
    if (t->first >= NL_LEN(names))
        return complain(t, "more than there is: %s", name), NL_OK;
    uri(t, names[t->first++], want);
    if (strcmp(name, want) != 0)
        complain(t, "listed %s for %s", name, want);
    return NL_OK;
}

static int list(struct trial *t, nl_error *err)
{
    char at[128];
    struct trial seen = *t;
    uri(t, "", at);
    seen.first = 0;
    int rc = nl_store_list(t->store, at, true, on_entry, &seen, err);
    if (*seen.why || (!rc && seen.first != NL_LEN(names)))
        complain(t, "%u listed %s", seen.first, seen.why);
    return rc;
}

static int make_bucket(struct trial *t, nl_error *err)
{
    int rc = nl_store_make_bucket(t->store, t->prefix, err);
    if (rc == NL_CONFLICT) { /* the answer was lost: it is there, and ours */
        nl_error_clear(err);
        rc = NL_OK;
    }
    return rc;
}

static bool look_bucket(struct trial *t, int rc)
{
    nl_error err = {0};
    int there = nl_store_remove_bucket(world.truth, t->prefix, &err);
    return rc || !there || complain(t, "the bucket was not made: %s", err.message);
}

static void prepare_bucket(struct trial *t)
{
    nl_error err = {0};
    if (nl_store_make_bucket(world.truth, t->prefix, &err))
        complain(t, "preparing: %s", err.message);
}

static int remove_bucket(struct trial *t, nl_error *err)
{
    return nl_store_remove_bucket(t->store, t->prefix, err);
}

static bool look_no_bucket(struct trial *t, int rc)
{
    int again = nl_store_remove_bucket(world.truth, t->prefix, NULL);
    return rc || again == NL_NOT_FOUND || complain(t, "the bucket is still there");
}

/* A link is made without asking; what it brings comes by another client. */
static int presigned(struct trial *t, nl_error *err)
{
    char *url;
    struct store_http_answer a = {0};
    int rc = nl_store_presign(t->store, "GET", "s3://" BUCKET "/small", 60, &url, err);
    if (rc)
        return rc;
    rc = store_http(&(struct store_http_request){.method = "GET",
                                                 .url = url,
                                                 .direct = true,
                                                 .connect_ms = 2000,
                                                 .total_ms = 1500,
                                                 .attempts = 3,
                                                 .retry_ms = 1},
                    &a, err);
    if (!rc && a.status != 200)
        rc = nl_fail(err, NL_IO, "s3://: HTTP %d", a.status);
    if (!rc && (a.body.len != SMALL || memcmp(a.body.data, world.data, SMALL) != 0))
        complain(t, "wrong bytes came");
    if (rc)
        nl_note(err, "s3://" BUCKET "/small");
    store_http_answer_free(&a);
    free(url);
    return rc;
}

static struct operation operations[] = {
    {.name = "get a small object", .run = get_small, .bytes_proved = true},
    {.name = "get a large object", .run = get_big, .large = true},
    {.name = "get ranges", .run = get_ranges},
    {.name = "head", .run = head},
    {.name = "put a small object", .run = put_small, .look = look_small, .sends_bytes = true},
    {.name = "put where there is none", .run = put_absent, .look = look_small, .sends_bytes = true},
    {.name = "put in parts", .run = put_parts, .look = look_big, .sends_bytes = true, .large = true},
    {.name = "put of unknown length, where there is none",
     .run = put_unknown,
     .look = look_big,
     .sends_bytes = true,
     .large = true},
    {.name = "copy", .run = copy, .look = look_small},
    {.name = "copy in parts", .run = copy_parts, .look = look_big, .large = true},
    {.name = "remove", .prepare = make_three, .run = removal, .look = look_removed},
    {.name = "remove three",
     .prepare = make_three,
     .run = remove_three,
     .look = look_removed_three,
     .sends_bytes = true},
    {.name = "list", .prepare = make_three, .run = list},
    {.name = "make a bucket", .run = make_bucket, .look = look_bucket},
    {.name = "remove a bucket", .prepare = prepare_bucket, .run = remove_bucket, .look = look_no_bucket},
    {.name = "get by a link", .run = presigned},
};

/* ── the faults ── */

static const struct fault_kind {
    const char *name;   /* bench/relay_fault.h; NULL: none */
    const char *number; /* "=N" */
    bool slow;          /* takes a second: for one request of each operation */
} faults[] = {
    {.name = NULL, .number = ""},       {.name = "refuse", .number = ""},
    {.name = "reset", .number = ""},    {.name = "deny", .number = ""},
    {.name = "503", .number = ""},      {.name = "cut", .number = "=10"},
    {.name = "cut", .number = "=200"}, /* inside the head */
    {.name = "cut", .number = "=700"},  {.name = "cut", .number = "=40000"},
    {.name = "delay", .number = "=20"}, {.name = "corrupt", .number = ""},
    {.name = "garble", .number = ""},   {.name = "stall", .number = "", .slow = true},
};

static bool is_fault(const struct trial *t, const char *name)
{
    return t->fault->name && !strcmp(t->fault->name, name);
}

/* Does the fault make sense there? Where no checksum is, a changed bit cannot be told. libcurl's low-speed limit looks back
 * over six seconds, in which a body was sent: the stalls of those are in s3_sick.c. */
static bool fits(const struct operation *op, const struct fault_kind *f)
{
    if (f->slow)
        return !op->sends_bytes && !op->large;
    if (f->name && !strcmp(f->name, "corrupt"))
        return op->bytes_proved;
    return !f->name || strcmp(f->name, "garble") != 0 || op->sends_bytes;
}

/* ── a trial ── */

static nl_store_options options(const char *url)
{
    return (nl_store_options){.endpoint_url = url,
                              .region = "us-east-1",
                              .access_key = "PROOFKEY",
                              .secret_key = "proof-secret-0123456789"};
}

static bool begin(struct trial *t)
{
    char fault[80] = "503@4294967295", to[64]; /* never */
    if (t->fault->name)
        snprintf(fault, sizeof fault, "%s@%u%s%s", t->fault->name, t->first, t->forever ? "-" : "", t->fault->number);
    snprintf(to, sizeof to, "%s", world.url + strlen("http://"));
    t->relay = proc_start(&(struct proc_spec){.argv = PROC_ARGS(world.relay, "--to", to, "--fault", fault)});
    char *line = proc_line(t->relay, 10000), url[80];
    if (!line)
        return complain(t, "the relay did not start");
    snprintf(url, sizeof url, "http://%s", line + strlen("listening on "));
    free(line);
    nl_store_options o = options(url);
    struct store_tuning tuning = {.part_size = PART,
                                  .part_buffers = 2,
                                  .max_request = 2 << 20,
                                  .split_above = 3 << 20,
                                  .max_attempts = 3,
                                  .retry_base_ms = 1,
                                  .retry_most_ms = 5,
                                  .stall_seconds = 1,
                                  .deadline_ms = 20000,
                                  .copy_max = PART,
                                  .copy_part = PART};
    nl_error err = {0};
    return !store_new_tuned(&o, &tuning, &t->store, &err) || complain(t, "%s", err.message);
}

/* An answer's body by truth; NULL: complained. Yours. */
static char *ask(struct trial *t, const char *key, const s3_pair *query, size_t n)
{
    struct store_call *call;
    nl_error err = {0};
    int rc = store_call_run(
        (struct store_client *)world.calls,
        &(struct store_request){.method = "GET", .bucket = BUCKET, .key = key, .query = query, .n_query = n}, &call,
        &err);
    char *text = rc ? NULL : strndup(call->text.data, call->text.len);
    if (rc)
        complain(t, "looking for uploads: %s", err.message);
    store_call_free(call);
    return text;
}

/* W1: no bytes of an upload are left. Where the answer to its creation was lost, an empty one stays, whose name nobody
 * knows. */
static void no_parts_are_left(struct trial *t)
{
    char key[64];
    snprintf(key, sizeof key, "%s/new", t->prefix);
    char *list = ask(t, NULL, (s3_pair[]){{"prefix", key}, {"uploads", ""}}, 2);
    for (char *at = list; !*t->why && at && (at = strstr(at, "<UploadId>"));) {
        at += strlen("<UploadId>");
        char *id = strndup(at, strcspn(at, "<")), *parts = ask(t, key, &(s3_pair){"uploadId", id}, 1);
        if (parts && strstr(parts, "<Part>"))
            complain(t, "parts of upload %s are left", id);
        free(parts);
        free(id);
    }
    free(list);
}

/* What an operation may say. */
static bool judge(struct trial *t, int rc, const nl_error *err)
{
    bool spoilt = is_fault(t, "corrupt") || is_fault(t, "garble");
    if (rc != err->code)
        return complain(t, "%d was returned, and the error is %d: %s", rc, err->code, err->message);
    if (rc && !strstr(err->message, "s3://"))
        return complain(t, "the error does not name the object: %s", err->message);
    if (rc && strchr(err->message, '\n'))
        return complain(t, "the error has several lines: %s", err->message);
    if (rc && !t->forever && !spoilt)
        return complain(t, "it did not heal: %s", err->message);
    return true;
}

static void run_trial(struct trial *t)
{
    if (t->op->prepare)
        t->op->prepare(t);
    if (!*t->why && begin(t)) {
        nl_error err = {0};
        nl_store_stats stats;
        int rc = t->op->run(t, &err);
        nl_store_get_stats(t->store, &stats);
        if (!t->fault->name)
            t->op->n = (unsigned)stats.requests;
        if (!*t->why && judge(t, rc, &err) && t->op->look)
            t->op->look(t, rc);
        if (!*t->why && !t->forever)
            no_parts_are_left(t);
    }
    nl_store_free(t->store);
    if (t->relay)
        proc_stop(t->relay, SIGTERM);
}

/* ── many of them ── */

static struct trial trials[MOST_TRIALS];
static size_t n_trials;
static atomic_size_t next_trial;

static void *run_trials(void *unused)
{
    for (size_t i; (i = atomic_fetch_add(&next_trial, 1)) < n_trials;)
        run_trial(&trials[i]);
    return unused;
}

static void add_trial(struct operation *op, const struct fault_kind *f, unsigned first, bool forever)
{
    CHECK(n_trials < MOST_TRIALS);
    struct trial *t = &trials[n_trials++];
    *t = (struct trial){.op = op, .fault = f, .first = first, .forever = forever};
    static unsigned number;
    snprintf(t->prefix, sizeof t->prefix, "trial-%u", ++number);
}

/* Run what was added, side by side, and fail with the first that went wrong. */
static void run_all(void)
{
    pthread_t threads[THREADS];
    atomic_store(&next_trial, 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(!pthread_create(&threads[i], NULL, run_trials, NULL));
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    size_t n = n_trials;
    n_trials = 0;
    for (size_t i = 0; i < n; i++) {
        const struct trial *t = &trials[i];
        check_why("%s; %s%s at request %u of %u%s: %s", t->op->name, t->fault->name ? t->fault->name : "no fault",
                  t->fault->number, t->first, t->op->n, t->forever ? " and all later ones" : "", t->why);
        CHECK_STR(t->why, "");
    }
}

/* The server with its keys, the source objects, and the two clients that see it without the relay. False: no program. */
static bool start_server(void)
{
    static const char keys[] = "- {access_key: PROOFKEY, secret_key: proof-secret-0123456789}\n";
    const char *program = proc_neuralake();
    if (asprintf(&world.relay, "%.*s/bench/relay", (int)(strrchr(program, '/') - program), program) < 0)
        abort();
    if (access(program, X_OK) || access(world.relay, X_OK))
        return false;
    world.root = tmp_make();
    char *file = tmp_path(world.root, "keys.yaml"), *root = tmp_path(world.root, "root");
    tmp_write_text(file, keys);
    chmod(file, 0600);
    world.server = proc_start(
        &(struct proc_spec){.argv = PROC_ARGS(program, "s3", "serve", "--root", root, "--listen", "127.0.0.1:0",
                                              "--durability", "none", "--credentials", file)});
    char *line = proc_line(world.server, 20000);
    world.url = line ? strdup(line + strlen("listening on ")) : NULL;
    free(line);
    free(file);
    free(root);
    return world.url;
}

static int open_world(void **state)
{
    (void)state;
    unsetenv("AWS_CA_BUNDLE");
    if (!start_server())
        return 0;
    nl_error err = {0};
    nl_store_options o = options(world.url);
    struct rng r = rng_fixed(20);
    world.data = malloc(BIG);
    rng_bytes(&r, world.data, BIG);
    int rc = nl_store_new(&o, &world.truth, &err);
    if (!rc)
        rc = store_s3_backend(&o, NULL, &world.calls, &err);
    if (!rc)
        rc = nl_store_make_bucket(world.truth, BUCKET, &err);
    if (!rc)
        rc = write_to(world.truth, "s3://" BUCKET "/small", SMALL, NULL, &err);
    if (!rc)
        rc = write_to(world.truth, "s3://" BUCKET "/big", BIG, NULL, &err);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    return rc;
}

static int close_world(void **state)
{
    (void)state;
    nl_store_free(world.truth);
    if (world.calls)
        world.calls->ops->free(world.calls);
    int status = world.server ? proc_stop(world.server, SIGTERM) : 0;
    tmp_remove(world.root);
    free(world.relay);
    free(world.url);
    free(world.data);
    return status;
}

/* Each fault strikes each request of each operation once: it heals, or where bits changed it is told. */
static void a_fault_at_any_request_heals(void **state)
{
    (void)state;
    if (!world.truth) {
        print_message("no neuralake program: skipped\n");
        skip();
    }
    for (size_t i = 0; i < NL_LEN(operations); i++)
        add_trial(&operations[i], &faults[0], 1, false);
    run_all();
    struct rng r = rng_seed("which request");
    unsigned one_of = proc_sanitized("address") || proc_sanitized("thread") ? 6 : 2;
    if (getenv("NEURALAKE_TEST_ALL"))
        one_of = 1;
    for (size_t j = NL_LEN(faults); j-- > 1;)
        for (size_t i = 0; i < NL_LEN(operations); i++) {
            struct operation *op = &operations[i];
            unsigned n = op->n ? op->n : 1, only = 1 + (unsigned)rng_below(&r, n);
            for (unsigned k = 1; k <= n && fits(op, &faults[j]); k++)
                if ((!(op->large || faults[j].slow) || k == only) && !rng_below(&r, one_of))
                    add_trial(op, &faults[j], k, false);
        }
    run_all();
}

/* Faults, taken at random, that strike from some request on for good: right bytes, or an error that names what failed. */
static void a_fault_that_stays_is_told(void **state)
{
    (void)state;
    if (!world.truth)
        skip();
    struct rng r = rng_seed("where it begins");
    for (size_t i = 0; i < NL_LEN(operations); i++)
        for (size_t j = 1; j < NL_LEN(faults); j++)
            if (fits(&operations[i], &faults[j]) && !faults[j].slow && !rng_below(&r, operations[i].large ? 8 : 3))
                add_trial(&operations[i], &faults[j],
                          1 + (unsigned)rng_below(&r, operations[i].n ? operations[i].n : 1), true);
    run_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_fault_at_any_request_heals),
                                       cmocka_unit_test(a_fault_that_stays_is_told)};
    return cmocka_run_group_tests(tests, open_world, close_world);
}
