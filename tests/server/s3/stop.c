/* tests/server/s3/stop.c: a graceful stop under load, in each durability: it ends, what was acknowledged is there, what was
 * not is whole or absent, and nothing else is left. And keys at the limit of their length.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "server/s3/state.h"
#include "support/check.h"
#include "support/tmp.h"

#define WRITERS 4
#define MOST    4000 /* keys a writer; it is stopped long before */

static struct {
    struct client base;
    int tried[WRITERS], acked[WRITERS]; /* a writer's keys are 0 … tried - 1; those below acked were acknowledged */
    atomic_int total;
} load;

/* Another size for each, some of them larger than what is read at once. */
static void body_of(int writer, int i, nl_buf *b)
{
    size_t size = (size_t)(i % 20 == 19 ? 100000 : (writer + i * 37) % 5000) + 1;
    nl_buf_clear(b);
    while (b->len < size)
        nl_buf_printf(b, NULL, "%d of %d ", i, writer);
}

static void target_of(int writer, int i, char out[static 64])
{
    snprintf(out, 64, "/bucket/w%d/%d/%d", writer, i / 50, i);
}

static void *write_on(void *arg)
{
    int w = (int)(intptr_t)arg;
    struct client c = load.base;
    struct reply reply = {0};
    nl_buf body = {0};
    c.fd = -1;
    while (load.tried[w] < MOST) {
        char target[64];
        int i = load.tried[w]++;
        body_of(w, i, &body);
        target_of(w, i, target);
        client_request(&c, "PUT", target, NULL, body.data, body.len, &reply);
        if (reply.status != 200)
            break;
        load.acked[w] = i + 1;
        atomic_fetch_add(&load.total, 1);
    }
    CHECK(reply.status == 503 || reply.status == 0); /* refused, or the connection was closed between two requests */
    client_close(&c);
    nl_buf_free(&body);
    reply_free(&reply);
    return NULL;
}

static void look(struct fixture *f)
{
    nl_buf want = {0};
    for (int w = 0; w < WRITERS; w++)
        for (int i = 0; i < load.tried[w]; i++) {
            char target[64];
            target_of(w, i, target);
            int status = request(f, "GET", target, NULL, NULL);
            check_why("%s: status %d, acknowledged below %d", target, status, load.acked[w]);
            if (status == 404) {
                CHECK(i >= load.acked[w]);
                continue;
            }
            body_of(w, i, &want);
            CHECK(status == 200 && f->reply.body.len == want.len && !memcmp(f->reply.body.data, want.data, want.len));
        }
    check_why("%s", "");
    nl_buf_free(&want);
}

static void start(struct fixture *f, enum s3_durability durability)
{
    nl_error err = {0};
    fixture_start_with(f, (struct s3_server_options){.durability = durability});
    CHECK_OK(s3_state_find(f->root, &f->url, &f->access, &f->secret, &err), err);
    f->client.access_key = f->access;
    f->client.secret_key = f->secret;
}

static void stop_under_load(void **state)
{
    struct fixture *f = *state;
    static const enum s3_durability all[] = {S3_DURABILITY_FULL, S3_DURABILITY_RENAME, S3_DURABILITY_NONE};
    for (size_t d = 0; d < NL_LEN(all); d++) {
        pthread_t threads[WRITERS];
        start(f, all[d]);
        CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), d ? 409 : 200);
        client_close(&f->client);
        memset(&load, 0, sizeof(load));
        load.base = f->client;
        for (intptr_t w = 0; w < WRITERS; w++)
            CHECK(pthread_create(&threads[w], NULL, write_on, (void *)w) == 0);
        while (atomic_load(&load.total) < 60)
            sched_yield();
        s3_server_stop(f->server); /* returns: the writers never pause */
        f->server = NULL;
        for (int w = 0; w < WRITERS; w++)
            pthread_join(threads[w], NULL);
        CHECK(atomic_load(&load.total) >= 60);
        fixture_stop(f);
        start(f, all[d]);
        look(f);
        char *tmp = tmp_path(f->root, "bucket/.neuralake/tmp");
        CHECK_INT(tmp_exists(tmp) ? tmp_entries(tmp) : 0, 0);
        free(tmp);
        fixture_stop(f);
    }
    start(f, S3_DURABILITY_NONE); /* for the teardown */
}

/* Keys of 1,024 bytes in every form make the round trip; longer ones are refused by name. */
static void giant_keys(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *why, *piece;
        size_t times; /* of the piece */
        int status;
        const char *code;
    } cases[] = {
        {"one component", "k", 1024, 200, NULL},
        {"one too many", "k", 1025, 400, "KeyTooLongError"},
        {"all escaped", "%25", 1024, 200, NULL},
        {"all escaped, one too many", "%25", 1025, 400, "KeyTooLongError"},
        {"deep folders", "d/", 512, 200, NULL},
        {"empty components", "/", 1024, 200, NULL},
        {"long components", "%E3%81%82%E3%81%82%E3%81%82/", 102, 200, NULL},
        {"as long as a head may be, nearly", "k", 15000, 400, "KeyTooLongError"},
        {"longer than a head", "k", 20000, 400, "RequestHeaderSectionTooLarge"},
        {"longer than a connection's memory", "k", 200000, -1, NULL},
    };
    start(f, S3_DURABILITY_RENAME);
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf target = {0};
        check_why("%s", cases[i].why);
        nl_buf_puts(&target, "/bucket/", NULL);
        for (size_t n = 0; n < cases[i].times; n++)
            nl_buf_puts(&target, cases[i].piece, NULL);
        int status = request(f, "PUT", target.data, NULL, "bytes");
        if (cases[i].status < 0) {
            CHECK(status == 0 || (status >= 400 && status < 500));
        } else {
            CHECK_INT(status, cases[i].status);
        }
        if (cases[i].code)
            CHECK_HAS(f->reply.body.data, cases[i].code);
        if (cases[i].status == 200) {
            CHECK_INT(request(f, "GET", target.data, NULL, NULL), 200);
            CHECK_STR(f->reply.body.data, "bytes");
            CHECK_INT(request(f, "DELETE", target.data, NULL, NULL), 204);
            CHECK_INT(request(f, "GET", target.data, NULL, NULL), 404);
        }
        nl_buf_free(&target);
    }
    check_why("%s", "");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stop_under_load, fixture_folder, fixture_teardown),
        cmocka_unit_test_setup_teardown(giant_keys, fixture_folder, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
