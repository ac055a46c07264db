/* tests/server/s3/disk/indexes.c: whatever happens to a large folder or to its index, a listing shows the folder.
 *
 * The truth is readdir(), sorted. "Large" is more than FEW entries here.
 */
#include "server/s3/disk/indexes.h"

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
#include "server/s3/disk/list.h"
#include "server/s3/disk/writer.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

#define FEW  8
#define MOST 20000

struct lake {
    const char *root;
    s3_disk *disk;
    s3_bucket *bucket;
    int dir; /* the bucket's folder, as a person sees it */
};

static void open_lake(struct lake *l, const char *root)
{
    nl_error err = {0};
    *l = (struct lake){.root = root};
    CHECK_OK(s3_disk_open(root, false, &l->disk, &err), err);
    l->disk->indexes.from = FEW;
    int rc = s3_bucket_create(l->disk, "bucket", &err);
    CHECK(rc == NL_OK || rc == NL_CONFLICT);
    CHECK_OK(s3_bucket_get(l->disk, "bucket", &l->bucket, &err), err);
    char *path = tmp_path(root, "bucket");
    l->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(path);
    CHECK(l->dir >= 0);
}

static void close_lake(struct lake *l)
{
    s3_bucket_release(l->bucket);
    s3_disk_close(l->disk);
    close(l->dir);
}

/* ── the truth, and a listing ── */

/* No memory of its own: it is filled while allocations fail. */
struct names {
    char name[MOST][64];
    size_t n;
};

static struct names got, want;

static void add(struct names *l, const char *name, size_t len, const char *end)
{
    CHECK(l->n < MOST && len + strlen(end) < sizeof(l->name[0]));
    snprintf(l->name[l->n++], sizeof(l->name[0]), "%.*s%s", (int)len, name, end);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int take(void *ctx, s3_slice name, const s3_meta *meta, nl_error *err)
{
    (void)meta;
    (void)err;
    add(ctx, name.data, name.len, "");
    return NL_OK;
}

/* All pages of `max`, with "/" as delimiter: folders in the bucket count too. */
static int list_all(struct lake *l, size_t max, nl_error *err)
{
    bool more = true;
    int rc = NL_OK;
    got.n = 0;
    while (!rc && more) {
        const char *from = got.n ? got.name[got.n - 1] : "";
        s3_list_query q = {{"", 0}, {"/", 1}, {from, strlen(from)}, max};
        rc = s3_list(l->bucket, &q, take, &got, &more, err);
    }
    return rc;
}

/* Has a folder the file that change() puts into folders? (Killed between, it has not.) */
static bool is_filled(const struct lake *l, const char *folder)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/x", folder);
    return !faccessat(l->dir, path, F_OK, 0);
}

/* Files of the bucket's folder, and folders with a file in them. */
static void read_truth(const struct lake *l)
{
    DIR *d = fdopendir(openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(d);
    want.n = 0;
    const struct dirent *e;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.' && (e->d_type != DT_DIR || is_filled(l, e->d_name)))
            add(&want, e->d_name, strlen(e->d_name), e->d_type == DT_DIR ? "/" : "");
    closedir(d);
    qsort(want.name, want.n, sizeof(want.name[0]), by_bytes);
}

static void check_listing(struct lake *l, size_t max)
{
    nl_error err = {0};
    read_truth(l);
    CHECK_OK(list_all(l, max, &err), err);
    for (size_t i = 0; i < got.n && i < want.n; i++)
        CHECK_STR(got.name[i], want.name[i]);
    CHECK_INT(got.n, want.n);
}

/* ── what people and programs do ── */

static void touch(const struct lake *l, const char *name)
{
    int fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
}

static void touch_many(const struct lake *l, const char *prefix, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%05zu", prefix, i);
        touch(l, name);
    }
}

static int put(s3_bucket *b, const char *key)
{
    s3_writer w;
    s3_meta meta = {.etag = "00000000000000000000000000000000"};
    int rc = s3_writer_open(b, &w, NULL);
    return rc ? rc : s3_writer_commit(&w, (s3_slice){key, strlen(key)}, &meta, NULL, NULL);
}

