/* tests/server/s3/disk/upload.c: where parts lie and what completing them costs (upload.h, P1 to P6); what breaks off; who
 * works at once; every call and allocation failed once. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/upload.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

#define STEP 1000 /* the size of most parts here */

static s3_slice slice(const char *text)
{
    return (s3_slice){text, strlen(text)};
}

struct here {
    s3_disk *disk;
    s3_bucket *bucket;
    char id[S3_UPLOAD_ID];
};

static struct here start(const char *root, bool durable)
{
    struct here h = {0};
    nl_error err = {0};
    s3_meta none = {0};
    CHECK_OK(s3_disk_open(root, durable, &h.disk, &err), err);
    (void)s3_bucket_create(h.disk, "bucket", NULL); /* by whoever comes first */
    CHECK_OK(s3_bucket_get(h.disk, "bucket", &h.bucket, &err), err);
    CHECK_OK(s3_upload_create(h.bucket, slice("key"), &none, h.id, &err), err);
    return h;
}

static void stop(struct here *h)
{
    s3_bucket_release(h->bucket);
    s3_disk_close(h->disk);
}

/* As if the server had been killed and started. */
static void restart(struct here *h, const char *root)
{
    nl_error err = {0};
    stop(h);
    CHECK_OK(s3_disk_open(root, true, &h->disk, &err), err);
    CHECK_OK(s3_bucket_get(h->disk, "bucket", &h->bucket, &err), err);
}

/* Part n of version v is size bytes of one letter; its MD5 stands for both. */
static void fill(uint8_t *bytes, size_t size, int number, int version)
{
    memset(bytes, 'A' + (number * 7 + version) % 50, size);
}

static s3_part_sums sums_of(int number, int version)
{
    return (s3_part_sums){.md5 = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)version}, .kind = S3_MD5};
}

/* half: it breaks off in the middle. */
static int send(const struct here *h, int number, int version, size_t size, bool half, nl_error *err)
{
    s3_part_writer w;
    int64_t mtime;
    uint8_t bytes[2 * STEP];
    s3_part_sums sums = sums_of(number, version);
    CHECK_MAX(size, sizeof(bytes));
    fill(bytes, size, number, version);
    int rc = s3_part_open(h->bucket, h->id, number, size, &w, err);
    if (!rc)
        rc = s3_part_write(&w, bytes, half ? size / 2 : size, err);
    if (!rc && !half)
        rc = s3_part_commit(&w, &sums, &mtime, err);
    s3_part_abort(&w);
    return rc;
}

/* ── what completing costs ── */

static uint64_t copied;

static void count_copies(void *ctx, const s3_seam_event *e)
{
    (void)ctx;
    if (e->kind == S3_SEAM_DATA)
        copied += e->len;
}

/* Complete with these numbers, all in their newest version. */
static int complete(const struct here *h, const int *numbers, size_t n, const s3_guard *guard, nl_error *err)
{
    nl_arena arena = {0};
    s3_part *parts, chosen[16];
    size_t have, m = 0;
    s3_meta meta = {.etag = "00000000000000000000000000000000-1", .upload_id = h->id};
    int rc = s3_upload_parts(h->bucket, h->id, &arena, &parts, &have, err);
    for (size_t i = 0; i < n && !rc; i++)
        for (size_t k = 0; k < have; k++)
            if (parts[k].number == numbers[i])
                chosen[m++] = parts[k];
    if (!rc) {
        CHECK_INT(m, n);
        rc = s3_upload_complete(h->bucket, h->id, chosen, m, slice("key"), &meta, guard, err);
    }
    nl_arena_free(&arena);
    return rc;
}

struct sent {
    int number, version;
    size_t size;
    bool half, restart; /* it breaks off; the server is killed behind it */
};

/* The object is these parts, each of the version and size that was sent whole last. */
static void check_object(const struct here *h, const struct sent *sent, size_t n_sent, const int *numbers, size_t n)
{
    s3_object o;
    nl_error err = {0};
    uint64_t at = 0;
    CHECK_OK(s3_object_open(h->bucket, slice("key"), &o, &err), err);
    for (size_t i = 0; i < n; i++) {
        const struct sent *last = NULL;
        for (size_t k = 0; k < n_sent; k++)
            if (sent[k].number == numbers[i] && !sent[k].half)
                last = &sent[k];
        if (!last) {
            CHECK(last != NULL); /* it was sent whole */
            continue;
        }
        uint8_t *want = malloc(last->size + 1), *got = malloc(last->size + 1);
        fill(want, last->size, last->number, last->version);
        CHECK_INT(pread(o.fd, got, last->size, (off_t)at), last->size);
        CHECK_MEM(got, want, last->size);
        at += last->size;
        free(want);
        free(got);
    }
    CHECK_INT(o.meta.size, at);
    CHECK_STR(o.meta.upload_id, h->id);
    s3_object_close(&o);
}

