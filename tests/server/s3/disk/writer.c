/* tests/server/s3/disk/writer.c: commits: conditions, conflicts of paths, and every call failed once (D1, D4, D6, M3, M4). */
#include "server/s3/disk/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

static s3_slice slice(const char *text)
{
    return (s3_slice){text, strlen(text)};
}

static int put(s3_bucket *b, const char *key, const char *bytes, size_t extra_meta, const s3_guard *guard,
               nl_error *err)
{
    s3_writer w;
    char filler[4096];
    memset(filler, 'm', sizeof(filler));
    filler[extra_meta] = '\0';
    s3_pair header = {"x-amz-meta-filler", filler};
    s3_meta meta = {.etag = "00000000000000000000000000000000", .headers = &header, .n_headers = 1};
    int rc = s3_writer_open_key(b, slice(key), &w, err);
    if (!rc && (rc = s3_writer_write(&w, bytes, strlen(bytes), err)) != NL_OK)
        s3_writer_abort(&w);
    return rc ? rc : s3_writer_commit(&w, slice(key), &meta, guard, err);
}

/* The bytes of a key, NULL where it is not there. Yours. */
static char *get(s3_bucket *b, const char *key)
{
    s3_object o;
    nl_error err = {0};
    int rc = s3_object_open(b, slice(key), &o, &err);
    if (rc == NL_NOT_FOUND)
        return NULL;
    CHECK_OK(rc, err);
    char *bytes = calloc(1, o.meta.size + 1);
    CHECK(pread(o.fd, bytes, o.meta.size, 0) == (ssize_t)o.meta.size);
    s3_object_close(&o);
    return bytes;
}

static void check_bytes(s3_bucket *b, const char *key, const char *want)
{
    char *got = get(b, key);
    check_why("%.40s", key);
    if (!want)
        CHECK(got == NULL);
    else
        CHECK_STR(got, want);
    free(got);
}

static s3_disk *open_disk(const char *root, s3_bucket **b)
{
    s3_disk *d;
    nl_error err = {0};
    CHECK_OK(s3_disk_open(root, true, &d, &err), err);
    int rc = s3_bucket_create(d, "bucket", &err);
    CHECK(rc == NL_OK || rc == NL_CONFLICT);
    CHECK_OK(s3_bucket_get(d, "bucket", b, &err), err);
    return d;
}

static s3_disk *reopen(const char *root, s3_disk *d, s3_bucket **b)
{
    s3_bucket_release(*b);
    s3_disk_close(d);
    return open_disk(root, b);
}

/* M3, M4: one key's path is another's folder; metadata that is too large. */
static void conflicts(void **state)
{
    s3_bucket *b;
    nl_error err = {0};
    s3_disk *d = open_disk(*state, &b);
    CHECK_OK(put(b, "a/b", "1", 0, NULL, &err), err);
    CHECK_OK(put(b, "a", "2", 0, NULL, &err), err);
    CHECK_OK(put(b, "f", "3", 0, NULL, &err), err);
    CHECK_OK(put(b, "f/g/h", "4", 0, NULL, &err), err);
    CHECK_OK(put(b, "big", "5", 0, NULL, &err), err);
    CHECK_OK(put(b, "big", "six", 3500, NULL, &err), err);
    CHECK_INT(s3_overflow_count(&b->overflow), 3);
    for (int i = 0; i < 2; i++) {
        check_bytes(b, "a/b", "1");
        check_bytes(b, "a", "2");
        check_bytes(b, "f", "3");
        check_bytes(b, "f/g/h", "4");
        check_bytes(b, "big", "six");
        check_bytes(b, "f/g", NULL);
        d = reopen(*state, d, &b);
    }
    CHECK_OK(s3_object_delete(b, slice("a/b"), NULL, &err), err);
    CHECK_OK(put(b, "a", "still in the overflow folder", 0, NULL, &err), err);
    CHECK_INT(s3_overflow_count(&b->overflow), 3);
    CHECK_FAILS(s3_bucket_delete(d, "bucket", &err), NL_CONFLICT, err, "not empty");
    static const char *const all[] = {"a", "f", "f/g/h", "big"};
    for (size_t i = 0; i < NL_LEN(all); i++) {
        CHECK_OK(s3_object_delete(b, slice(all[i]), NULL, &err), err);
        check_bytes(b, all[i], NULL);
    }
    d = reopen(*state, d, &b);
    for (size_t i = 0; i < NL_LEN(all); i++)
        check_bytes(b, all[i], NULL);
    s3_bucket_release(b);
    CHECK_OK(s3_bucket_delete(d, "bucket", &err), err);
    s3_disk_close(d);
}