/* One random change, by hand or by us, of one of some thirty names. */
static void change(const struct lake *l, struct rng *r)
{
    char name[32], other[32], path[48];
    snprintf(name, sizeof(name), "n%02d", (int)rng_below(r, 30));
    snprintf(other, sizeof(other), "n%02d", (int)rng_below(r, 30));
    snprintf(path, sizeof(path), "%s/x", name);
    switch (rng_below(r, 8)) {
    case 0: {
        int fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
        break;
    }
    case 1:
        if (unlinkat(l->dir, name, 0)) {
            (void)unlinkat(l->dir, path, 0);
            (void)unlinkat(l->dir, name, AT_REMOVEDIR);
        }
        break;
    case 2:
        (void)renameat(l->dir, name, l->dir, other);
        break;
    case 3: /* a folder with a file, or, where a file is, nothing */
        if (!mkdirat(l->dir, name, 0700))
            touch(l, path);
        break;
    case 4:
        (void)!linkat(l->dir, name, l->dir, other, 0);
        break;
    case 5: /* no object, and never shown */
        if (!symlinkat("nowhere", l->dir, "link"))
            (void)unlinkat(l->dir, "link", 0);
        touch(l, ".hidden%");
        break;
    case 6:
        (void)s3_object_delete(l->bucket, (s3_slice){name, strlen(name)}, NULL, NULL);
        break;
    default:
        if (faccessat(l->dir, name, F_OK, 0) && put(l->bucket, name))
            fail();
    }
}

/* The id of the index's base that is in use; 0: there is none. */
static uint64_t base_id(struct lake *l)
{
    s3_indexes *s = &l->disk->indexes;
    pthread_mutex_lock(&s->mutex);
    uint64_t id = s->list && s->list->base ? s->list->base->id : 0;
    pthread_mutex_unlock(&s->mutex);
    return id;
}

/* ── the tests ── */

static void changes_show_at_once(void **state)
{
    struct lake l;
    struct rng r = rng_seed("indexes");
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 7);
    uint64_t id = base_id(&l);
    CHECK(id);
    for (int round = 0; round < 300; round++) {
        check_why("round %d", round);
        for (uint64_t n = rng_below(&r, 6); n > 0; n--)
            change(&l, &r);
        check_listing(&l, 1 + rng_below(&r, 40));
    }
    CHECK(base_id(&l) == id); /* nothing was read anew */
    close_lake(&l);
}

/* A folder's time may be set back by whoever copies files into it. */
static void times_may_be_set(void **state)
{
    struct lake l;
    struct stat st;
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    CHECK_INT(fstat(l.dir, &st), 0);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    for (int i = 0; i < 2; i++) {
        char name[8];
        snprintf(name, sizeof(name), "new%d", i);
        close_lake(&l);
        open_lake(&l, *state);
        touch(&l, name);
        CHECK_INT(futimens(l.dir, times), 0);
        check_listing(&l, 100);
    }
    close_lake(&l);
}

static void an_index_outlives_its_server(void **state)
{
    struct lake l;
    struct rng r = rng_seed("indexes restart");
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    uint64_t id = base_id(&l);
    for (int round = 0; round < 5; round++) {
        check_why("round %d", round);
        for (int i = 0; i < 10; i++)
            change(&l, &r);
        close_lake(&l);
        open_lake(&l, *state);
        check_listing(&l, 100);
        CHECK(base_id(&l) == id);
    }
    close_lake(&l);
    check_why("changed while no server ran");
    open_lake(&l, *state);
    close_lake(&l);
    char *path = tmp_path(*state, "bucket/by-hand");
    tmp_write(path, "x", 1);
    free(path);
    open_lake(&l, *state);
    check_listing(&l, 100);
    CHECK(base_id(&l) && base_id(&l) != id);
    close_lake(&l);
}