static const struct layout {
    const char *why;
    struct sent sent[8];
    int numbers[8];
    uint64_t copies; /* bytes that completing writes */
} layouts[] = {
    {"in order", {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {3, 1, 10, false, false}}, {1, 2, 3}, 0},
    {"out of order",
     {{3, 1, 10, false, false}, {2, 1, STEP, false, false}, {1, 1, STEP, false, false}},
     {1, 2, 3},
     STEP + 10},
    {"the first one tells the size",
     {{1, 1, STEP, false, false}, {3, 1, 10, false, false}, {2, 1, STEP, false, false}},
     {1, 2, 3},
     0},
    {"one part", {{1, 1, 7, false, false}}, {1}, 0},
    {"one empty part", {{1, 1, 0, false, false}}, {1}, 0},
    {"an empty last part", {{1, 1, STEP, false, false}, {2, 1, 0, false, false}}, {1, 2}, 0},
    {"a part sent again is copied",
     {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {2, 2, STEP, false, false}, {3, 1, 10, false, false}},
     {1, 2, 3},
     STEP},
    {"twice, the newest counts",
     {{1, 1, STEP, false, false}, {1, 2, STEP, false, false}, {1, 3, STEP, false, false}},
     {1},
     STEP},
    {"a re-send that breaks off changes nothing",
     {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {2, 2, STEP, true, false}},
     {1, 2},
     0},
    {"nor does the first part that breaks off",
     {{1, 1, STEP, true, false}, {1, 2, STEP, false, false}, {2, 1, STEP, false, false}},
     {1, 2},
     0},
    {"a longer part", {{1, 1, STEP, false, false}, {2, 1, 2 * STEP, false, false}}, {1, 2}, 2 * STEP},
    {"a shorter one in the middle",
     {{1, 1, STEP, false, false}, {2, 1, 10, false, false}, {3, 1, STEP, false, false}},
     {1, 2, 3},
     2 * STEP + 10},
    {"gaps in the numbers",
     {{2, 1, STEP, false, false}, {5, 1, STEP, false, false}, {10000, 1, 10, false, false}},
     {2, 5, 10000},
     2 * STEP + 10},
    {"the last part is left out",
     {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {3, 1, 10, false, false}},
     {1, 2},
     2 * STEP},
    {"the first part is left out",
     {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {3, 1, 10, false, false}},
     {2, 3},
     STEP + 10},
    {"what broke off behind the end", {{1, 1, STEP, false, false}, {2, 1, STEP, true, false}}, {1}, STEP},
    {"killed between", {{1, 1, STEP, false, true}, {2, 1, STEP, false, true}, {3, 1, 10, false, false}}, {1, 2, 3}, 0},
    {"killed in a part", {{1, 1, STEP, false, false}, {2, 1, STEP, true, true}, {2, 2, STEP, false, false}}, {1, 2}, 0},
    {"killed in a part that is sent again",
     {{1, 1, STEP, false, false}, {2, 1, STEP, false, false}, {2, 2, STEP, true, true}, {3, 1, 10, false, false}},
     {1, 2, 3},
     0},
    {"killed behind a part that was sent again",
     {{1, 1, STEP, false, false}, {1, 2, STEP, false, true}, {1, 3, STEP, true, false}, {2, 1, STEP, false, false}},
     {1, 2},
     STEP},
};

