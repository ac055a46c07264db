/* tests/server/s3/disk/group.c: who is let go by which sync (F1, F2), with every sync held at its beginning by the test; and every state that a power cut
 * could leave of writers who share one (tape.h).
 *
 *     first ──▶ sync 1 begins … held      others ask, and wait      let go ──▶ one sync 2 for all of them
 */
#include "server/s3/disk/group.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/writer.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"
#include "tape.h"

#define OTHERS 5

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int begun, ended, held, fails; /* numbers of syncs; the one that is held at its beginning, and the one that fails */
    bool let_go;
    atomic_int returned; /* others that are back */
    int returned_at_end; /* … when the second sync was over */
} stage = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void watch(void *ctx, const s3_seam_event *e)
{
    (void)ctx;
    pthread_mutex_lock(&stage.mutex);
    if (e->kind == S3_SEAM_SYNCING) {
        int mine = ++stage.begun;
        pthread_cond_broadcast(&stage.changed);
        while (mine == stage.held && !stage.let_go)
            pthread_cond_wait(&stage.changed, &stage.mutex);
        if (mine == stage.fails)
            fault_arm(FAULT_IO, 1, EIO);
    }
    if (e->kind == S3_SEAM_SYNC && ++stage.ended == 2)
        stage.returned_at_end = atomic_load(&stage.returned);
    pthread_mutex_unlock(&stage.mutex);
}

static void set_stage(int held, int fails)
{
    stage.begun = stage.ended = stage.returned_at_end = 0;
    stage.held = held;
    stage.fails = fails;
    stage.let_go = false;
    atomic_store(&stage.returned, 0);
    s3_seam_watch(watch, NULL);
}

static void wait_until_begun(int n)
{
    pthread_mutex_lock(&stage.mutex);
    while (stage.begun < n)
        pthread_cond_wait(&stage.changed, &stage.mutex);
    pthread_mutex_unlock(&stage.mutex);
}

static void let_go(void)
{
    pthread_mutex_lock(&stage.mutex);
    stage.let_go = true;
    pthread_cond_broadcast(&stage.changed);
    pthread_mutex_unlock(&stage.mutex);
}

static s3_group group;

struct asker {
    pthread_t thread;
    int fd, rc;
    nl_error err;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    a->rc = s3_group_sync(&group, a->fd, "the folder", &a->err);
    return NULL;
}

static void *ask_and_count(void *arg)
{
    ask(arg);
    atomic_fetch_add(&stage.returned, 1);
    return NULL;
}

/* Are n in one slot? */
static bool has_users(s3_group *g, size_t n)
{
    bool found = false;
    for (size_t i = 0; i < S3_GROUP_SLOTS; i++) {
        pthread_mutex_lock(&g->slots[i].mutex);
        found |= g->slots[i].users == n;
        pthread_mutex_unlock(&g->slots[i].mutex);
    }
    return found;
}

static int open_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* One is in its sync; OTHERS ask meanwhile. fails: the sync that fails, 0: none. */
static void ask_together(const char *path, int fails, struct asker *first, struct asker others[static OTHERS])
{
    int fd = open_folder(path);
    s3_group_init(&group);
    set_stage(1, fails);
    *first = (struct asker){.fd = fd};
    CHECK(pthread_create(&first->thread, NULL, ask, first) == 0);
    wait_until_begun(1);
    for (int i = 0; i < OTHERS; i++) {
        others[i] = (struct asker){.fd = fd};
        CHECK(pthread_create(&others[i].thread, NULL, ask_and_count, &others[i]) == 0);
    }
    while (!has_users(&group, 1 + OTHERS))
        sched_yield();
    let_go();
    pthread_join(first->thread, NULL);
    for (int i = 0; i < OTHERS; i++)
        pthread_join(others[i].thread, NULL);
    s3_seam_watch(NULL, NULL);
    fault_disarm();
    close(fd);
}

