/* s3_server.c: the client against a real server: the embedded one ($NEURALAKE), or the endpoint that
 * NEURALAKE_TEST_S3_ENDPOINT names (with the usual AWS variables for its keys). Everything happens in one new bucket. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/proc.h"
#include "support/rng.h"
#include "support/tmp.h"

static struct {
    struct proc *server;
    char *root, *endpoint, *access, *secret;
    nl_store *store;
    char bucket[64];
} world;

/* The value of "export NAME=value" (perhaps quoted) in the output of "s3 env". */
static char *exported(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    if (!at)
        return NULL;
    at += strlen(name) + 1;
    at += *at == '\'' || *at == '"';
    return strndup(at, strcspn(at, "'\"\n;"));
}

/* Start the embedded server; false where there is none to start. */
static bool start_server(void)
{
    if (access(proc_neuralake(), X_OK))
        return false;
    world.root = tmp_make();
    world.server = proc_start(&(struct proc_spec){
        .argv = PROC_ARGS(proc_neuralake(), "s3", "serve", "--root", world.root, "--listen", "127.0.0.1:0")});
    char *line = proc_line(world.server, 10000);
    struct proc_result r =
        proc_run(&(struct proc_spec){.argv = PROC_ARGS(proc_neuralake(), "s3", "env", "--root", world.root)});
    world.access = exported(r.out, "AWS_ACCESS_KEY_ID");
    world.secret = exported(r.out, "AWS_SECRET_ACCESS_KEY");
    world.endpoint = line ? strstr(line, "http://") : NULL;
    world.endpoint = world.endpoint ? strdup(world.endpoint) : NULL;
    free(line);
    proc_result_free(&r);
    if (!world.endpoint || !world.access || !world.secret) {
        fputs("the embedded server did not start\n", stderr);
        exit(1);
    }
    return true;
}

static int open_world(void **state)
{
    (void)state;
    const char *given = getenv("NEURALAKE_TEST_S3_ENDPOINT");
    nl_error err = {0};
    unsetenv("AWS_CA_BUNDLE");
    if (given)
        world.endpoint = strdup(given);
    else if (!start_server())
        return 0;
    nl_store_options o = {.endpoint_url = world.endpoint,
                          .region = "us-east-1",
                          .access_key = world.access,
                          .secret_key = world.secret};
    struct store_tuning t = {.part_size = 5 << 20,
                             .max_request = 1 << 20,
                             .split_above = 2 << 20,
                             .list_page = 7,
                             .copy_max = 10 << 20,
                             .copy_part = 5 << 20};
    struct rng r = rng_seed("bucket");
    snprintf(world.bucket, sizeof world.bucket, "neuralake-test-%016llx", (unsigned long long)rng_next(&r));
    int rc = store_new_tuned(&o, &t, &world.store, &err);
    if (!rc)
        rc = nl_store_make_bucket(world.store, world.bucket, &err);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    return rc;
}

static int close_world(void **state)
{
    (void)state;
    nl_store_free(world.store);
    int status = world.server ? proc_stop(world.server, SIGTERM) : 0;
    tmp_remove(world.root);
    free(world.endpoint);
    free(world.access);
    free(world.secret);
    return status;
}

static void need_world(void)
{
    if (!world.store) {
        print_message("no neuralake program: skipped\n");
        skip();
    }
}

/* "s3://bucket/key" in one of eight places, taken in turn. */
static const char *uri(const char *key)
{
    static char places[8][1200];
    static unsigned turn;
    char *out = places[turn++ % 8];
    snprintf(out, sizeof places[0], "s3://%s/%s", world.bucket, key);
    return out;
}

static int put(const char *key, const void *data, size_t len, bool if_absent, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(world.store, uri(key), &(nl_put_options){.if_absent = if_absent}, &sink, err);
    if (rc)
        return rc;
    rc = nl_sink_write(sink, data, len, err);
    if (rc) {
        nl_sink_abort(sink);
        return rc;
    }
    return nl_sink_commit(sink, err);
}

static nl_store_stats stats(void)
{
    nl_store_stats s;
    nl_store_get_stats(world.store, &s);
    return s;
}

static const char *const keys[] = {
    "plain",    "a/b",        "a/b/c",          "a-b",       "a0",
    " ",        "per%20cent", "plus+and space", "<&>\"'",    "q?versionId=1",
    "#hash",    "dir/./x",    "dir/../y",       "dir//z",    "\xc3\xbc/\xe6\x97\xa5\xe6\x9c\xac",
    "~-_.!*()", "trail/",     "back\\slash",    "new\nline", "colon:semi;comma,"};