static void layouts_are_completed(void **state)
{
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(layouts); i++) {
        const struct layout *l = &layouts[i];
        size_t n = 0, n_sent = 0;
        struct here h = start(*state, true);
        check_why("%s", l->why);
        for (; n_sent < NL_LEN(l->sent) && l->sent[n_sent].number; n_sent++) {
            const struct sent *s = &l->sent[n_sent];
            CHECK_OK(send(&h, s->number, s->version, s->size, s->half, &err), err);
            if (s->restart)
                restart(&h, *state);
        }
        while (n < NL_LEN(l->numbers) && l->numbers[n])
            n++;
        copied = 0;
        s3_seam_watch(count_copies, NULL);
        int rc = complete(&h, l->numbers, n, NULL, &err);
        s3_seam_watch(NULL, NULL);
        CHECK_OK(rc, err);
        check_object(&h, l->sent, n_sent, l->numbers, n);
        CHECK_INT(copied, l->copies);
        CHECK_FAILS(complete(&h, l->numbers, n, NULL, &err), NL_NOT_FOUND, err, NULL); /* P1 */
        CHECK_FAILS(send(&h, 1, 1, STEP, false, &err), NL_NOT_FOUND, err, NULL);
        CHECK_FAILS(s3_upload_abort(h.bucket, h.id, &err), NL_NOT_FOUND, err, NULL);
        char *uploads = tmp_path(*state, "bucket/.neuralake/uploads");
        CHECK_INT(tmp_entries(uploads), 0);
        free(uploads);
        stop(&h);
    }
    check_why("%s", "");
}

static int refuse(void *ctx, const s3_meta *current, nl_error *err)
{
    (void)ctx, (void)current;
    return nl_fail(err, NL_CONFLICT, "no");
}

/* A completion whose condition does not hold leaves every part, also those that it copied and those that it did not name. */
static void refused_completions(void **state)
{
    nl_error err = {0};
    const s3_guard guard = {refuse, NULL};
    static const struct sent sent[] = {{1, 1, STEP, false, false},
                                       {2, 1, STEP, false, false},
                                       {2, 2, STEP, false, false},
                                       {3, 1, 10, false, false}};
    struct here h = start(*state, true);
    for (size_t i = 0; i < NL_LEN(sent); i++)
        CHECK_OK(send(&h, sent[i].number, sent[i].version, sent[i].size, false, &err), err);
    CHECK_FAILS(complete(&h, (const int[]){1}, 1, &guard, &err), NL_CONFLICT, err, NULL);
    CHECK_FAILS(complete(&h, (const int[]){2, 3}, 2, &guard, &err), NL_CONFLICT, err, NULL);
    CHECK_FAILS(complete(&h, (const int[]){1, 2, 3}, 3, &guard, &err), NL_CONFLICT, err, NULL);
    CHECK_FAILS(complete(&h, (const int[]){1, 2}, 2, &guard, &err), NL_CONFLICT, err, NULL);
    restart(&h, *state);
    CHECK_OK(complete(&h, (const int[]){1, 2, 3}, 3, NULL, &err), err);
    check_object(&h, sent, NL_LEN(sent), (const int[]){1, 2, 3}, 3);
    stop(&h);
}

/* P6: a part that is under way while its upload is completed or aborted writes nothing into the object. */
static void under_way(void **state)
{
    static const char *const ends[] = {"complete", "abort"};
    for (int i = 0; i < 2; i++) {
        nl_error err = {0};
        s3_part_writer w;
        int64_t mtime;
        s3_object o;
        uint8_t bytes[STEP] = {0};
        s3_part_sums sums = sums_of(2, 1);
        struct here h = start(*state, true);
        check_why("%s", ends[i]);
        CHECK_OK(send(&h, 1, 1, STEP, false, &err), err);
        CHECK_OK(s3_part_open(h.bucket, h.id, 2, STEP, &w, &err), err);
        CHECK_OK(s3_part_write(&w, bytes, 10, &err), err);
        CHECK_OK(i ? s3_upload_abort(h.bucket, h.id, &err) : complete(&h, (const int[]){1}, 1, NULL, &err), err);
        CHECK_FAILS(s3_part_write(&w, bytes, 10, &err), NL_NOT_FOUND, err, NULL);
        CHECK_FAILS(s3_part_commit(&w, &sums, &mtime, &err), NL_NOT_FOUND, err, NULL);
        CHECK_INT(s3_object_open(h.bucket, slice("key"), &o, NULL),
                  NL_OK); /* the abort's is that of the round before */
        CHECK_INT(o.meta.size, STEP);
        s3_object_close(&o);
        stop(&h);
    }
    check_why("%s", "");
}

