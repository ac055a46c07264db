/* cache.c: reading through the cache: what is asked of the store and what is not, and that a changed object, a damaged, full or
 * forbidden folder never give wrong bytes or an error. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "store/backend.h"
#include "store/settings.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/standin.h"
#include "support/tmp.h"

enum { object_len = 300000, most_ops = 8, most_headers = 4096 };

/* One object; a version's byte i is of i and the version. */
static struct world {
    char *dir;
    struct standin *server;
    size_t len;
    unsigned version;
    bool weak, no_conditions;
    uint8_t *data;
    char headers[most_headers][256];
} world;

static uint8_t truth(unsigned version, size_t i)
{
    return (uint8_t)(i ^ i >> 8 ^ i >> 15 ^ version * 37);
}

static void etag_of(unsigned version, char out[64])
{
    snprintf(out, 64, "%032x", version);
}

/* Bytes that were given to the server live until the stop: each version has its own. */
static void write_version(unsigned version, size_t len)
{
    uint8_t *data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        data[i] = truth(version, i);
    world.version = version;
    world.len = len;
    world.data = data; /* leaks for the length of the test alone: see stop_world() */
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    (void)ctx;
    char etag[64], *headers = world.headers[q->number % most_headers];
    etag_of(world.version, etag);
    standin_object(q, a, world.data, world.len, etag, headers);
    if (a->status == 304 && world.no_conditions)
        *a = (struct standin_answer){.status = 501};
    if (world.weak && !strncmp(headers, "ETag: ", 6)) {
        char copy[256];
        snprintf(copy, sizeof copy, "ETag: W/%s", headers + 6);
        memcpy(headers, copy, sizeof copy);
    }
}

static void *kept[64];
static size_t n_kept;

static int start_world(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.dir = tmp_make();
    write_version(1, object_len);
    kept[n_kept++] = world.data;
    world.server = standin_start(answer, NULL);
    return 0;
}

static int stop_world(void **state)
{
    (void)state;
    standin_stop(world.server);
    tmp_remove(world.dir);
    while (n_kept)
        free(kept[--n_kept]);
    return 0;
}

static void change_object(unsigned version, size_t len)
{
    write_version(version, len);
    kept[n_kept++] = world.data;
}

static nl_store *store_with(const char *dir, uint64_t bytes)
{
    nl_store *s;
    nl_error err = {0};
    nl_store_options o = {.endpoint_url = standin_url(world.server),
                          .region = "us-east-1",
                          .access_key = "KEY",
                          .secret_key = "SECRET",
                          .cache_dir = dir,
                          .cache_bytes = bytes};
    CHECK_OK(store_new_tuned(&o, &(struct store_tuning){.retry_base_ms = 1, .max_gap = 1}, &s, &err), err);
    return s;
}

static nl_object_info listed(void)
{
    nl_object_info info = {.size = world.len, .modified = 1795362549};
    etag_of(world.version, info.etag);
    return info;
}

/* ── what a run asks for ── */

enum { TAIL = 1, RANGE };
struct op {
    int kind;
    size_t offset, len; /* of a tail: len */
};

/* Read all of it in one source; every byte is compared with the version that the store has now. */
static void run(nl_store *s, bool listing, const struct op *ops)
{
    nl_source *source;
    nl_error err = {0};
    nl_object_info info = listed();
    CHECK_OK(nl_store_open(s, "s3://bucket/key", listing ? &info : NULL, &source, &err), err);
    for (const struct op *o = ops; o->kind; o++) {
        nl_bytes b;
        size_t offset = o->kind == TAIL ? world.len - (o->len < world.len ? o->len : world.len) : o->offset;
        size_t len = o->kind == TAIL ? world.len - offset : o->len;
        if (o->kind == TAIL)
            CHECK_OK(nl_source_read_tail(source, o->len, &b, &err), err);
        else
            CHECK_OK(nl_source_read(source, o->offset, o->len, &b, &err), err);
        CHECK_INT(nl_source_size(source), world.len);
        CHECK_INT(b.len, len);
        for (size_t i = 0; i < len; i++)
            if (b.data[i] != truth(world.version, offset + i))
                CHECK_INT(b.data[i], truth(world.version, offset + i));
        nl_bytes_release(&b);
    }
    nl_source_close(source);
}