/* A folder that is moved away, another of its name in its place. */
static void another_folder_of_that_name(void **state)
{
    struct lake l;
    open_lake(&l, *state);
    for (int i = 0; i < 12; i++) {
        char key[32];
        snprintf(key, sizeof(key), "deep/er/k%02d", i);
        CHECK_INT(put(l.bucket, key), NL_OK);
    }
    static const char *const prefixes[] = {"deep/er/", "moved/", "deep/er/"};
    static const size_t counts[] = {12, 12, 3};
    for (size_t i = 0; i < NL_LEN(prefixes); i++) {
        nl_error err = {0};
        bool more;
        check_why("look %zu", i);
        if (i == 1) {
            CHECK_INT(renameat(l.dir, "deep/er", l.dir, "moved"), 0);
            for (int k = 0; k < 3; k++) {
                char key[32];
                snprintf(key, sizeof(key), "deep/er/other%d", k);
                CHECK_INT(put(l.bucket, key), NL_OK);
            }
        }
        got.n = 0;
        s3_list_query q = {{prefixes[i], strlen(prefixes[i])}, {"", 0}, {"", 0}, 100};
        CHECK_OK(s3_list(l.bucket, &q, take, &got, &more, &err), err);
        CHECK_INT(got.n, counts[i]);
    }
    close_lake(&l);
}

static char *index_file(const char *root)
{
    char *folder = tmp_path(root, ".neuralake/index"), *path = NULL;
    DIR *d = opendir(folder);
    CHECK(d);
    const struct dirent *e;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            free(path);
            CHECK(asprintf(&path, "%s/%s", folder, e->d_name) >= 0);
        }
    closedir(d);
    free(folder);
    CHECK(path);
    return path;
}

/* Bytes are changed, cut off or put in another's place, while it is in use or not. */
static void a_damaged_index_is_made_anew(void **state)
{
    struct rng r = rng_seed("indexes damage");
    for (int round = 0; round < 60; round++) {
        struct lake l;
        struct stat st;
        bool running = round % 2 == 0;
        open_lake(&l, *state);
        touch_many(&l, "some-longer-name-", 500);
        check_listing(&l, 1000);
        if (!running)
            close_lake(&l);
        char *path = index_file(*state), noise[64];
        int fd = open(path, O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && !fstat(fd, &st));
        check_why("round %d: %s", round, running ? "in use" : "not in use");
        if (round % 6 < 4)
            for (uint64_t n = 1 + rng_below(&r, 5); n > 0; n--) {
                rng_bytes(&r, noise, sizeof(noise));
                CHECK(pwrite(fd, noise, sizeof(noise), (off_t)rng_below(&r, (uint64_t)st.st_size - 64)) > 0);
            }
        else
            CHECK_INT(ftruncate(fd, (off_t)rng_below(&r, (uint64_t)st.st_size)), 0);
        close(fd);
        free(path);
        if (!running)
            open_lake(&l, *state);
        check_listing(&l, 1 + rng_below(&r, 600));
        close_lake(&l);
    }
}

static void foreign_things_in_its_folder_go(void **state)
{
    static const struct {
        const char *why, *name;
        bool folder;
    } cases[] = {{"another's file", "notes.txt", false},
                 {"what a crash left", "0123456789abcdef.new", false},
                 {"no index, of the right name", "0123456789abcdef", false},
                 {"a folder of that name", "0123456789abcdee", true}};
    struct lake l;
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    close_lake(&l);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char *folder = tmp_path(*state, ".neuralake/index"), *path = tmp_path(folder, cases[i].name);
        check_why("%s", cases[i].why);
        if (cases[i].folder)
            CHECK_INT(mkdir(path, 0700), 0);
        else
            tmp_write_text(path, "something else");
        open_lake(&l, *state);
        check_listing(&l, 100);
        close_lake(&l);
        free(path);
        free(folder);
    }
}

/* X2: where there can be no index, listings are read from the folder. */
static void without_an_index_listings_are_the_same(void **state)
{
    struct lake l;
    struct rlimit old, none;
    char *blocked = tmp_path(*state, ".neuralake/index"), *above = tmp_path(*state, ".neuralake");
    check_why("a file is in the way");
    CHECK_INT(mkdir(above, 0700), 0);
    tmp_write_text(blocked, "in the way");
    open_lake(&l, *state);
    touch_many(&l, "m", 200);
    check_listing(&l, 30);
    CHECK(base_id(&l) == 0);
    close_lake(&l);
    CHECK_INT(unlink(blocked), 0);
    check_why("the disk is full");
    signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){4096, old.rlim_max};
    open_lake(&l, *state);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
    check_listing(&l, 30);
    CHECK(base_id(&l) == 0);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    close_lake(&l);
    check_why("there is room again");
    open_lake(&l, *state);
    check_listing(&l, 30);
    CHECK(base_id(&l) != 0);
    check_why("full when it is saved");
    touch_many(&l, "more", 20);
    check_listing(&l, 30);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
    close_lake(&l);
    open_lake(&l, *state);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    check_listing(&l, 30);
    close_lake(&l);
    free(blocked);
    free(above);
}