static void keys_of_all_kinds_make_the_round_trip(void **state)
{
    (void)state;
    need_world();
    for (size_t i = 0; i < NL_LEN(keys); i++) {
        nl_error err = {0};
        nl_object_info info;
        nl_source *s;
        nl_bytes b;
        check_why("key \"%s\"", keys[i]);
        CHECK_OK(put(keys[i], keys[i], strlen(keys[i]), false, &err), err);
        CHECK_OK(nl_store_head(world.store, uri(keys[i]), &info, &err), err);
        CHECK_INT(info.size, strlen(keys[i]));
        CHECK_INT(strlen(info.etag), 32);
        CHECK(info.modified > 1700000000);
        uint64_t before = stats().requests;
        CHECK_OK(nl_store_open(world.store, uri(keys[i]), NULL, &s, &err), err);
        CHECK_OK(nl_source_read_tail(s, 65536, &b, &err), err);
        CHECK_INT(b.len, strlen(keys[i]));
        CHECK_MEM(b.data, keys[i], b.len);
        CHECK_INT(stats().requests - before, 1);
        nl_bytes_release(&b);
        nl_source_close(s);
    }
}

struct listing {
    char *uris[64];
    size_t n;
};

static int collect(void *ctx, const char *entry, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct listing *l = ctx;
    (void)err, (void)info, (void)is_prefix;
    CHECK(l->n < NL_LEN(l->uris));
    l->uris[l->n++] = strdup(entry);
    return NL_OK;
}

static void listing_free(struct listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->uris[i]);
    l->n = 0;
}

static void listings_are_complete_and_in_order(void **state)
{
    (void)state;
    need_world();
    struct listing l = {0};
    nl_error err = {0};
    uint64_t before = stats().requests;
    CHECK_OK(nl_store_list(world.store, uri(""), true, collect, &l, &err), err);
    CHECK_INT(l.n, NL_LEN(keys));
    CHECK_INT(stats().requests - before, (NL_LEN(keys) + 6) / 7);
    for (size_t i = 0; i < NL_LEN(keys); i++) {
        size_t found = 0;
        for (size_t j = 0; j < l.n; j++)
            found += !strcmp(l.uris[j], uri(keys[i]));
        check_why("key \"%s\"", keys[i]);
        CHECK_INT(found, 1);
    }
    for (size_t j = 1; j < l.n; j++)
        CHECK(strcmp(l.uris[j - 1], l.uris[j]) < 0);
    listing_free(&l);
    check_why("%s", "");
    CHECK_OK(nl_store_list(world.store, uri("a"), false, collect, &l, &err), err);
    CHECK_INT(l.n, 3);
    CHECK_STR(l.uris[0], uri("a-b"));
    CHECK_STR(l.uris[1], uri("a/"));
    CHECK_STR(l.uris[2], uri("a0"));
    listing_free(&l);
    CHECK_OK(nl_store_list(world.store, uri("dir/"), false, collect, &l, &err), err);
    CHECK_INT(l.n, 3);
    listing_free(&l);
}

static void objects_of_every_size(void **state)
{
    (void)state;
    need_world();
    static const size_t sizes[] = {0, 1, 70000, 5 << 20, (5 << 20) + 1, 23456789};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        struct rng r = rng_fixed(i);
        char *data = malloc(sizes[i] + 1);
        nl_error err = {0};
        nl_source *s;
        nl_bytes b;
        rng_bytes(&r, data, sizes[i]);
        check_why("%zu bytes", sizes[i]);
        CHECK_OK(put("size", data, sizes[i], false, &err), err);
        CHECK_OK(nl_store_copy(world.store, uri("size"), uri("copy"), &err), err);
        CHECK_OK(nl_store_open(world.store, uri("copy"), NULL, &s, &err), err);
        CHECK_OK(nl_source_read_tail(s, 100, &b, &err), err);
        CHECK_INT(nl_source_size(s), sizes[i]);
        nl_bytes_release(&b);
        CHECK_OK(nl_source_read(s, 0, sizes[i], &b, &err), err);
        CHECK_INT(b.len, sizes[i]);
        CHECK_MEM(b.data, data, sizes[i]);
        nl_bytes_release(&b);
        nl_source_close(s);
        free(data);
    }
}

static void conditions_and_versions(void **state)
{
    (void)state;
    need_world();
    nl_error err = {0};
    nl_source *s;
    nl_bytes b;
    char *large = calloc(1, 6 << 20);
    CHECK_OK(put("once", "first", 5, true, &err), err);
    CHECK_FAILS(put("once", "second", 6, true, &err), NL_CONFLICT, err, "HTTP 412");
    CHECK_FAILS(put("once", large, 6 << 20, true, &err), NL_CONFLICT, err, "HTTP 412");
    CHECK_OK(nl_store_open(world.store, uri("once"), NULL, &s, &err), err);
    CHECK_OK(nl_source_read_tail(s, 2, &b, &err), err);
    CHECK_MEM(b.data, "st", 2);
    nl_bytes_release(&b);
    CHECK_OK(put("once", "other", 5, false, &err), err);
    CHECK_FAILS(nl_source_read(s, 0, 2, &b, &err), NL_CONFLICT, err, "changed while it was read");
    nl_source_close(s);
    free(large);
}