static const struct run_case {
    const char *why;
    bool first_listed, then_listed;
    struct op first[most_ops], then[most_ops];
    int requests, received, hits, cached; /* of the second run, in a store of its own */
} runs[] = {
    {"a listing saves the last request",
     true,
     true,
     {{TAIL, 0, 65536}, {RANGE, 1000, 5000}},
     {{TAIL, 0, 65536}, {RANGE, 1000, 5000}},
     0,
     0,
     2,
     70536},
    {"without one, one conditional request without bytes",
     false,
     false,
     {{TAIL, 0, 65536}, {RANGE, 1000, 5000}},
     {{TAIL, 0, 65536}, {RANGE, 1000, 5000}},
     1,
     0,
     2,
     70536},
    {"what a listing began", true, false, {{TAIL, 0, 100}}, {{TAIL, 0, 100}}, 1, 0, 1, 100},
    {"what a listing ends", false, true, {{TAIL, 0, 100}}, {{TAIL, 0, 100}}, 0, 0, 1, 100},
    {"inside of what was read",
     true,
     true,
     {{RANGE, 1000, 200000}},
     {{RANGE, 1001, 3}, {RANGE, 150000, 51000}},
     0,
     0,
     2,
     51003},
    {"of two that touch", true, true, {{RANGE, 0, 1000}, {RANGE, 1000, 500}}, {{RANGE, 500, 1000}}, 0, 0, 1, 1000},
    {"of two that overlap", true, true, {{RANGE, 0, 1000}, {RANGE, 700, 800}}, {{RANGE, 0, 1500}}, 0, 0, 1, 1500},
    {"half is not enough", true, true, {{RANGE, 0, 1000}}, {{RANGE, 500, 1000}}, 1, 1000, 0, 0},
    {"a byte before", true, true, {{RANGE, 100, 100}}, {{RANGE, 99, 100}}, 1, 100, 0, 0},
    {"a tail in memory is no hit",
     true,
     true,
     {{RANGE, 0, 10}},
     {{TAIL, 0, 1000}, {RANGE, object_len - 50, 50}},
     1,
     1000,
     0,
     0},
    {"a shorter tail", false, false, {{TAIL, 0, 65536}}, {{TAIL, 0, 8}, {TAIL, 0, 65536}}, 1, 0, 2, 65544},
    {"a longer tail", false, false, {{TAIL, 0, 8}}, {{TAIL, 0, 65536}}, 2, 65536, 0, 0},
    {"a range before the version is known",
     false,
     false,
     {{TAIL, 0, 8}, {RANGE, 0, 10}},
     {{RANGE, 0, 10}},
     1,
     10,
     0,
     0},
    {"all of it", false, false, {{TAIL, 0, object_len + 1}}, {{TAIL, 0, object_len + 1}}, 1, 0, 1, object_len},
    {"no bytes at all", true, true, {{RANGE, 0, 0}}, {{RANGE, 0, 0}, {TAIL, 0, 0}}, 0, 0, 0, 0},
};

static void the_second_run_asks_only_what_it_must(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(runs); i++) {
        const struct run_case *c = &runs[i];
        check_why("%s", c->why);
        char *dir = tmp_path(world.dir, c->why);
        nl_store *cold = store_with(dir, 0), *warm = store_with(dir, 0), *plain = store_with("", 0);
        nl_store_stats s, p;
        run(plain, c->first_listed, c->first);
        run(cold, c->first_listed, c->first);
        nl_store_get_stats(plain, &p);
        nl_store_get_stats(cold, &s);
        CHECK_INT(s.requests, p.requests); /* the first time costs nothing more */
        CHECK_INT(s.bytes_received, p.bytes_received);
        CHECK_INT(s.cache_failures, 0);
        run(warm, c->then_listed, c->then);
        nl_store_get_stats(warm, &s);
        CHECK_INT(s.requests, c->requests);
        CHECK_INT(s.bytes_received, c->received);
        CHECK_INT(s.cache_hits, c->hits);
        CHECK_INT(s.cache_bytes, c->cached);
        CHECK_INT(s.cache_failures, 0);
        nl_store_free(plain);
        nl_store_free(cold);
        nl_store_free(warm);
        free(dir);
    }
}

