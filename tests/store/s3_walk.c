/* s3_walk.c: all keys below a prefix, listed in several places at once: each key once and in order, whatever the names are like,
 * and so many requests.
 */
#include "store/s3/walk.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"
#include "s3proto/uri.h"
#include "support/check.h"
#include "support/rng.h"
#include "support/standin.h"

enum { page = 10, keys_most = 3000 };

/* A bucket, and what its server cannot do. */
struct bucket {
    const char *keys[keys_most];
    size_t n;
    bool no_start_after; /* ignored */
    bool refuses;        /* start-after is an error */
    bool unordered;
    size_t fails_from; /* requests from here on are 403; 0: none */
    nl_arena arena;
};

/* The value of a parameter of the target, decoded; "" where it is not there. */
static const char *parameter(struct bucket *b, const char *target, const char *name)
{
    char mark[64];
    nl_buf out = {0};
    snprintf(mark, sizeof mark, "%s=", name);
    const char *at = strchr(target, '?');
    for (; at; at = strchr(at, '&')) {
        at++;
        if (nl_starts_with(at, mark))
            break;
    }
    if (!at)
        return "";
    at += strlen(mark);
    CHECK_INT(s3_uri_decode(&out, at, strcspn(at, "&"), false, NULL), NL_OK);
    const char *value = nl_arena_strdup(&b->arena, out.len ? out.data : "");
    nl_buf_free(&out);
    return value;
}