/* F1: the sync under way does not count for them, and the next one counts for all. */
static void the_next_one_counts(void **state)
{
    struct asker first, others[OTHERS];
    ask_together(*state, 0, &first, others);
    CHECK_OK(first.rc, first.err);
    for (int i = 0; i < OTHERS; i++)
        CHECK_OK(others[i].rc, others[i].err);
    CHECK_INT(stage.begun, 2);
    CHECK_INT(stage.returned_at_end, 0); /* nobody was let go before it was over */
    s3_group_free(&group);
}

/* F2: all who wait while a sync fails fail; who comes later does not. */
static void a_failure_is_everybodys(void **state)
{
    struct asker first, others[OTHERS];
    for (int fails = 1; fails <= 2; fails++) {
        check_why("sync %d fails", fails);
        ask_together(*state, fails, &first, others);
        CHECK(first.rc == (fails == 1 ? NL_IO : NL_OK));
        for (int i = 0; i < OTHERS; i++) {
            CHECK(others[i].rc ==
                  NL_IO); /* of the first, too: what they wrote before its end may have been lost in it */
            CHECK(strstr(others[i].err.message, "cannot sync the folder"));
        }
        CHECK_INT(stage.begun, 2);
        nl_error err = {0};
        int fd = open_folder(*state);
        CHECK_OK(s3_group_sync(&group, fd, "the folder", &err), err);
        close(fd);
        s3_group_free(&group);
    }
}

/* Two folders that meet in one slot do not wait for each other. */
static void strangers_in_one_slot(void **state)
{
    char path[2][600];
    struct stat st;
    uint64_t slot[2] = {0, UINT64_MAX};
    nl_error err = {0};
    snprintf(path[0], sizeof(path[0]), "%s/a", (char *)*state);
    CHECK(!mkdir(path[0], 0700) && !stat(path[0], &st));
    slot[0] = nl_hash64(&st.st_ino, sizeof(st.st_ino)) % S3_GROUP_SLOTS;
    for (int i = 0; slot[1] != slot[0]; i++) {
        snprintf(path[1], sizeof(path[1]), "%s/b%d", (char *)*state, i);
        CHECK(i < 100000 && !mkdir(path[1], 0700) && !stat(path[1], &st));
        slot[1] = nl_hash64(&st.st_ino, sizeof(st.st_ino)) % S3_GROUP_SLOTS;
    }
    struct asker first = {.fd = open_folder(path[0])};
    int other = open_folder(path[1]);
    s3_group_init(&group);
    set_stage(1, 0);
    CHECK(pthread_create(&first.thread, NULL, ask, &first) == 0);
    wait_until_begun(1);
    CHECK_OK(s3_group_sync(&group, other, "the other folder", &err), err); /* would hang */
    let_go();
    pthread_join(first.thread, NULL);
    CHECK_OK(first.rc, first.err);
    s3_seam_watch(NULL, NULL);
    s3_group_free(&group);
    close(first.fd);
    close(other);
}

/* ── power cuts under writers whose folder is synced once for all ── */

#define WRITERS 4

static struct {
    pthread_mutex_t mutex; /* guards the tape too */
    pthread_cond_t linked;
    s3_disk *disk;
    s3_bucket *bucket;
    int links, folder_syncs;
    int acked_at[WRITERS];
} together = {.mutex = PTHREAD_MUTEX_INITIALIZER, .linked = PTHREAD_COND_INITIALIZER};

/* The first sync of the folder begins only when every writer has put its name there and waits: for this sync, or for the
 * next one where it came after this one's begin. */
static void record_together(void *ctx, const s3_seam_event *e)
{
    pthread_mutex_lock(&together.mutex);
    tape_record(ctx, e);
    if (e->kind == S3_SEAM_LINK) {
        together.links++;
        pthread_cond_broadcast(&together.linked);
    }
    bool first = e->kind == S3_SEAM_SYNCING && tape.nodes[tape_node_of(e->fd)].is_dir && together.folder_syncs++ == 0;
    while (first && together.links < WRITERS)
        pthread_cond_wait(&together.linked, &together.mutex);
    pthread_mutex_unlock(&together.mutex);
    while (first && !has_users(&together.disk->group, WRITERS))
        sched_yield();
}