/* Ranges of one call: those that are not here go out together, in the order of the caller's handles. */
static void one_call_mixes_both(void **state)
{
    (void)state;
    nl_store *s = store_with(world.dir, 0);
    run(s, true, (struct op[]){{RANGE, 1000, 100}, {RANGE, 50000, 100}, {0}});
    nl_store_stats before, after;
    nl_store_get_stats(s, &before);
    nl_object_info info = listed();
    nl_source *source;
    nl_error err = {0};
    CHECK_OK(nl_store_open(s, "s3://bucket/key", &info, &source, &err), err);
    nl_range ranges[] = {{50000, 100}, {200, 100}, {1000, 100}, {300, 100}, {1000, 0}};
    nl_fetch *fetches[NL_LEN(ranges)];
    CHECK_OK(nl_source_submit(source, ranges, NL_LEN(ranges), fetches, &err), err);
    nl_fetch_drop(fetches[4]);
    for (size_t i = 4; i-- > 0;) {
        nl_bytes b;
        CHECK_OK(nl_fetch_wait(fetches[i], NULL, &b, &err), err);
        CHECK_INT(b.len, ranges[i].length);
        CHECK_MEM(b.data, world.data + ranges[i].offset, b.len);
        nl_bytes_release(&b);
    }
    nl_store_get_stats(s, &after);
    CHECK_INT(after.requests - before.requests, 1);
    CHECK_INT(after.bytes_received - before.bytes_received, 200);
    CHECK_INT(after.cache_hits - before.cache_hits, 2);
    nl_range outside[] = {{0, 1}, {object_len, 1}};
    CHECK_FAILS(nl_source_submit(source, outside, 2, fetches, &err), NL_INVALID, err, "s3://bucket/key");
    nl_source_close(source);
    nl_store_free(s);
}

/* ── other versions ── */

static void another_version_is_never_mixed_in(void **state)
{
    (void)state;
    static const struct op ops[] = {{TAIL, 0, 1000}, {RANGE, 0, 5000}, {0}};
    for (int listing = 0; listing < 2; listing++) {
        check_why("%s", listing ? "with a listing" : "without");
        nl_store *s = store_with(world.dir, 0);
        nl_store_stats st[4];
        change_object(10 + (unsigned)listing, object_len);
        run(s, listing, ops);
        nl_store_get_stats(s, &st[0]);
        change_object(20 + (unsigned)listing, object_len - 7);
        run(s, listing, ops);
        nl_store_get_stats(s, &st[1]);
        run(s, listing, ops);
        nl_store_get_stats(s, &st[2]);
        change_object(10 + (unsigned)listing, object_len); /* the first again: it is kept still */
        run(s, true, ops);
        nl_store_get_stats(s, &st[3]);
        CHECK_INT(st[1].requests - st[0].requests, 2);
        CHECK_INT(st[1].cache_hits - st[0].cache_hits, 0);
        CHECK_INT(st[2].requests - st[1].requests, listing ? 0 : 1);
        CHECK_INT(st[2].bytes_received - st[1].bytes_received, 0);
        CHECK_INT(st[3].requests - st[2].requests, 0);
        CHECK_INT(st[3].cache_failures, 0);
        nl_store_free(s);
    }
}

/* The object is overwritten while a source is open that has a part of it in the cache: what is missing is refused. */
static void a_change_while_it_is_read_is_an_error(void **state)
{
    (void)state;
    nl_store *s = store_with(world.dir, 0);
    run(s, true, (struct op[]){{RANGE, 0, 1000}, {TAIL, 0, 100}, {0}});
    for (int listing = 0; listing < 2; listing++) {
        check_why("%s", listing ? "with a listing" : "without");
        unsigned version = world.version;
        nl_object_info info = listed();
        nl_source *source;
        nl_error err = {0};
        nl_bytes b;
        CHECK_OK(nl_store_open(s, "s3://bucket/key", listing ? &info : NULL, &source, &err), err);
        CHECK_OK(nl_source_read_tail(source, 100, &b, &err), err);
        nl_bytes_release(&b);
        change_object(version + 1, object_len);
        CHECK_OK(nl_source_read(source, 0, 1000, &b, &err), err); /* of the version that was begun */
        CHECK_INT(b.data[5], truth(version, 5));
        nl_bytes_release(&b);
        CHECK_FAILS(nl_source_read(source, 2000, 10, &b, &err), NL_CONFLICT, err, "changed while it was read");
        nl_source_close(source);
        change_object(version, object_len);
    }
    nl_store_free(s);
}

