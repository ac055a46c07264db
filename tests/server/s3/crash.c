/* tests/server/s3/crash.c: kill -9 under load. Afterwards every acknowledged object is there and whole, what was not
 * acknowledged is whole or absent, and nothing else is left.
 *
 *     parent: writers ──PUT──▶ child: the server          again and again:  kill -9, start, look
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "server/s3/server.h"
#include "server/s3/state.h"
#include "support/check.h"
#include "support/rng.h"
#include "support/tmp.h"

#define WRITERS 4
#define KEYS    6 /* a writer */
#define ROUNDS  6

/* Keys of all kinds: plain, in folders that come and go, beside a folder of their own name, too long for a file. */
static void key_name(int writer, int key, char out[static 400])
{
    static const char *const forms[KEYS] = {"w%d",    "w%d/in/folder", "deep%d/a/b/c/d",
                                            "both%d", "both%d/inside", "long%d"};
    snprintf(out, 400, forms[key], writer);
    if (key == 5) {
        size_t n = strlen(out);
        memset(out + n, 'L', 300);
        out[n + 300] = '\0';
    }
}

struct slot {
    int acked; /* the last version that was acknowledged; 0: none */
    int tried; /* the last one that was sent */
};

static struct slot slots[WRITERS][KEYS];
static struct client base;
static atomic_int acknowledged;

/* "w0/in/folder 17 " again and again: size depends on the version. */
static void fill_body(nl_buf *b, const char *key, int version)
{
    size_t size = (size_t)(version * 7919 % 50000) + 1;
    nl_buf_clear(b);
    while (b->len < size)
        nl_buf_printf(b, NULL, "%s %d ", key, version);
}

static void *write_on(void *arg)
{
    int writer = (int)(intptr_t)arg;
    struct client c = base;
    struct reply reply = {0};
    nl_buf body = {0};
    c.fd = -1;
    for (int i = 0;; i++) {
        char key[400], target[420];
        struct slot *s = &slots[writer][i % KEYS];
        key_name(writer, i % KEYS, key);
        snprintf(target, sizeof(target), "/bucket/%s", key);
        s->tried++;
        fill_body(&body, key, s->tried);
        client_request(&c, "PUT", target, NULL, body.data, body.len, &reply);
        if (reply.status != 200)
            break;
        s->acked = s->tried;
        atomic_fetch_add(&acknowledged, 1);
    }
    client_close(&c);
    nl_buf_free(&body);
    reply_free(&reply);
    return NULL;
}

/* A child that serves root until it is killed; its URL comes through a pipe. */
static pid_t serve(const char *root, int *port)
{
    int fds[2];
    char url[64] = "";
    CHECK(pipe(fds) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct s3_server *server;
        nl_error err = {0};
        struct s3_server_options o = {.root = root};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (s3_server_start(&o, &server, &err)) {
            fprintf(stderr, "%s\n", err.message);
            _exit(1);
        }
        dprintf(fds[1], "%s\n", s3_server_url(server));
        for (;;)
            pause();
    }
    close(fds[1]);
    CHECK(read(fds[0], url, sizeof(url) - 1) > 0);
    close(fds[0]);
    *port = client_port(url);
    return pid;
}

static void look(void)
{
    struct reply reply = {0};
    nl_buf want = {0};
    for (int w = 0; w < WRITERS; w++)
        for (int k = 0; k < KEYS; k++) {
            char key[400], target[420];
            const struct slot *s = &slots[w][k];
            bool whole = false;
            key_name(w, k, key);
            snprintf(target, sizeof(target), "/bucket/%s", key);
            client_request(&base, "GET", target, NULL, "", 0, &reply);
            check_why("%s: acknowledged %d, tried %d, status %d, %zu bytes", key, s->acked, s->tried, reply.status,
                      reply.body.len);
            if (reply.status == 404) {
                CHECK_INT(s->acked, 0);
                continue;
            }
            CHECK_INT(reply.status, 200);
            for (int v = s->acked ? s->acked : 1; v <= s->tried && !whole; v++) {
                fill_body(&want, key, v);
                whole = want.len == reply.body.len && !memcmp(want.data, reply.body.data, want.len);
            }
            CHECK(whole);
        }
    nl_buf_free(&want);
    reply_free(&reply);
}

static void killed_under_load(void **state)
{
    struct rng r = rng_seed("crash");
    char *root = *state, *access, *secret, *url, *tmp = tmp_path(root, "bucket/.neuralake/tmp");
    struct reply reply = {0};
    nl_error err = {0};
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[WRITERS];
        pid_t pid = serve(root, &base.port);
        CHECK_OK(s3_state_find(root, &url, &access, &secret, &err), err);
        base.access_key = access;
        base.secret_key = secret;
        base.fd = -1;
        CHECK_INT(tmp_exists(tmp) ? tmp_entries(tmp) : 0, 0); /* D5 */
        client_request(&base, "PUT", "/bucket", NULL, "", 0, &reply);
        CHECK_INT(reply.status, round ? 409 : 200);
        look();
        int until = atomic_load(&acknowledged) + 20 + (int)rng_below(&r, 200);
        for (intptr_t i = 0; i < WRITERS; i++)
            CHECK(pthread_create(&threads[i], NULL, write_on, (void *)i) == 0);
        while (atomic_load(&acknowledged) < until)
            usleep(200);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (int i = 0; i < WRITERS; i++)
            pthread_join(threads[i], NULL);
        client_close(&base);
        free(url);
        free(access);
        free(secret);
    }
    pid_t pid = serve(root, &base.port);
    CHECK_OK(s3_state_find(root, &url, &access, &secret, &err), err);
    base.access_key = access;
    base.secret_key = secret;
    look();
    client_close(&base);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK(atomic_load(&acknowledged) >= 20 * ROUNDS);
    free(url);
    free(access);
    free(secret);
    free(tmp);
    reply_free(&reply);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(killed_under_load, tmp_setup, tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
