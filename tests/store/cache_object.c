/* cache_object.c: the folder itself: what is kept is what comes back, whoever writes, dies, flips bits or fills the disk. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "store/cache/object.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/rng.h"
#include "support/tmp.h"

enum { object_len = 1 << 20, n_objects = 6, n_versions = 2 };

static uint8_t truth(unsigned object, unsigned version, uint64_t i)
{
    return (uint8_t)(i ^ i >> 8 ^ i >> 16 ^ object * 31 ^ version * 101);
}

/* An object of the cache, loaded for a version. */
static void open_object(struct store_cached *o, struct store_cache *c, unsigned object, unsigned version)
{
    char address[32], etag[32];
    snprintf(address, sizeof address, "s3 object %u", object);
    snprintf(etag, sizeof etag, "version-%u", version);
    store_cached_init(o, c, address);
    store_cached_load(o, etag, object_len);
}

static void add(struct store_cached *o, unsigned object, unsigned version, nl_range r)
{
    uint8_t *data = malloc((size_t)r.length + 1);
    for (uint64_t i = 0; i < r.length; i++)
        data[i] = truth(object, version, r.offset + i);
    store_cached_add(o, r, data);
    free(data);
}

/* 1: right, 0: not there, -1: wrong bytes. */
static int look(struct store_cached *o, unsigned object, unsigned version, nl_range r)
{
    uint8_t *data = malloc((size_t)r.length + 1);
    int found = store_cached_read(o, r, data);
    for (uint64_t i = 0; found == 1 && i < r.length; i++)
        if (data[i] != truth(object, version, r.offset + i))
            found = -1;
    free(data);
    return found;
}

static struct store_cache *open_cache(const char *dir, uint64_t bound)
{
    struct store_cache *c;
    nl_error err = {0};
    CHECK_OK(store_cache_open(dir, bound, &c, &err), err);
    return c;
}

static uint64_t bytes_of(struct store_cache *c)
{
    struct store_cache_use use;
    nl_error err = {0};
    CHECK_OK(store_cache_count(c, &use, &err), err);
    return use.bytes;
}

/* ── one process ── */

static void what_is_kept_is_found_by_the_next(void **state)
{
    struct store_cache *c = open_cache(*state, 64 << 20);
    static const nl_range kept[] = {{0, 1}, {5, 65536}, {100000, 65537}, {300000, 200000}, {object_len - 1, 1}};
    struct store_cached o;
    char etag[STORE_ETAG];
    uint64_t size;
    open_object(&o, c, 1, 1);
    CHECK(!store_cached_newest(&o, etag, &size));
    for (size_t i = 0; i < NL_LEN(kept); i++)
        add(&o, 1, 1, kept[i]);
    store_cached_free(&o);
    open_object(&o, c, 1, 1);
    CHECK(store_cached_newest(&o, etag, &size));
    CHECK_STR(etag, "version-1");
    CHECK_INT(size, object_len);
    for (size_t i = 0; i < NL_LEN(kept); i++) {
        check_why("range %zu", i);
        nl_range r = kept[i];
        CHECK_INT(look(&o, 1, 1, r), 1);
        CHECK_INT(look(&o, 1, 1, (nl_range){r.offset + r.length / 2, r.length - r.length / 2}), 1);
        CHECK_INT(look(&o, 1, 1, (nl_range){r.offset, r.length + 1}), 0);
    }
    store_cached_free(&o);
    open_object(&o, c, 1, 2);
    CHECK_INT(look(&o, 1, 2, kept[0]), 0);
    store_cached_free(&o);
    open_object(&o, c, 2, 1);
    CHECK_INT(look(&o, 2, 1, kept[0]), 0);
    store_cached_free(&o);
    store_cache_free(c);
}

