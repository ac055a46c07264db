/* tests/server/s3/disk/list.c: listings against a model: all keys sorted, grouped and cut by hand. */
#include "server/s3/disk/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/str.h"
#include "server/s3/disk/writer.h"
#include "support/check.h"
#include "support/rng.h"
#include "support/tmp.h"

#define MOST 4096

struct names {
    char *name[MOST];
    bool prefix[MOST];
    size_t n;
};

static void add(struct names *l, const char *name, size_t len, bool prefix)
{
    l->prefix[l->n] = prefix;
    l->name[l->n++] = strndup(name, len);
}

static void clear(struct names *l)
{
    while (l->n > 0)
        free(l->name[--l->n]);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a listing of all pages must give: keys are sorted and distinct. */
static void model(const struct names *keys, const char *prefix, const char *delimiter, struct names *out)
{
    for (size_t i = 0; i < keys->n; i++) {
        const char *key = keys->name[i];
        if (strncmp(key, prefix, strlen(prefix)))
            continue;
        const char *d = *delimiter ? strstr(key + strlen(prefix), delimiter) : NULL;
        size_t len = d ? (size_t)(d - key) + strlen(delimiter) : strlen(key);
        const char *last = out->n ? out->name[out->n - 1] : NULL;
        if (!(d && last && strlen(last) == len && !memcmp(last, key, len)))
            add(out, key, len, d != NULL);
    }
}

static int take(void *ctx, s3_slice name, const s3_meta *meta, nl_error *err)
{
    (void)err;
    add(ctx, name.data, name.len, meta == NULL);
    return NL_OK;
}

/* All pages of `max`. */
static void list_all(s3_bucket *b, const char *prefix, const char *delimiter, size_t max, struct names *out)
{
    bool more = true;
    while (more) {
        size_t before = out->n;
        nl_error err = {0};
        const char *from = out->n ? out->name[out->n - 1] : "";
        s3_list_query q = {{prefix, strlen(prefix)}, {delimiter, strlen(delimiter)}, {from, strlen(from)}, max};
        CHECK_OK(s3_list(b, &q, take, out, &more, &err), err);
        CHECK_MAX(out->n - before, max);
        CHECK(!more || out->n > before);
    }
}

static void check_same(const struct names *got, const struct names *want)
{
    for (size_t i = 0; i < got->n && i < want->n; i++) {
        CHECK_STR(got->name[i], want->name[i]);
        CHECK(got->prefix[i] == want->prefix[i]);
    }
    CHECK_INT(got->n, want->n);
}

static void put(s3_bucket *b, const char *key)
{
    s3_writer w;
    s3_meta meta = {.etag = "00000000000000000000000000000000"};
    nl_error err = {0};
    CHECK_OK(s3_writer_open(b, &w, &err), err);
    CHECK_OK(s3_writer_commit(&w, (s3_slice){key, strlen(key)}, &meta, NULL, &err), err);
}

/* Folders with more entries than this get an index. */
static size_t index_from = S3_INDEX_FROM;

static s3_disk *open_disk(const char *root, s3_bucket **b)
{
    s3_disk *d;
    nl_error err = {0};
    CHECK_OK(s3_disk_open(root, false, &d, &err), err);
    d->indexes.from = index_from;
    int rc = s3_bucket_create(d, "bucket", &err);
    CHECK(rc == NL_OK || rc == NL_CONFLICT);
    CHECK_OK(s3_bucket_get(d, "bucket", b, &err), err);
    return d;
}

/* Few letters and many slashes: keys that are folders of others, empty components, dots; some too long for a file. */
static void random_key(struct rng *r, char *out)
{
    static const char letters[] = "ab/./%-0";
    size_t n = 1 + rng_below(r, 9);
    for (size_t i = 0; i < n; i++)
        out[i] = letters[rng_below(r, sizeof(letters) - 1)];
    if (rng_below(r, 20) == 0) {
        memset(out + n, 'L', 300);
        n += 300;
    }
    out[n] = '\0';
}

static size_t unique(struct names *l)
{
    qsort(l->name, l->n, sizeof(*l->name), by_bytes);
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (n > 0 && !strcmp(l->name[n - 1], l->name[i]))
            free(l->name[i]);
        else
            l->name[n++] = l->name[i];
    }
    return l->n = n;
}