/* The place of a part that is under way is needed for one that is copied in: it must begin again. */
static void displaced(void **state)
{
    nl_error err = {0};
    s3_part_writer w;
    int64_t mtime;
    uint8_t bytes[STEP] = {0};
    s3_part_sums sums = sums_of(2, 1);
    const s3_guard guard = {refuse, NULL};
    struct here h = start(*state, true);
    CHECK_OK(send(&h, 1, 1, STEP, false, &err), err);
    CHECK_OK(s3_part_open(h.bucket, h.id, 2, 10, &w, &err), err);
    CHECK_OK(s3_part_write(&w, bytes, 5, &err), err);
    CHECK_OK(send(&h, 2, 2, 2 * STEP, false, &err), err);
    CHECK_FAILS(complete(&h, (const int[]){1, 2}, 2, &guard, &err), NL_CONFLICT, err, NULL);
    CHECK_FAILS(s3_part_write(&w, bytes, 5, &err), NL_CONFLICT, err, NULL);
    CHECK_FAILS(s3_part_commit(&w, &sums, &mtime, &err), NL_CONFLICT, err, NULL);
    static const struct sent sent[] = {{1, 1, STEP, false, false}, {2, 2, 2 * STEP, false, false}};
    CHECK_OK(complete(&h, (const int[]){1, 2}, 2, NULL, &err), err);
    check_object(&h, sent, 2, (const int[]){1, 2}, 2);
    stop(&h);
}

/* P3: a sync of the data that fails takes with it what all wrote before, though the next one works: the kernel tells of lost
 * pages once. */
static void a_failed_sync_is_everybodys(void **state)
{
    nl_error err = {0};
    s3_part_writer w[2];
    int64_t mtime;
    uint8_t bytes[STEP];
    struct here h = start(*state, true);
    for (int i = 0; i < 2; i++) {
        fill(bytes, STEP, i + 1, 1);
        CHECK_OK(s3_part_open(h.bucket, h.id, i + 1, STEP, &w[i], &err), err);
        CHECK_OK(s3_part_write(&w[i], bytes, STEP, &err), err);
    }
    for (int i = 0; i < 2; i++) {
        s3_part_sums sums = sums_of(i + 1, 1);
        if (!i)
            fault_arm(FAULT_IO, 1, EIO);
        CHECK_FAILS(s3_part_commit(&w[i], &sums, &mtime, &err), NL_IO, err, "cannot sync the upload's data");
        CHECK(i || fault_fired());
        fault_disarm();
    }
    static const struct sent sent[] = {{1, 2, STEP, false, false}, {2, 2, STEP, false, false}};
    CHECK_OK(send(&h, 1, 2, STEP, false, &err), err); /* who begins after it does not suffer from it */
    CHECK_OK(send(&h, 2, 2, STEP, false, &err), err);
    CHECK_OK(complete(&h, (const int[]){1, 2}, 2, NULL, &err), err);
    check_object(&h, sent, 2, (const int[]){1, 2}, 2);
    stop(&h);
}

/* ── many at once ── */

#define SENDERS 4
#define EACH    8

struct sender {
    struct here *h;
    int first;
    atomic_int *won;
};

/* Every second part is sent twice, and one breaks off before. */
static void *send_parts(void *arg)
{
    const struct sender *s = arg;
    for (int i = 0; i < EACH; i++) {
        int number = s->first + i * SENDERS;
        if (i % 3 == 0 && send(s->h, number, 9, STEP, true, NULL))
            return arg;
        if (i % 2 && send(s->h, number, 2, STEP, false, NULL))
            return arg;
        if (send(s->h, number, 1, STEP, false, NULL))
            return arg;
    }
    return NULL;
}

static void *complete_all(void *arg)
{
    const struct sender *s = arg;
    nl_arena arena = {0};
    s3_part *parts;
    size_t n;
    s3_meta meta = {.etag = "00000000000000000000000000000000-1", .upload_id = s->h->id};
    int rc = s3_upload_parts(s->h->bucket, s->h->id, &arena, &parts, &n, NULL);
    if (!rc)
        rc = s3_upload_complete(s->h->bucket, s->h->id, parts, n, slice("key"), &meta, NULL, NULL);
    atomic_fetch_add(s->won, rc == NL_OK);
    nl_arena_free(&arena);
    return rc == NL_OK || rc == NL_NOT_FOUND ? NULL : arg;
}