static void the_least_used_makes_way(void **state)
{
    enum { bound = 1 << 20, each = 60000 };
    struct store_cache *c = open_cache(*state, bound);
    struct store_cached o;
    for (unsigned i = 0; i < 14; i++) { /* full, but for less than one */
        open_object(&o, c, i, 1);
        add(&o, i, 1, (nl_range){0, each});
        char path[400];
        snprintf(path, sizeof path, "%s/%s/%s", (const char *)*state, o.folder, o.segments[0].name);
        struct timespec long_ago[] = {{1000 + i, 0}, {1000 + i, 0}};
        CHECK_INT(utimensat(AT_FDCWD, path, long_ago, 0), 0);
        store_cached_free(&o);
    }
    for (unsigned i = 0; i < 14; i++) {
        open_object(&o, c, i, 1);
        check_why("object %u before", i);
        CHECK_INT(i % 2 || look(&o, i, 1, (nl_range){0, each}) == 1, 1); /* the even ones are used again */
        store_cached_free(&o);
    }
    open_object(&o, c, 100, 1);
    add(&o, 100, 1, (nl_range){0, each});
    store_cached_free(&o);
    CHECK_MAX(bytes_of(c), bound);
    for (unsigned i = 0; i < 14; i += 2) {
        check_why("object %u after", i);
        open_object(&o, c, i, 1);
        CHECK_INT(look(&o, i, 1, (nl_range){0, each}), 1);
        store_cached_free(&o);
    }
    open_object(&o, c, 1, 1);
    CHECK_INT(look(&o, 1, 1, (nl_range){0, each}), 0);
    /* What would take too much of it is not kept at all. */
    add(&o, 1, 1, (nl_range){0, bound / 8});
    CHECK_INT(look(&o, 1, 1, (nl_range){0, bound / 8}), 0);
    store_cached_free(&o);
    store_cache_free(c);
}

static void clearing_leaves_what_is_not_ours(void **state)
{
    const char *dir = *state;
    struct store_cache *c = open_cache(dir, 64 << 20);
    struct store_cached o;
    nl_error err = {0};
    struct store_cache_use use;
    char *mine = tmp_path(dir, "notes.txt"), *folder = tmp_path(dir, "folder");
    tmp_write_text(mine, "mine");
    CHECK_INT(mkdir(folder, 0700), 0);
    for (unsigned i = 0; i < 3; i++) {
        open_object(&o, c, i, 1);
        add(&o, i, 1, (nl_range){0, 5000});
        store_cached_free(&o);
    }
    CHECK_OK(store_cache_count(c, &use, &err), err);
    CHECK_INT(use.objects, 3);
    CHECK_INT(use.segments, 3);
    CHECK_INT(use.bytes, 3 * 8192);
    CHECK_OK(store_cache_clear(c, &err), err);
    CHECK_OK(store_cache_count(c, &use, &err), err);
    CHECK_INT(use.objects + use.segments + use.bytes, 0);
    CHECK_INT(tmp_entries(dir), 4); /* notes, folder, lock, tag */
    open_object(&o, c, 0, 1);
    add(&o, 0, 1, (nl_range){0, 5000});
    CHECK_INT(look(&o, 0, 1, (nl_range){0, 5000}), 1);
    store_cached_free(&o);
    store_cache_free(c);
    free(mine);
    free(folder);
}

/* A segment that was appended to by somebody else's name, or is of another object, is none. */
static void a_segment_in_the_wrong_place_is_none(void **state)
{
    const char *dir = *state;
    struct store_cache *c = open_cache(dir, 64 << 20);
    struct store_cached a, b;
    open_object(&a, c, 1, 1);
    open_object(&b, c, 2, 1);
    add(&a, 1, 1, (nl_range){0, 5000});
    add(&b, 2, 1, (nl_range){0, 5000});
    char from[400], to[400];
    snprintf(from, sizeof from, "%s/%s/%s", dir, a.folder, a.segments[0].name);
    snprintf(to, sizeof to, "%s/%s/%s", dir, b.folder, b.segments[0].name);
    CHECK_INT(rename(from, to), 0);
    CHECK_INT(look(&b, 2, 1, (nl_range){0, 5000}), 0); /* the sums are seeded with the version's head */
    store_cached_free(&a);
    store_cached_free(&b);
    CHECK(!tmp_exists(to));
    CHECK_INT(c->failures, 1);
    store_cache_free(c);
}