/* One page, as S3 answers: keys behind start-after or the token, folders where there is a delimiter. */
static void list_page(struct bucket *b, const char *target, nl_buf *x)
{
    const char *prefix = parameter(b, target, "prefix"), *token = parameter(b, target, "continuation-token");
    const char *after = *token ? token : b->no_start_after ? "" : parameter(b, target, "start-after");
    bool folders = *parameter(b, target, "delimiter") != 0;
    uint64_t most = 0, from = 0;
    size_t n = 0;
    CHECK(nl_parse_u64(parameter(b, target, "max-keys"), &most));
    CHECK(!b->unordered || !*after || nl_parse_u64(after, &from));
    const char *last = NULL, *folder = "";
    nl_buf_puts(x, "<ListBucketResult>", NULL);
    for (size_t i = 0; i < b->n; i++) {
        const char *key = b->keys[i], *slash;
        bool behind = b->unordered ? from <= i : strcmp(key, after) > 0;
        if (!nl_starts_with(key, prefix) || !behind || (*folder && nl_starts_with(key, folder)))
            continue;
        if (n++ == most) {
            if (b->unordered)
                nl_buf_printf(x, NULL, "<NextContinuationToken>%zu</NextContinuationToken>", i);
            else
                nl_buf_printf(x, NULL, "<NextContinuationToken>%s</NextContinuationToken>", last);
            nl_buf_puts(x, "<IsTruncated>true</IsTruncated>", NULL);
            break;
        }
        slash = folders ? strchr(key + strlen(prefix), '/') : NULL;
        if (slash) {
            folder = nl_arena_strndup(&b->arena, key, (size_t)(slash - key) + 1);
            nl_buf_printf(x, NULL, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", folder);
        } else {
            nl_buf_printf(x, NULL, "<Contents><Key>%s</Key><Size>%zu</Size></Contents>", key, strlen(key));
        }
        last = key;
    }
    nl_buf_puts(x, "</ListBucketResult>", NULL);
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    static const char no[] = "<Error><Code>AccessDenied</Code></Error>";
    struct bucket *b = ctx;
    if ((b->fails_from && q->number >= b->fails_from) || (b->refuses && strstr(q->target, "start-after"))) {
        *a = (struct standin_answer){.status = 403, .body = no, .body_len = sizeof no - 1};
        return;
    }
    nl_buf x = {0};
    list_page(b, q->target, &x);
    *a = (struct standin_answer){.body = nl_arena_strdup(&b->arena, x.data), .body_len = x.len};
    nl_buf_free(&x);
}

static void add(struct bucket *b, const char *fmt, ...) NL_PRINTF(2, 3);
static void add(struct bucket *b, const char *fmt, ...)
{
    char key[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(key, sizeof key, fmt, ap);
    va_end(ap);
    CHECK(b->n < keys_most);
    b->keys[b->n++] = nl_arena_strdup(&b->arena, key);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ── shapes of names ── */

static void flat(struct bucket *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(b, "t/part-%05zu.parquet", i);
}

static void hashes(struct bucket *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(b, "t/%016llx", (unsigned long long)(i + 1) * 0x9E3779B97F4A7C15u);
}

static void dates(struct bucket *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(b, "t/year=%zu/month=%02zu/f%zu", 2020 + i / 240, i / 20 % 12 + 1, i % 20);
}

static void words(struct bucket *b, size_t n)
{
    static const char *const names[] = {"alpha", "beta", "gamma", "delta.x", "delta", "omega", "zeta"};
    for (size_t i = 0; i < n; i++)
        add(b, "t/%s/%c/%c", names[i % 7], (char)('a' + i / 7 % 26), (char)('a' + i / 182 % 26));
}

/* Two levels of the same names, keys beside folders of the same name, and other bytes. */
static void strange(struct bucket *b, size_t n)
{
    for (size_t i = 0; i + 3 < n; i += 4) {
        add(b, "t/%zu", i);
        add(b, "t/%zu/", i);
        add(b, "t/%zu/\xc3\xa4", i);
        add(b, "t/%zu.", i);
    }
}

static void one_name(struct bucket *b, size_t n)
{
    char name[128] = "t/";
    for (size_t i = 0; i < n && i < 100; i++) {
        strncat(name, "x", 2);
        add(b, "%s", name);
    }
}

struct seen {
    const struct bucket *b;
    size_t n, stop_after;
};

static int check_next(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct seen *s = ctx;
    (void)err;
    CHECK(!is_prefix);
    CHECK(s->n < s->b->n);
    CHECK_STR(uri + strlen("s3://bucket/"), s->b->keys[s->n]);
    CHECK_INT(info->size, strlen(s->b->keys[s->n]));
    s->n++;
    return s->stop_after && s->n == s->stop_after ? NL_CONFLICT : NL_OK;
}

struct fixture {
    struct bucket b;
    struct standin *server;
    nl_store *store;
};

static void start(struct fixture *f, void (*make)(struct bucket *b, size_t n), size_t n)
{
    nl_error err = {0};
    *f = (struct fixture){0};
    make(&f->b, n);
    qsort(f->b.keys, f->b.n, sizeof f->b.keys[0], by_key);
    f->server = standin_start(answer, &f->b);
    nl_store_options o = {.endpoint_url = standin_url(f->server),
                          .region = "us-east-1",
                          .access_key = "KEY",
                          .secret_key = "SECRET"};
    struct store_tuning t = {.retry_base_ms = 1, .max_attempts = 2, .list_page = page};
    CHECK_OK(store_new_tuned(&o, &t, &f->store, &err), err);
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    nl_arena_free(&f->b.arena);
}

static void each_key_once_and_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        void (*make)(struct bucket *b, size_t n);
        size_t n, requests; /* at most; 0: exactly the pages */
        const char *prefix;
    } cases[] = {
        {"nothing", flat, 0, 0, ""},
        {"one key", flat, 1, 0, ""},
        {"one page", flat, page, 0, ""},
        {"four pages: nothing is guessed", flat, 4 * page, 0, ""},
        {"five pages", flat, 5 * page, 80, ""},
        {"numbers", flat, 2000, 450, "t/"},
        {"a prefix inside of names", flat, 2000, 450, "t/part-0"},
        {"hashes", hashes, 1000, 400, ""},
        {"dates", dates, 1440, 500, "t/"},
        {"words, known by their folders", words, 1400, 500, "t/"},
        {"strange names", strange, 1200, 600, ""},
        {"a name that grows", one_name, 100, 60, ""},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f;
        nl_error err = {0};
        char uri[64];
        check_why("%s", cases[i].why);
        start(&f, cases[i].make, cases[i].n);
        struct seen seen = {.b = &f.b};
        snprintf(uri, sizeof uri, "s3://bucket/%s", cases[i].prefix);
        CHECK_OK(nl_store_list(f.store, uri, true, check_next, &seen, &err), err);
        CHECK_INT(seen.n, f.b.n);
        size_t pages = f.b.n ? (f.b.n + page - 1) / page : 1;
        if (cases[i].requests)
            CHECK_MAX(standin_count(f.server), cases[i].requests);
        else
            CHECK_INT(standin_count(f.server), pages);
        stop(&f);
    }
}

/* V4: such a store is asked page by page, after the guesses at most. */
static void a_store_that_cannot_be_cut(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        bool no_start_after, refuses;
    } cases[] = {{"it does not know start-after", true, false}, {"it refuses start-after", false, true}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        start(&f, flat, 500);
        f.b.no_start_after = cases[i].no_start_after;
        f.b.refuses = cases[i].refuses;
        struct seen seen = {.b = &f.b};
        CHECK_OK(nl_store_list(f.store, "s3://bucket/", true, check_next, &seen, &err), err);
        CHECK_INT(seen.n, f.b.n);
        CHECK_MAX(standin_count(f.server), 500 / page + WALK_GUESSES + 4);
        stop(&f);
    }
}