static void run_all(void *(*fn)(void *), struct sender *senders)
{
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        CHECK(pthread_create(&threads[i], NULL, fn, &senders[i]) == 0);
    for (int i = 0; i < SENDERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
}

static void many_at_once(void **state)
{
    struct here h = start(*state, true);
    struct sender senders[SENDERS];
    struct sent sent[SENDERS * EACH];
    int numbers[SENDERS * EACH];
    atomic_int won = 0;
    for (int i = 0; i < SENDERS; i++)
        senders[i] = (struct sender){&h, i + 1, &won};
    run_all(send_parts, senders);
    run_all(complete_all, senders);
    CHECK_INT(won, 1);
    for (int i = 0; i < SENDERS * EACH; i++) {
        numbers[i] = i + 1;
        sent[i] = (struct sent){i + 1, 1, STEP, false, false};
    }
    check_object(&h, sent, NL_LEN(sent), numbers, NL_LEN(numbers));
    stop(&h);
}

/* ── lists, damage, faults ── */

static void lists(void **state)
{
    nl_error err = {0};
    nl_arena arena = {0};
    s3_upload_info *list;
    size_t n;
    char ids[3][S3_UPLOAD_ID];
    struct here h = start(*state, false);
    s3_meta meta = {.checksum_header = "x-amz-checksum-crc32", .checksum = "", .checksum_type = "FULL_OBJECT"};
    CHECK_OK(s3_upload_create(h.bucket, slice("a"), &meta, ids[0], &err), err);
    CHECK_OK(s3_upload_create(h.bucket, slice("key"), &meta, ids[1], &err), err);
    CHECK_OK(s3_upload_create(h.bucket, slice("a"), &meta, ids[2], &err), err);
    CHECK_OK(s3_upload_list(h.bucket, &arena, &list, &n, &err), err);
    CHECK_INT(n, 4);
    const char *want[] = {ids[0], ids[2], h.id, ids[1]};
    for (size_t i = 0; i < n; i++)
        CHECK_STR(list[i].id, want[i]);
    CHECK_STR(list[0].checksum_type, "FULL_OBJECT");
    nl_arena_free(&arena);
    /* An upload that is over, as a crash leaves it: not there, and swept at the start. */
    char path[128];
    snprintf(path, sizeof(path), "bucket/.neuralake/uploads/%s/data", ids[0]);
    char *data = tmp_path(*state, path);
    CHECK(!unlink(data));
    CHECK_FAILS(s3_upload_open(h.bucket, ids[0], slice("a"), &arena, &meta, &err), NL_NOT_FOUND, err, NULL);
    CHECK_OK(s3_upload_list(h.bucket, &arena, &list, &n, &err), err);
    CHECK_INT(n, 3);
    restart(&h, *state);
    *strrchr(data, '/') = '\0';
    CHECK(!tmp_exists(data));
    free(data);
    nl_arena_free(&arena);
    stop(&h);
}

static const struct torn {
    const char *why;
    int parts;  /* that are left of two */
    off_t keep; /* bytes of the log; 0: all */
    off_t flip; /* this byte is another; -1: none */
} torn[] = {
    {"whole", 2, 0, -1},
    {"cut in the second record", 1, S3_PARTLOG_RECORD + 10, -1},
    {"cut in the first one", 0, 5, -1},
    {"a byte of the second record", 1, 0, S3_PARTLOG_RECORD + 40},
    {"a byte of the first one", 0, 0, 3},
    {"its hash", 0, 0, S3_PARTLOG_RECORD - 1},
};

/* P3: what is behind a record that is not whole is not there, and the next one is written over it. */
static void torn_logs(void **state)
{
    for (size_t i = 0; i < NL_LEN(torn); i++) {
        nl_error err = {0};
        nl_arena arena = {0};
        s3_part *parts;
        size_t n;
        char path[128], byte;
        struct here h = start(*state, true);
        check_why("%s", torn[i].why);
        CHECK_OK(send(&h, 1, 1, STEP, false, &err), err);
        CHECK_OK(send(&h, 2, 1, STEP, false, &err), err);
        snprintf(path, sizeof(path), "bucket/.neuralake/uploads/%s/parts", h.id);
        char *log = tmp_path(*state, path);
        int fd = open(log, O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && (!torn[i].keep || !ftruncate(fd, torn[i].keep)));
        if (torn[i].flip >= 0) {
            CHECK(pread(fd, &byte, 1, torn[i].flip) == 1);
            byte ^= 1;
            CHECK(pwrite(fd, &byte, 1, torn[i].flip) == 1);
        }
        close(fd);
        free(log);
        CHECK_OK(s3_upload_parts(h.bucket, h.id, &arena, &parts, &n, &err), err);
        CHECK_INT(n, torn[i].parts);
        CHECK_OK(send(&h, 3, 1, STEP, false, &err), err);
        CHECK_OK(s3_upload_parts(h.bucket, h.id, &arena, &parts, &n, &err), err);
        CHECK_INT(n, torn[i].parts + 1);
        CHECK_INT(parts[n - 1].number, 3);
        nl_arena_free(&arena);
        CHECK_OK(s3_upload_abort(h.bucket, h.id, &err), err);
        stop(&h);
    }
    check_why("%s", "");
}

/* A log with so many records takes no more; what damage puts behind them is not read. */
static void full_logs(void **state)
{
    nl_error err = {0};
    nl_arena arena = {0};
    s3_part *parts;
    size_t n;
    char path[128];
    struct here h = start(*state, false);
    s3_part_record r = {.number = 1, .kind = S3_MD5, .size = STEP};
    snprintf(path, sizeof(path), "bucket/.neuralake/uploads/%s/parts", h.id);
    char *log = tmp_path(*state, path);
    int fd = open(log, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    for (size_t i = 0; i + 1 < S3_PARTLOG_MAX; i++)
        CHECK_OK(s3_partlog_write(fd, i, &r, &err), err);
    CHECK_OK(send(&h, 1, 1, STEP, false, &err), err); /* the last one that there is room for */
    for (int twice = 0; twice < 2; twice++) {
        CHECK_FAILS(send(&h, 1, 2, STEP, false, &err), NL_INVALID, err, "begin a new one");
        CHECK_FAILS(send(&h, 2, 1, STEP, false, &err), NL_INVALID, err, "begin a new one");
        CHECK_OK(s3_upload_parts(h.bucket, h.id, &arena, &parts, &n, &err), err);
        CHECK_INT(n, 1);
        CHECK_STR(parts[0].etag, "01000100000000000000000000000000"); /* version 1 */
        /* A further record, whole, and then a hole of a terabyte. */
        uint8_t record[S3_PARTLOG_RECORD];
        CHECK(pread(fd, record, sizeof(record), 0) == sizeof(record));
        CHECK(pwrite(fd, record, sizeof(record), (off_t)(S3_PARTLOG_MAX * S3_PARTLOG_RECORD)) == sizeof(record));
        CHECK(!ftruncate(fd, (off_t)1 << 40));
    }
    close(fd);
    free(log);
    nl_arena_free(&arena);
    CHECK_OK(complete(&h, (const int[]){1}, 1, NULL, &err), err);
    stop(&h);
}

/* The upload with part 1 acknowledged and a part 2 under fault: afterwards part 1 is as it was, or all of it is the object. */
static void every_call_fails_once(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        bool fired = true;
        for (long nth = 1; fired; nth++) {
            nl_error err = {0};
            nl_arena arena = {0};
            s3_part *parts;
            s3_object o;
            size_t n = 0;
            struct here h = start(*state, true);
            CHECK_OK(send(&h, 1, 1, STEP, false, &err), err);
            fault_arm(kind ? FAULT_ALLOC : FAULT_IO, nth, kind ? ENOMEM : EIO);
            int sent = send(&h, 2, 1, STEP, false, &err);
            if (!sent)
                sent = send(&h, 1, 2, STEP, false, &err);
            int done = sent ? sent : complete(&h, (const int[]){1, 2}, 2, NULL, &err);
            fault_disarm();
            fired = fault_fired();
            check_why("%s %ld: sent %d, completed %d", kind ? "allocation" : "call", nth, sent, done);
            bool lives = s3_upload_parts(h.bucket, h.id, &arena, &parts, &n, NULL) == NL_OK;
            CHECK(lives ? n >= 1 && parts[0].size == STEP : s3_object_open(h.bucket, slice("key"), &o, NULL) == NL_OK);
            if (!lives) {
                CHECK_INT(o.meta.size, 2 * STEP);
                s3_object_close(&o);
            }
            CHECK(done || !lives);
            nl_arena_free(&arena);
            if (lives)
                CHECK_OK(s3_upload_abort(h.bucket, h.id, &err), err);
            CHECK_OK(s3_object_delete(h.bucket, slice("key"), NULL, &err), err);
            stop(&h);
        }
    }
    check_why("%s", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layouts_are_completed, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refused_completions, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(under_way, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(displaced, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_everybodys, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(many_at_once, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(lists, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(full_logs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(torn_logs, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(every_call_fails_once, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