/* A folder that can have no index keeps no other from having one. */
static void a_folder_without_an_index_is_its_own_matter(void **state)
{
    struct lake l;
    static char path[2 * S3_INDEX_PATH];
    s3_view v;
    nl_error err = {0};
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    memset(path, 'x', sizeof(path) - 1);
    CHECK_FAILS(s3_indexes_make(&l.disk->indexes, l.dir, path, &v, &err), NL_UNSUPPORTED, err, "too long");
    check_listing(&l, 100);
    CHECK(base_id(&l) != 0);
    close_lake(&l);
}

/* X3: without events the change time decides. */
static void without_events_the_time_decides(void **state)
{
    struct lake l;
    struct rng r = rng_seed("indexes unwatched");
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    s3_indexes *s = &l.disk->indexes;
    pthread_mutex_lock(&s->mutex);
    CHECK(s->list->wd >= 0);
    s->list->lost = true; /* as after more changes than the kernel keeps */
    s->no_watch = true;
    pthread_mutex_unlock(&s->mutex);
    for (int round = 0; round < 40; round++) {
        check_why("round %d", round);
        for (uint64_t n = rng_below(&r, 3); n > 0; n--)
            change(&l, &r);
        check_listing(&l, 100);
    }
    close_lake(&l);
}

static void lost_events_are_made_up_for(void **state)
{
    struct lake l;
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    uint64_t id = base_id(&l);
    s3_indexes *s = &l.disk->indexes;
    pthread_mutex_lock(&s->mutex); /* so nobody takes events: the kernel's queue fills */
    size_t most = 16384;
    char *text = tmp_read("/proc/sys/fs/inotify/max_queued_events", NULL);
    if (text)
        most = strtoul(text, NULL, 10);
    free(text);
    if (most <= 65536)
        for (size_t i = 0; i <= most / 2; i++) {
            touch(&l, "again");
            CHECK_INT(unlinkat(l.dir, "again", 0), 0);
        }
    touch(&l, "untold");
    pthread_mutex_unlock(&s->mutex);
    check_listing(&l, 100);
    CHECK(most > 65536 || base_id(&l) != id);
    close_lake(&l);
}

/* Many changes go into a new base, by the thread. */
static void many_changes_make_a_new_base(void **state)
{
    struct lake l;
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    check_listing(&l, 100);
    uint64_t id = base_id(&l);
    touch_many(&l, "x", 8300);
    check_listing(&l, 1000);
    s3_indexes *s = &l.disk->indexes;
    pthread_mutex_lock(&s->mutex);
    while (s->list && s->list->base->id == id)
        pthread_cond_wait(&s->idle, &s->mutex);
    CHECK(s->list && !s->list->lost && s->list->base->records > 8000);
    pthread_mutex_unlock(&s->mutex);
    check_listing(&l, 1000);
    touch_many(&l, "y", 20);
    check_listing(&l, 1000);
    close_lake(&l);
    open_lake(&l, *state);
    check_listing(&l, 1000);
    close_lake(&l);
}

/* ── kill -9 ── */

/* Write and list until killed; a byte to `to` after each ten writes. */
static void write_until_killed(const char *root, int to)
{
    struct lake l;
    struct rng r = rng_seed("indexes killed");
    open_lake(&l, root);
    for (int i = 1;; i++) {
        change(&l, &r);
        if (i % 7 == 0 && list_all(&l, 1000, NULL))
            _exit(1);
        if (i % 10 == 0 && write(to, "x", 1) != 1)
            _exit(1);
    }
}