static void *write_one(void *arg)
{
    int i = (int)(intptr_t)arg;
    char key[8];
    nl_error err = {0};
    snprintf(key, sizeof(key), "w%d", i);
    s3_writer w;
    s3_meta meta = {.etag = "00000000000000000000000000000000"};
    int rc = s3_writer_open_key(together.bucket, (s3_slice){key, strlen(key)}, &w, &err);
    if (!rc)
        rc = s3_writer_write(&w, key, strlen(key), &err);
    if (!rc)
        rc = s3_writer_commit(&w, (s3_slice){key, strlen(key)}, &meta, NULL, &err);
    pthread_mutex_lock(&together.mutex);
    together.acked_at[i] = rc ? -1 : tape.n;
    pthread_mutex_unlock(&together.mutex);
    return NULL;
}

/* What was acknowledged is there; the rest is whole or absent. */
static void check_together(const char *root, int now)
{
    s3_disk *d;
    s3_bucket *b;
    nl_error err = {0};
    CHECK_OK(s3_disk_open(root, false, &d, &err), err);
    CHECK_OK(s3_bucket_get(d, "bucket", &b, &err), err);
    for (int i = 0; i < WRITERS; i++) {
        char key[8], got[8] = "";
        s3_object o;
        snprintf(key, sizeof(key), "w%d", i);
        int rc = s3_object_open(b, (s3_slice){key, strlen(key)}, &o, &err);
        if (!rc) {
            CHECK(o.meta.size == strlen(key) && pread(o.fd, got, o.meta.size, 0) == (ssize_t)o.meta.size);
            s3_object_close(&o);
        }
        check_why("cut behind event %d: %s, acknowledged at %d: status %d, \"%s\"", now, key, together.acked_at[i], rc,
                  got);
        CHECK(rc ? rc == NL_NOT_FOUND && now < together.acked_at[i] : !strcmp(got, key));
        nl_error_clear(&err);
    }
    s3_bucket_release(b);
    s3_disk_close(d);
}

static void one_sync_for_all(void **state)
{
    pthread_t threads[WRITERS];
    s3_disk *d;
    nl_error err = {0};
    struct stat st;
    CHECK(!stat(*state, &st));
    tape_add_node(st.st_ino, true, "");
    s3_seam_watch(tape_record, NULL);
    CHECK_OK(s3_disk_open(*state, true, &d, &err), err);
    CHECK_OK(s3_bucket_create(d, "bucket", &err), err);
    CHECK_OK(s3_bucket_get(d, "bucket", &together.bucket, &err), err);
    together.disk = d;
    int first = tape.n;
    if (!d->nameless)
        skip(); /* this file system makes no nameless files */
    s3_seam_watch(record_together, NULL);
    for (intptr_t i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&threads[i], NULL, write_one, (void *)i) == 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    s3_seam_watch(NULL, NULL);
    s3_bucket_release(together.bucket);
    s3_disk_close(d);
    /* The first began before the last names were there: those wait for one more. */
    CHECK_MAX(together.folder_syncs, 2);
    for (int now = first; now <= tape.n; now++) {
        int pending = 0;
        for (int i = 0; i < now; i++)
            pending += tape_is_pending(&tape.list[i], now);
        for (uint64_t keep = 0; keep < UINT64_C(1) << pending; keep++) {
            char *root = tmp_make();
            tape_apply_names(now, keep);
            tape_materialize(root, now, keep % 2 ? ZEROS : LOST);
            check_together(root, now);
            tmp_remove(root);
        }
    }
    check_why("%s", "");
    tape_free();
}

int main(void)
{
    tape_choose_place();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_next_one_counts, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_everybodys, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(strangers_in_one_slot, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(one_sync_for_all, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