static void without_a_strong_version_nothing_is_kept(void **state)
{
    (void)state;
    static const struct op ops[] = {{TAIL, 0, 1000}, {RANGE, 0, 5000}, {0}};
    world.weak = true;
    nl_store *s = store_with(world.dir, 0);
    nl_store_stats st;
    run(s, false, ops);
    run(s, false, ops);
    nl_store_get_stats(s, &st);
    CHECK_INT(st.requests, 4);
    CHECK_INT(st.cache_hits, 0);
    CHECK_INT(tmp_entries(world.dir), 2); /* the lock and the tag */
    nl_store_free(s);
}

/* ── the folder ── */

static void not_every_folder_is_taken(void **state)
{
    (void)state;
    char *file = tmp_path(world.dir, "file"), *open_to_all = tmp_path(world.dir, "open"), *below = tmp_path(file, "x");
    char *deep = tmp_path(world.dir, "a/b/c"), *linked = tmp_path(world.dir, "link");
    tmp_write_text(file, "");
    mkdir(open_to_all, 0777);
    chmod(open_to_all, 0777);
    CHECK_INT(symlink("/", linked), 0);
    const struct {
        const char *why, *dir;
        uint64_t bytes;
        int code;
        const char *text;
    } cases[] = {
        {"made with its parents", deep, 0, NL_OK, NULL},
        {"others write", open_to_all, 0, NL_DENIED, "can be written by others (mode 777)"},
        {"a file", file, 0, NL_CONFLICT, "file"},
        {"below a file", below, 0, NL_NOT_FOUND, "cache folder"},
        {"too small", deep, 1000, NL_INVALID, "the least is 1 MiB"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        nl_store *s = store_with(cases[i].dir, cases[i].bytes);
        nl_source *source;
        nl_error err = {0};
        int rc = nl_store_open(s, "s3://bucket/key", NULL, &source, &err);
        if (cases[i].code == NL_OK)
            CHECK_OK(rc, err);
        else if (cases[i].code == NL_DENIED || cases[i].code == NL_INVALID)
            CHECK_FAILS(rc, cases[i].code, err, cases[i].text);
        else
            CHECK(rc != NL_OK && !source);
        nl_source_close(source);
        nl_store_free(s);
    }
    struct stat st;
    CHECK_INT(stat(deep, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0700);
    free(file);
    free(open_to_all);
    free(below);
    free(deep);
    free(linked);
}

/* Every file that the cache wrote, to do something to each. */
static size_t each_segment(void (*fn)(const char *path, void *arg), void *arg)
{
    size_t n = 0;
    DIR *d = opendir(world.dir);
    for (struct dirent *e; (e = readdir(d));) {
        if (strlen(e->d_name) != 64)
            continue;
        char *folder = tmp_path(world.dir, e->d_name);
        DIR *in = opendir(folder);
        for (struct dirent *f; (f = readdir(in));) {
            if (f->d_name[0] == '.')
                continue;
            char *path = tmp_path(folder, f->d_name);
            struct stat st;
            CHECK_INT(stat(path, &st), 0);
            CHECK_INT(st.st_mode & 0777, 0600);
            fn(path, arg);
            free(path);
            n++;
        }
        closedir(in);
        free(folder);
    }
    closedir(d);
    return n;
}

struct damage {
    size_t at; /* a byte from the front, or where it is cut */
    bool cut;
    size_t size; /* out: of the file */
};

static void do_damage(const char *path, void *arg)
{
    struct damage *d = arg;
    char *data = tmp_read(path, &d->size);
    if (d->at < d->size) {
        if (!d->cut)
            data[d->at] ^= 16;
        tmp_write(path, data, d->cut ? d->at : d->size);
    }
    free(data);
}

/* Whatever happens to a file: the bytes are right, and a later run finds everything again. */
static void damaged_files_are_misses(void **state)
{
    (void)state;
    static const struct op ops[] = {{TAIL, 0, 30}, {RANGE, 0, 70000}, {0}};
    for (int cut = 0; cut < 2; cut++)
        for (size_t at = 0, size = 1; at < size; at += at < 260 ? 7 : 8191) {
            check_why("%s at %zu", cut ? "cut" : "flipped", at);
            nl_store *s = store_with(world.dir, 0);
            struct damage d = {.at = at, .cut = cut};
            run(s, true, ops);
            CHECK_INT(each_segment(do_damage, &d), 1);
            size = d.size;
            run(s, true, ops);
            run(s, true, ops); /* what was read before the damage was found went with the file */
            nl_store_stats before, after;
            nl_store_get_stats(s, &before);
            run(s, true, ops);
            nl_store_get_stats(s, &after);
            CHECK_INT(after.requests, before.requests);
            CHECK(after.cache_hits > before.cache_hits);
            nl_store_free(s);
            tmp_remove(world.dir);
            world.dir = tmp_make();
        }
}

static void remove_file(const char *path, void *arg)
{
    (void)arg;
    unlink(path);
}

/* Others make room while we read: what was found at the submit is gone at the wait. */
static void what_vanishes_is_asked_for(void **state)
{
    (void)state;
    nl_store *s = store_with(world.dir, 0);
    run(s, true, (struct op[]){{RANGE, 0, 1000}, {0}});
    nl_object_info info = listed();
    nl_source *source;
    nl_error err = {0};
    nl_fetch *f;
    nl_bytes b;
    nl_store_stats before, after;
    CHECK_OK(nl_store_open(s, "s3://bucket/key", &info, &source, &err), err);
    CHECK_OK(nl_source_submit(source, &(nl_range){10, 500}, 1, &f, &err), err);
    nl_store_get_stats(s, &before);
    CHECK_INT(each_segment(remove_file, NULL), 1);
    CHECK_OK(nl_fetch_wait(f, NULL, &b, &err), err);
    CHECK_INT(b.len, 500);
    CHECK_MEM(b.data, world.data + 10, 500);
    nl_bytes_release(&b);
    nl_store_get_stats(s, &after);
    CHECK_INT(after.requests - before.requests, 1);
    CHECK_INT(after.cache_failures, 0);
    nl_source_close(source);
    nl_store_free(s);
}

/* A link or a folder of another user's could be turned elsewhere. */
static void what_belongs_to_others_is_not_taken(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give away */
    char *theirs = tmp_path(world.dir, "theirs"), *mine = tmp_path(world.dir, "mine");
    char *their_link = tmp_path(world.dir, "their-link"), *my_link = tmp_path(world.dir, "my-link");
    CHECK(!mkdir(theirs, 0700) && !chown(theirs, 1, 1) && !mkdir(mine, 0700));
    CHECK(!symlink(mine, their_link) && !lchown(their_link, 1, 1) && !symlink(mine, my_link));
    const char *const places[] = {theirs, their_link, my_link};
    for (size_t i = 0; i < NL_LEN(places); i++) {
        check_why("%s", places[i]);
        nl_store *s = store_with(places[i], 0);
        nl_source *source;
        nl_error err = {0};
        int rc = nl_store_open(s, "s3://bucket/key", NULL, &source, &err);
        if (places[i] == my_link)
            CHECK_OK(rc, err);
        else
            CHECK_FAILS(rc, NL_DENIED, err, "belongs to another user");
        nl_source_close(source);
        nl_store_free(s);
    }
    free(theirs);
    free(mine);
    free(their_link);
    free(my_link);
}

static void options_win_over_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *why, *dir, *env_dir, *env_size;
        uint64_t bytes;
        const char *want;
        uint64_t want_bytes;
    } cases[] = {
        {"nothing", NULL, NULL, NULL, 0, NULL, 0},
        {"a size alone", NULL, NULL, "1GiB", 0, NULL, 0},
        {"an option", "/a", NULL, NULL, 0, "/a", UINT64_C(10) << 30},
        {"the environment", NULL, "/b", "2GiB", 0, "/b", UINT64_C(2) << 30},
        {"both", "/a", "/b", "2GiB", 5 << 20, "/a", 5 << 20},
        {"the environment's size", "/a", NULL, "3MB", 0, "/a", 3000000},
        {"switched off", "", "/b", NULL, 0, NULL, 0},
        {"below home", NULL, "~/cache", NULL, 0, "/home/x/cache", UINT64_C(10) << 30},
        {"no size", NULL, "/b", "much", 0, NULL, UINT64_MAX},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        setenv("HOME", "/home/x", 1);
        unsetenv("NEURALAKE_CACHE_DIR");
        unsetenv("NEURALAKE_CACHE_SIZE");
        if (cases[i].env_dir)
            setenv("NEURALAKE_CACHE_DIR", cases[i].env_dir, 1);
        if (cases[i].env_size)
            setenv("NEURALAKE_CACHE_SIZE", cases[i].env_size, 1);
        nl_arena arena = {0};
        nl_store_options o = {.cache_dir = cases[i].dir, .cache_bytes = cases[i].bytes};
        struct store_cache_settings got;
        nl_error err = {0};
        int rc = store_cache_settings_read(&arena, &o, &got, &err);
        if (cases[i].want_bytes == UINT64_MAX) {
            CHECK_FAILS(rc, NL_INVALID, err, "NEURALAKE_CACHE_SIZE is a size such as 10GiB, not \"much\"");
        } else {
            CHECK_OK(rc, err);
            CHECK_STR(got.dir ? got.dir : "", cases[i].want ? cases[i].want : "");
            if (cases[i].want)
                CHECK_INT(got.bytes, cases[i].want_bytes);
        }
        nl_arena_free(&arena);
    }
    unsetenv("NEURALAKE_CACHE_DIR");
    unsetenv("NEURALAKE_CACHE_SIZE");
}