static void what_is_missing_or_wrong(void **state)
{
    (void)state;
    need_world();
    nl_error err = {0};
    nl_source *s;
    nl_bytes b;
    nl_object_info info;
    CHECK_OK(nl_store_delete(world.store, uri("never there"), &err), err);
    CHECK_FAILS(nl_store_head(world.store, uri("never there"), &info, &err), NL_NOT_FOUND, err, "HTTP 404");
    CHECK_OK(nl_store_open(world.store, uri("never there"), NULL, &s, &err), err);
    CHECK_FAILS(nl_source_read_tail(s, 10, &b, &err), NL_NOT_FOUND, err, "NoSuchKey, HTTP 404, http");
    CHECK_HAS(err.message, ", request ");
    nl_source_close(s);
    CHECK_FAILS(nl_store_list(world.store, "s3://no-such-bucket-here", true, collect, NULL, &err), NL_NOT_FOUND, err,
                "NoSuchBucket");
    CHECK_HAS(err.hint, "neuralake s3 mb s3://no-such-bucket-here");
    nl_store *other;
    nl_store_options o = {.endpoint_url = world.endpoint,
                          .access_key = world.access ? world.access : getenv("AWS_ACCESS_KEY_ID"),
                          .secret_key = "wrong"};
    CHECK_OK(nl_store_new(&o, &other, &err), err);
    CHECK_FAILS(nl_store_list(other, uri(""), true, collect, NULL, &err), NL_DENIED, err, "SignatureDoesNotMatch");
    nl_store_free(other);
}

static int was_deleted(void *ctx, const char *key, const nl_error *failed, nl_error *err)
{
    (void)err;
    check_why("%s: %s", key, failed ? failed->message : "");
    CHECK(!failed);
    ++*(int *)ctx;
    return NL_OK;
}

/* An object above the limit of one request is copied in parts, with what is known of it. */
static void large_copies(void **state)
{
    (void)state;
    need_world();
    nl_error err = {0};
    nl_object_info info, copied;
    nl_source *s;
    nl_bytes b;
    size_t len = (12 << 20) + 7;
    char *data = malloc(len);
    struct rng r = rng_seed("copy");
    rng_bytes(&r, data, len);
    CHECK_OK(put("big", data, len, false, &err), err);
    CHECK_OK(nl_store_head(world.store, uri("big"), &info, &err), err);
    uint64_t before = stats().requests;
    CHECK_OK(nl_store_copy_known(world.store, uri("big"), &info, uri("big copy"), NULL, &err), err);
    CHECK_INT(stats().requests - before, 1 + 1 + 3 + 1); /* HEAD, Create, three parts, Complete */
    CHECK_OK(nl_store_head(world.store, uri("big copy"), &copied, &err), err);
    CHECK_INT(copied.size, len);
    CHECK_OK(nl_store_open(world.store, uri("big copy"), &copied, &s, &err), err);
    CHECK_OK(nl_source_read(s, 0, len, &b, &err), err);
    CHECK_MEM(b.data, data, len);
    nl_bytes_release(&b);
    nl_source_close(s);
    info.size = len;
    CHECK_FAILS(nl_store_copy_known(world.store, uri("gone"), &info, uri("x"), NULL, &err), NL_NOT_FOUND, err,
                "copy of");
    free(data);
}

static void if_match_guards_a_version(void **state)
{
    (void)state;
    need_world();
    static const size_t sizes[] = {10, 6 << 20};
    char *data = calloc(1, 6 << 20);
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        nl_error err = {0};
        nl_object_info first;
        nl_sink *sink;
        check_why("%zu bytes", sizes[i]);
        CHECK_OK(put("guarded", "one", 3, false, &err), err);
        CHECK_OK(nl_store_head(world.store, uri("guarded"), &first, &err), err);
        for (int again = 0; again < 2; again++) {
            nl_put_options o = {.if_match = first.etag};
            CHECK_OK(nl_store_create(world.store, uri("guarded"), &o, &sink, &err), err);
            CHECK_OK(nl_sink_write(sink, data, sizes[i], &err), err);
            int rc = nl_sink_commit(sink, &err);
            if (again)
                CHECK_FAILS(rc, NL_CONFLICT, err, "HTTP 412");
            else
                CHECK_OK(rc, err);
        }
    }
    free(data);
}

static void everything_can_be_deleted(void **state)
{
    (void)state;
    need_world();
    struct listing l = {0};
    nl_error err = {0};
    CHECK_OK(nl_store_list(world.store, uri(""), true, collect, &l, &err), err);
    int told = 0;
    CHECK_OK(nl_store_delete_many(world.store, (const char *const *)l.uris, l.n, was_deleted, &told, &err), err);
    CHECK_INT(told, l.n);
    listing_free(&l);
    CHECK_OK(nl_store_list(world.store, uri(""), true, collect, &l, &err), err);
    CHECK_INT(l.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_all_kinds_make_the_round_trip),
        cmocka_unit_test(listings_are_complete_and_in_order),
        cmocka_unit_test(objects_of_every_size),
        cmocka_unit_test(conditions_and_versions),
        cmocka_unit_test(what_is_missing_or_wrong),
        cmocka_unit_test(large_copies),
        cmocka_unit_test(if_match_guards_a_version),
        cmocka_unit_test(everything_can_be_deleted),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