/* Both ways to a name, and to a file; and a key that comes or goes between the guess at the beginning and the commit. */
static void nameless_or_not(void **state)
{
    s3_bucket *b;
    nl_error err = {0};
    s3_disk *d = open_disk(*state, &b);
    char *tmp = tmp_path(*state, "bucket/.neuralake/tmp");
    s3_meta meta = {.etag = "00000000000000000000000000000000"};
    bool can = d->nameless;
    for (int way = 0; way < 2; way++) {
        s3_writer first, second;
        d->nameless = can && way == 0;
        atomic_store(&d->walks, way == 1);
        check_why("%s", d->nameless ? "nameless" : "with a temporary name");
        CHECK_OK(s3_writer_open_key(b, slice("k/x"), &first, &err), err);
        CHECK(d->nameless ? first.tmp < 0 : first.tmp >= 0);
        CHECK_OK(s3_writer_open_key(b, slice("k/x"), &second, &err), err);
        CHECK_OK(s3_writer_write(&first, "first", 5, &err), err);
        CHECK_OK(s3_writer_write(&second, "second", 6, &err), err);
        CHECK_OK(s3_writer_commit(&first, slice("k/x"), &meta, NULL, &err), err);
        check_bytes(b, "k/x", "first");
        CHECK_OK(s3_writer_commit(&second, slice("k/x"), &meta, NULL, &err), err); /* the name is there by now */
        check_bytes(b, "k/x", "second");
        CHECK_OK(s3_writer_open_key(b, slice("k/x"), &first, &err), err);
        CHECK(first.tmp >= 0); /* only a rename replaces */
        CHECK_OK(s3_object_delete(b, slice("k/x"), NULL, &err), err);
        CHECK_OK(s3_writer_commit(&first, slice("k/x"), &meta, NULL, &err), err);
        check_bytes(b, "k/x", "");
        /* One that is dropped leaves nothing, and a folder that took the name is stepped aside for (M3). */
        CHECK_OK(s3_writer_open_key(b, slice("gone"), &first, &err), err);
        s3_writer_abort(&first);
        check_bytes(b, "gone", NULL);
        CHECK_OK(s3_writer_open_key(b, slice("f"), &first, &err), err);
        CHECK_OK(put(b, "f/inside", "i", 0, NULL, &err), err);
        CHECK_OK(s3_writer_commit(&first, slice("f"), &meta, NULL, &err), err);
        check_bytes(b, "f", "");
        check_bytes(b, "f/inside", "i");
        CHECK_INT(s3_overflow_count(&b->overflow), 1);
        CHECK_INT(tmp_entries(tmp), 0);
        check_bytes(b, "k", NULL);
        check_bytes(b, "k/y", NULL);
        check_bytes(b, "k/x/z", NULL);
        static const char *const all[] = {"k/x", "f", "f/inside"};
        for (size_t i = 0; i < NL_LEN(all); i++)
            CHECK_OK(s3_object_delete(b, slice(all[i]), NULL, &err), err);
    }
    free(tmp);
    s3_bucket_release(b);
    s3_disk_close(d);
}

static int must_be_absent(void *ctx, const s3_meta *current, nl_error *err)
{
    (void)ctx;
    return current ? nl_fail(err, NL_CONFLICT, "it is there") : NL_OK;
}

struct racer {
    s3_bucket *b;
    int won;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    const s3_guard guard = {must_be_absent, NULL};
    for (int i = 0; i < 50; i++) {
        char key[32];
        snprintf(key, sizeof(key), "race/%d/x", i);
        r->won += put(r->b, key, "mine", 0, &guard, NULL) == NL_OK;
    }
    return NULL;
}