/* A large download is read once: nothing of it is kept, and nothing is looked for. */
static void what_goes_to_a_file_goes_past_it(void **state)
{
    (void)state;
    enum { large = 9 << 20 };
    change_object(2, large);
    char *dir = tmp_path(world.dir, "cache"), *to = tmp_path(world.dir, "copy");
    nl_store *s = store_with(dir, 0);
    nl_error err = {0};
    nl_object_info info = listed();
    nl_store_stats st;
    CHECK_OK(nl_store_copy_known(s, "s3://bucket/key", &info, to, NULL, &err), err);
    CHECK_OK(nl_store_copy_known(s, "s3://bucket/key", &info, to, NULL, &err), err);
    nl_store_get_stats(s, &st);
    CHECK_INT(st.bytes_received, 2 * large);
    CHECK_INT(st.cache_hits, 0);
    CHECK_INT(tmp_entries(dir), 2); /* the lock and the tag */
    size_t len;
    char *copy = tmp_read(to, &len);
    CHECK_INT(len, large);
    CHECK_MEM(copy, world.data, len);
    free(copy);
    free(dir);
    free(to);
    nl_store_free(s);
}

/* D1: whatever fails on the disk, the read does not. Memory may fail it, and then says so. */
static void a_failing_disk_fails_no_read(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int kinds, errnum;
    } cases[] = {{"disk", FAULT_IO, EIO},
                 {"full for good", FAULT_IO | FAULT_STICKY, ENOSPC},
                 {"memory", FAULT_ALLOC, ENOMEM}};
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (int warm = 0; warm < 2; warm++)
            FAULT_LOOP(f, cases[i].kinds, cases[i].errnum)
            {
                check_why("%s, %s, call %ld", cases[i].why, warm ? "warm" : "cold", f.nth);
                bool listing = f.nth % 2;
                nl_error err = {0};
                nl_object_info info = listed();
                nl_source *source = NULL;
                nl_bytes tail = {0}, range = {0};
                fault_off(&f);
                nl_store *s = store_with(world.dir, 0);
                if (warm)
                    run(s, true, (struct op[]){{TAIL, 0, 100}, {RANGE, 0, 5000}, {0}});
                int rc = nl_store_open(s, "s3://bucket/key", listing ? &info : NULL, &source, &err);
                CHECK_OK(rc, err);
                CHECK_OK(nl_store_head(s, "s3://bucket/key", &info, &err), err); /* reads the settings */
                fault_arm(cases[i].kinds, f.nth, cases[i].errnum);
                rc = nl_source_read_tail(source, 100, &tail, &err);
                if (!rc)
                    rc = nl_source_read(source, 0, 5000, &range, &err);
                f.fired = fault_fired();
                fault_disarm();
                if (rc && !(rc == NL_NO_MEMORY && cases[i].kinds == FAULT_ALLOC))
                    CHECK_OK(rc, err);
                if (!rc) {
                    CHECK_INT(tail.len, 100);
                    CHECK_MEM(tail.data, world.data + object_len - 100, 100);
                    CHECK_INT(range.len, 5000);
                    CHECK_MEM(range.data, world.data, 5000);
                }
                nl_bytes_release(&tail);
                nl_bytes_release(&range);
                nl_source_close(source);
                nl_store_free(s);
                tmp_remove(world.dir);
                world.dir = tmp_make();
            }
}