static void check_listings(s3_bucket *b, const struct names *keys, struct rng *r)
{
    static const char *const prefixes[] = {"", "a", "a/", "/", "b/a", ".", "%", "L", "aL", "zz"};
    static const char *const delimiters[] = {"", "/", "a", "/a", "LLLL"};
    static const size_t sizes[] = {1, 3, 10, 1000};
    static struct names got, want;
    for (size_t p = 0; p < NL_LEN(prefixes); p++)
        for (size_t d = 0; d < NL_LEN(delimiters); d++) {
            size_t max = sizes[rng_below(r, NL_LEN(sizes))];
            check_why("prefix \"%s\" delimiter \"%s\" pages of %zu", prefixes[p], delimiters[d], max);
            list_all(b, prefixes[p], delimiters[d], max, &got);
            model(keys, prefixes[p], delimiters[d], &want);
            check_same(&got, &want);
            clear(&got);
            clear(&want);
        }
}

/* Listings are the same whether all folders have an index, large ones, or none. */
static void random_keys_from(void **state, size_t from, int rounds)
{
    s3_bucket *b;
    struct rng r = rng_seed("list");
    index_from = from;
    static struct names keys;
    s3_disk *d = open_disk(*state, &b);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 150; i++) {
            char key[400];
            random_key(&r, key);
            put(b, key);
            add(&keys, key, strlen(key), false);
        }
        unique(&keys);
        check_listings(b, &keys, &r);
        for (int i = 0; i < 60; i++) { /* and some go */
            size_t at = rng_below(&r, keys.n);
            nl_error err = {0};
            CHECK_OK(s3_object_delete(b, (s3_slice){keys.name[at], strlen(keys.name[at])}, NULL, &err), err);
            free(keys.name[at]);
            memmove(keys.name + at, keys.name + at + 1, (--keys.n - at) * sizeof(*keys.name));
        }
        check_listings(b, &keys, &r);
    }
    s3_bucket_release(b);
    s3_disk_close(d);
    d = open_disk(*state, &b); /* the overflow index is read again */
    check_listings(b, &keys, &r);
    for (size_t i = 0; i < keys.n; i++)
        CHECK(s3_object_delete(b, (s3_slice){keys.name[i], strlen(keys.name[i])}, NULL, NULL) == NL_OK);
    clear(&keys);
    s3_bucket_release(b);
    CHECK(s3_bucket_delete(d, "bucket", NULL) == NL_OK); /* empty folders were pruned, or go now */
    s3_disk_close(d);
}

static void random_keys(void **state)
{
    random_keys_from(state, S3_INDEX_FROM, 4);
}

static void random_keys_in_indexes(void **state)
{
    random_keys_from(state, 0, 1);
}

static void random_keys_in_both(void **state)
{
    random_keys_from(state, 4, 2);
}

/* L2: a folder is not walked through for its common prefix; the next page starts behind it. */
static void empty_folders_are_no_prefixes(void **state)
{
    s3_bucket *b;
    static struct names got;
    s3_disk *d = open_disk(*state, &b);
    static const char *const folders[] = {"bucket/hollow", "bucket/hollow/more", "bucket/hollow/more/less",
                                          "bucket/%41"};
    for (size_t i = 0; i < NL_LEN(folders); i++) {
        char *path = tmp_path(*state, folders[i]);
        CHECK_INT(mkdir(path, 0777), 0);
        free(path);
    }
    char *foreign = tmp_path(*state, "bucket/50%");
    tmp_write(foreign, "x", 1);
    free(foreign);
    put(b, "full/x");
    list_all(b, "", "/", 10, &got);
    CHECK_INT(got.n, 1);
    CHECK_STR(got.name[0], "full/");
    clear(&got);
    s3_bucket_release(b);
    s3_disk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(random_keys, tmp_setup, tmp_teardown),
                                       cmocka_unit_test_setup_teardown(random_keys_in_indexes, tmp_setup, tmp_teardown),
                                       cmocka_unit_test_setup_teardown(random_keys_in_both, tmp_setup, tmp_teardown),
                                       cmocka_unit_test_setup_teardown(empty_folders_are_no_prefixes, tmp_setup,
                                                                       tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