static void killed_at_any_moment(void **state)
{
    struct lake l;
    struct rng r = rng_seed("indexes kill");
    open_lake(&l, *state);
    touch_many(&l, "m", 20);
    close_lake(&l);
    for (int round = 0; round < 8; round++) {
        int pipe_fds[2], status;
        char byte;
        CHECK_INT(pipe(pipe_fds), 0);
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed(*state, pipe_fds[1]);
        close(pipe_fds[1]);
        for (uint64_t n = 1 + rng_below(&r, 20); n > 0; n--)
            CHECK_INT(read(pipe_fds[0], &byte, 1), 1);
        CHECK_INT(kill(pid, SIGKILL), 0);
        CHECK_INT(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status));
        close(pipe_fds[0]);
        check_why("round %d", round);
        open_lake(&l, *state);
        check_listing(&l, 100);
        if (round % 2) /* the next one begins with an index */
            check_listing(&l, 3);
        close_lake(&l);
    }
}

/* ── several at once ── */

#define WRITERS 3

struct writer {
    struct lake *lake;
    int number;
    pthread_t thread;
    int failed;
};

static void *write_many(void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < 120; i++) {
        char key[32];
        snprintf(key, sizeof(key), "w%d-%03d", w->number, i % 60);
        w->failed |= i % 3 == 2 ? s3_object_delete(w->lake->bucket, (s3_slice){key, strlen(key)}, NULL, NULL)
                                : put(w->lake->bucket, key);
    }
    return NULL;
}

static void writers_and_listers_at_once(void **state)
{
    struct lake l;
    nl_error err = {0};
    struct writer writers[WRITERS];
    open_lake(&l, *state);
    touch_many(&l, "stays", 50);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.lake = &l, .number = i};
        CHECK_INT(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int round = 0; round < 30; round++) {
        size_t stays = 0;
        CHECK_OK(list_all(&l, 17, &err), err);
        for (size_t i = 0; i < got.n; i++) {
            stays += !strncmp(got.name[i], "stays", 5);
            CHECK(i == 0 || strcmp(got.name[i - 1], got.name[i]) < 0);
        }
        CHECK_INT(stays, 50);
    }
    for (int i = 0; i < WRITERS; i++) {
        CHECK_INT(pthread_join(writers[i].thread, NULL), 0);
        CHECK_INT(writers[i].failed, 0);
    }
    check_listing(&l, 1000);
    close_lake(&l);
}

/* ── faults ── */

/* A listing is right, or says that it failed; the next one is right again. */
static void faults(void **state, int kind, int errnum)
{
    struct lake l;
    FAULT_LOOP(f, kind, errnum)
    {
        nl_error err = {0};
        fault_off(&f);
        open_lake(&l, *state);
        touch_many(&l, "m", 20);
        read_truth(&l);
        fault_arm(kind, f.nth, errnum);
        int rc = list_all(&l, 100, &err);
        f.fired |= fault_fired();
        fault_disarm();
        check_why("fault %ld", f.nth);
        CHECK(!rc || f.fired);
        if (!rc) {
            CHECK_INT(got.n, want.n);
            for (size_t i = 0; i < want.n; i++)
                CHECK_STR(got.name[i], want.name[i]);
        }
        check_listing(&l, 100);
        close_lake(&l);
    }
}

static void without_memory(void **state)
{
    faults(state, FAULT_ALLOC, ENOMEM);
}

static void with_a_bad_disk(void **state)
{
    faults(state, FAULT_IO, EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmp_setup, tmp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(changes_show_at_once),
        TEST(times_may_be_set),
        TEST(an_index_outlives_its_server),
        TEST(another_folder_of_that_name),
        TEST(a_damaged_index_is_made_anew),
        TEST(foreign_things_in_its_folder_go),
        TEST(without_an_index_listings_are_the_same),
        TEST(a_folder_without_an_index_is_its_own_matter),
        TEST(without_events_the_time_decides),
        TEST(lost_events_are_made_up_for),
        TEST(many_changes_make_a_new_base),
        TEST(killed_at_any_moment),
        TEST(writers_and_listers_at_once),
        TEST(without_memory),
        TEST(with_a_bad_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