/* D4: of several writers one wins, each time. */
static void one_winner(void **state)
{
    s3_bucket *b;
    s3_disk *d = open_disk(*state, &b);
    pthread_t threads[4];
    struct racer racers[4];
    int won = 0;
    for (size_t i = 0; i < 4; i++) {
        racers[i] = (struct racer){b, 0};
        CHECK(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        won += racers[i].won;
    }
    CHECK_INT(won, 50);
    s3_bucket_release(b);
    s3_disk_close(d);
}

static void *put_and_delete(void *arg)
{
    struct racer *r = arg;
    for (int i = 0; i < 200; i++) {
        char key[64];
        snprintf(key, sizeof(key), "shared/folder/%d", r->won);
        if (put(r->b, key, "x", 0, NULL, NULL) || s3_object_delete(r->b, slice(key), NULL, NULL))
            return arg;
    }
    return NULL;
}

/* D6: folders that are pruned under a writer's feet. */
static void pruning(void **state)
{
    s3_bucket *b;
    s3_disk *d = open_disk(*state, &b);
    pthread_t threads[4];
    struct racer racers[4];
    for (int i = 0; i < 4; i++) {
        racers[i] = (struct racer){b, i};
        CHECK(pthread_create(&threads[i], NULL, put_and_delete, &racers[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
    char *path = tmp_path(*state, "bucket/shared");
    CHECK(!tmp_exists(path));
    free(path);
    s3_bucket_release(b);
    s3_disk_close(d);
}

/* D1: whatever fails, the key has the old bytes or the new ones, and no temporary file is left. */
static void every_call_fails_once(void **state)
{
    static const struct {
        const char *why, *key;
        size_t extra_meta;
    } cases[] = {{"plain", "plain", 0}, {"new folders", "x/y/z", 0}, {"overflow", "over", 3500}, {"taken", "taken", 0}};
    s3_bucket *b;
    nl_error err = {0};
    s3_disk *d = open_disk(*state, &b);
    char *tmp = tmp_path(*state, "bucket/.neuralake/tmp");
    CHECK_OK(put(b, "taken/inside", "i", 0, NULL, &err), err);
    bool nameless = d->nameless;
    for (size_t i = 0; i < 4 * NL_LEN(cases); i++) {
        const char *key = cases[i / 4].key;
        size_t extra = cases[i / 4].extra_meta;
        bool fired = true, is_new = i % 4 / 2;
        for (long nth = 1; fired; nth++) {
            d->nameless = false; /* so that there is a folder tmp */
            CHECK_OK(put(b, key, "old", extra, NULL, &err), err);
            d->nameless = nameless;
            if (is_new)
                CHECK(s3_object_delete(b, slice(key), NULL, NULL) == NL_OK);
            fault_arm(i % 2 ? FAULT_ALLOC : FAULT_IO, nth, i % 2 ? ENOMEM : EIO);
            int rc = put(b, key, "new", extra, NULL, &err);
            fault_disarm();
            fired = fault_fired();
            char *got = get(b, key);
            check_why("%s, %s, %s %ld: status %d", cases[i / 4].why, is_new ? "new" : "there already",
                      i % 2 ? "allocation" : "call", nth, rc);
            CHECK(got ? !strcmp(got, "new") || (rc && !is_new && !strcmp(got, "old")) : rc && is_new);
            free(got);
            CHECK_MAX(tmp_entries(tmp), fired ? 1 : 0); /* removing it may be what failed */
            if (tmp_entries(tmp)) {
                d = reopen(*state, d, &b);
                CHECK(!tmp_exists(tmp)); /* D5 */
            }
            CHECK(s3_object_delete(b, slice(key), NULL, NULL) == NL_OK);
        }
    }
    free(tmp);
    s3_bucket_release(b);
    s3_disk_close(d);
}

/* A bucket that is removed while somebody holds it, and made again: often with the same inode. */
static void bucket_made_again(void **state)
{
    s3_bucket *old, *new;
    nl_error err = {0};
    s3_disk *d = open_disk(*state, &old);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(s3_bucket_delete(d, "bucket", &err), err);
        CHECK_FAILS(put(old, "lost", "x", 0, NULL, &err), NL_NOT_FOUND, err, NULL);
        CHECK_OK(s3_bucket_create(d, "bucket", &err), err);
        CHECK_OK(s3_bucket_get(d, "bucket", &new, &err), err);
        CHECK(new != old);
        CHECK_OK(put(new, "kept", "x", 0, NULL, &err), err);
        CHECK_OK(s3_object_delete(new, slice("kept"), NULL, &err), err);
        s3_bucket_release(old);
        old = new;
    }
    s3_bucket_release(old);
    s3_disk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(conflicts, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(nameless_or_not, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(one_winner, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(pruning, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(bucket_made_again, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(every_call_fails_once, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