/* ── the disk ── */

/* The limit on a file's size is a disk that ends in the middle of a record: what was before is kept, the rest never tried. */
static void a_full_disk_stops_it_quietly(void **state)
{
    struct store_cache *c = open_cache(*state, 64 << 20);
    struct store_cached o;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){100000, old.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    open_object(&o, c, 1, 1);
    add(&o, 1, 1, (nl_range){0, 50000});
    add(&o, 1, 1, (nl_range){50000, 80000});
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    add(&o, 1, 1, (nl_range){200000, 10});
    for (int again = 0; again < 2; again++) {
        check_why("%s", again ? "opened again" : "at once");
        CHECK_INT(c->failures, 1);
        CHECK(c->full);
        CHECK_INT(look(&o, 1, 1, (nl_range){0, 50000}), 1);
        CHECK_INT(look(&o, 1, 1, (nl_range){50000, 80000}), 0);
        CHECK_INT(look(&o, 1, 1, (nl_range){200000, 10}), 0);
        store_cached_free(&o);
        open_object(&o, c, 1, 1);
    }
    store_cached_free(&o);
    CHECK_INT(bytes_of(c), 53248); /* the piece of the record is cut off again */
    store_cache_free(c);
}

/* Each call fails once: the bytes are right or not there, and everything is whole again after it. */
static void every_failing_call(void **state)
{
    static const struct {
        const char *why;
        int kinds, errnum;
    } cases[] = {{"disk", FAULT_IO, EIO},
                 {"full", FAULT_IO, ENOSPC},
                 {"full for good", FAULT_IO | FAULT_STICKY, ENOSPC},
                 {"gone", FAULT_IO, ENOENT},
                 {"interrupted", FAULT_IO, EINTR},
                 {"memory", FAULT_ALLOC, ENOMEM},
                 {"no memory at all", FAULT_ALLOC | FAULT_STICKY, ENOMEM}};
    for (size_t i = 0; i < NL_LEN(cases); i++)
        FAULT_LOOP(f, cases[i].kinds, cases[i].errnum)
        {
            check_why("%s, call %ld", cases[i].why, f.nth);
            struct store_cache *c;
            struct store_cached o;
            nl_error err = {0};
            int rc = store_cache_open(*state, 64 << 20, &c, &err);
            if (rc) {
                CHECK(fault_off(&f) && err.message[0]);
                continue;
            }
            open_object(&o, c, 1, 1);
            uint8_t data[300], back[300];
            for (size_t k = 0; k < sizeof data; k++)
                data[k] = truth(1, 1, k);
            store_cached_add(&o, (nl_range){0, 100}, data);
            store_cached_add(&o, (nl_range){100, 200}, data + 100);
            bool found = store_cached_read(&o, (nl_range){0, 300}, back);
            store_cached_free(&o);
            open_object(&o, c, 1, 1);
            bool again = store_cached_read(&o, (nl_range){50, 200}, back + 50);
            char etag[STORE_ETAG];
            uint64_t size;
            bool newest = store_cached_newest(&o, etag, &size);
            fault_off(&f);
            if (found)
                CHECK_MEM(back, data, 300);
            if (again)
                CHECK_MEM(back + 50, data + 50, 200);
            if (newest)
                CHECK_STR(etag, "version-1");
            store_cached_free(&o);
            c->full = false;
            open_object(&o, c, 1, 1);
            CHECK(look(&o, 1, 1, (nl_range){0, 300}) >= 0);
            store_cached_add(&o, (nl_range){0, 300}, data);
            CHECK_INT(look(&o, 1, 1, (nl_range){0, 300}), 1);
            store_cached_free(&o);
            CHECK_OK(store_cache_clear(c, &err), err);
            store_cache_free(c);
        }
}

/* ── many processes ── */