struct reader {
    nl_source *source;
    uint64_t seed;
    int wrong;
};

static void *read_at_random(void *arg)
{
    struct reader *r = arg;
    struct rng rng = rng_fixed(r->seed);
    for (int i = 0; i < 60; i++) {
        uint64_t offset = rng_below(&rng, 60) * 5000, len = 1 + rng_below(&rng, 9000);
        bool tail = rng_below(&rng, 8) == 0;
        nl_bytes b = {0};
        if (offset + len > object_len)
            len = object_len - offset;
        if (tail)
            offset = object_len - len;
        int rc =
            tail ? nl_source_read_tail(r->source, len, &b, NULL) : nl_source_read(r->source, offset, len, &b, NULL);
        r->wrong += rc || b.len != len || memcmp(b.data, world.data + offset, len) != 0;
        nl_bytes_release(&b);
    }
    return NULL;
}

/* One source, many threads, as a scan reads it: cold, then warm. */
static void threads_share_a_source(void **state)
{
    (void)state;
    struct rng rng = rng_seed("threads");
    for (int run = 0; run < 4; run++) {
        check_why("run %d", run);
        nl_store *s = store_with(world.dir, 0);
        nl_error err = {0};
        nl_object_info info = listed();
        nl_source *source;
        struct reader readers[4];
        pthread_t threads[NL_LEN(readers)];
        CHECK_OK(nl_store_open(s, "s3://bucket/key", run % 2 ? &info : NULL, &source, &err), err);
        for (size_t i = 0; i < NL_LEN(readers); i++) {
            readers[i] = (struct reader){source, rng_next(&rng), 0};
            CHECK_INT(pthread_create(&threads[i], NULL, read_at_random, &readers[i]), 0);
        }
        for (size_t i = 0; i < NL_LEN(readers); i++) {
            pthread_join(threads[i], NULL);
            CHECK_INT(readers[i].wrong, 0);
        }
        nl_source_close(source);
        nl_store_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_second_run_asks_only_what_it_must, start_world, stop_world),
        cmocka_unit_test_setup_teardown(one_call_mixes_both, start_world, stop_world),
        cmocka_unit_test_setup_teardown(another_version_is_never_mixed_in, start_world, stop_world),
        cmocka_unit_test_setup_teardown(a_change_while_it_is_read_is_an_error, start_world, stop_world),
        cmocka_unit_test_setup_teardown(without_a_strong_version_nothing_is_kept, start_world, stop_world),
        cmocka_unit_test_setup_teardown(not_every_folder_is_taken, start_world, stop_world),
        cmocka_unit_test_setup_teardown(damaged_files_are_misses, start_world, stop_world),
        cmocka_unit_test_setup_teardown(what_vanishes_is_asked_for, start_world, stop_world),
        cmocka_unit_test_setup_teardown(what_belongs_to_others_is_not_taken, start_world, stop_world),
        cmocka_unit_test(options_win_over_the_environment),
        cmocka_unit_test_setup_teardown(what_goes_to_a_file_goes_past_it, start_world, stop_world),
        cmocka_unit_test_setup_teardown(a_failing_disk_fails_no_read, start_world, stop_world),
        cmocka_unit_test_setup_teardown(threads_share_a_source, start_world, stop_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