static void a_store_without_order_is_not_cut(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    start(&f, flat, 500);
    f.b.unordered = true;
    for (size_t i = 0; i < 250; i++) {
        const char *k = f.b.keys[i];
        f.b.keys[i] = f.b.keys[499 - i];
        f.b.keys[499 - i] = k;
    }
    struct seen seen = {.b = &f.b};
    CHECK_OK(nl_store_list(f.store, "s3://bucket/", true, check_next, &seen, &err), err);
    CHECK_INT(seen.n, f.b.n);
    CHECK_INT(standin_count(f.server), 500 / page);
    stop(&f);
}

/* Names at random, of few letters: whatever the cuts. */
static void any_names(void **state)
{
    (void)state;
    struct rng rng = rng_seed("s3_walk");
    for (size_t round = 0; round < 10; round++) {
        static const char letters[] = "0189afz/-.";
        struct fixture f;
        nl_error err = {0};
        check_why("round %zu", round);
        start(&f, flat, 0);
        for (size_t i = 0; i < 700; i++) {
            char key[12] = "k";
            size_t len = 1 + rng_below(&rng, 9);
            for (size_t j = 1; j <= len; j++)
                key[j] = letters[rng_below(&rng, sizeof letters - 1)];
            add(&f.b, "%s", key);
        }
        qsort(f.b.keys, f.b.n, sizeof f.b.keys[0], by_key);
        size_t n = 0;
        for (size_t i = 0; i < f.b.n; i++)
            if (!n || strcmp(f.b.keys[n - 1], f.b.keys[i]) != 0)
                f.b.keys[n++] = f.b.keys[i];
        f.b.n = n;
        struct seen seen = {.b = &f.b};
        CHECK_OK(nl_store_list(f.store, "s3://bucket/", true, check_next, &seen, &err), err);
        CHECK_INT(seen.n, f.b.n);
        stop(&f);
    }
}

static void it_ends_early(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    start(&f, flat, 2000);
    struct seen seen = {.b = &f.b, .stop_after = 105};
    check_why("the caller has enough");
    CHECK_INT(nl_store_list(f.store, "s3://bucket/", true, check_next, &seen, &err), NL_CONFLICT);
    CHECK_INT(seen.n, 105);
    stop(&f);
    check_why("the store refuses");
    start(&f, flat, 2000);
    f.b.fails_from = 100;
    seen = (struct seen){.b = &f.b};
    CHECK_FAILS(nl_store_list(f.store, "s3://bucket/", true, check_next, &seen, &err), NL_DENIED, err, "AccessDenied");
    CHECK(seen.n < f.b.n);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_once_and_in_order),
        cmocka_unit_test(a_store_that_cannot_be_cut),
        cmocka_unit_test(a_store_without_order_is_not_cut),
        cmocka_unit_test(any_names),
        cmocka_unit_test(it_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