/* Read and keep at random, compare all that is found; 0: all was right. */
static int hammer(const char *dir, uint64_t seed, int rounds, uint64_t bound)
{
    struct rng r = rng_fixed(seed);
    struct store_cache *c;
    uint64_t found = 0;
    if (store_cache_open(dir, bound, &c, NULL))
        return 2;
    for (int i = 0; i < rounds; i++) {
        unsigned object = (unsigned)rng_below(&r, n_objects), version = (unsigned)rng_below(&r, n_versions);
        struct store_cached o;
        open_object(&o, c, object, version);
        for (int k = 0; k < 8; k++) {
            uint64_t offset = rng_below(&r, 32) * 32768, length = 1 + rng_below(&r, 90000);
            nl_range range = {offset, length < object_len - offset ? length : object_len - offset};
            int got = look(&o, object, version, range);
            if (got < 0)
                return 1;
            found += (uint64_t)got;
            if (!got)
                add(&o, object, version, range);
        }
        store_cached_free(&o);
    }
    struct store_cache_use use;
    if (store_cache_count(c, &use, NULL) || use.bytes > bound)
        return 3;
    store_cache_free(c);
    return found ? 0 : 4;
}

static pid_t start_hammer(const char *dir, uint64_t seed, int rounds, uint64_t bound)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(hammer(dir, seed, rounds, bound));
    CHECK(pid > 0);
    return pid;
}

static int end_of(pid_t pid)
{
    int status;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int rounds_of(int n)
{
    return proc_sanitized("thread") || proc_sanitized("address") ? n / 4 : n;
}

static void processes_share_a_small_cache(void **state)
{
    struct rng r = rng_seed("cache");
    pid_t pids[3];
    for (size_t i = 0; i < NL_LEN(pids); i++)
        pids[i] = start_hammer(*state, rng_next(&r), rounds_of(120), 2 << 20);
    for (size_t i = 0; i < NL_LEN(pids); i++) {
        check_why("process %zu", i);
        CHECK_INT(end_of(pids[i]), 0);
    }
}

/* Flip a bit, or cut, in some segment. */
static void do_harm(const char *dir, struct rng *r)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        char *folder = tmp_path(dir, e->d_name);
        DIR *in = store_cache_is_object(e->d_name) ? opendir(folder) : NULL;
        for (struct dirent *f; in && (f = readdir(in));) {
            struct stat st;
            int fd =
                store_cache_is_segment(f->d_name) && rng_below(r, 4) == 0 ? openat(dirfd(in), f->d_name, O_RDWR) : -1;
            if (fd < 0)
                continue;
            uint8_t byte;
            if (fstat(fd, &st) == 0 && st.st_size > 0) {
                off_t at = (off_t)rng_below(r, (uint64_t)st.st_size);
                if (rng_below(r, 3) == 0)
                    (void)!ftruncate(fd, at);
                else if (pread(fd, &byte, 1, at) == 1) {
                    byte ^= (uint8_t)(1 << rng_below(r, 8));
                    (void)!pwrite(fd, &byte, 1, at);
                }
            }
            close(fd);
        }
        if (in)
            closedir(in);
        free(folder);
    }
    closedir(d);
}

/* kill -9 at some moment, bits flipped at others: nobody ever reads a wrong byte, and the bound holds. */
static void killed_and_damaged_it_still_tells_the_truth(void **state)
{
    struct rng r = rng_seed("harm");
    const uint64_t bound = 2 << 20;
    for (int i = 0; i < rounds_of(40); i++) {
        check_why("round %d", i);
        pid_t victim = start_hammer(*state, rng_next(&r), 1000000, bound);
        usleep((useconds_t)rng_below(&r, 15000)); /* any moment will do */
        CHECK_INT(kill(victim, SIGKILL), 0);
        CHECK_INT(end_of(victim), 128 + SIGKILL);
        do_harm(*state, &r);
        pid_t reader = start_hammer(*state, rng_next(&r), 6, bound);
        int status = end_of(reader);
        CHECK(status == 0 || status == 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_found_by_the_next, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(the_least_used_makes_way, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(clearing_leaves_what_is_not_ours, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_segment_in_the_wrong_place_is_none, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_it_quietly, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(every_failing_call, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(processes_share_a_small_cache, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(killed_and_damaged_it_still_tells_the_truth, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
