/* tests/server/s3/disk/powercut.c: every state that a power cut could leave (disk.h, D1 to D5; kill -9 cannot show them).
 *
 *     workload ──seam.h──▶ events:  create x · data x · attributes x · sync x · rename x → a · sync folder · …
 *                                                      ▲ the power goes here
 *     what a sync covered is on the disk; of the rest: names of each event kept or lost, in every combination (a sample,
 *     where there are many), and data of files kept, lost, cut, or zeros, attributes kept or lost ──▶ a new folder
 *     ──▶ the server's disk side opens it: each key is what was acknowledged last, or what was under way
 *
 * tape.h records and builds; group.c has writers that share a sync.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "server/s3/disk/config.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/retag.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/upload.h"
#include "support/check.h"
#include "support/rng.h"
#include "support/tmp.h"
#include "tape.h"

#define MOST_STEPS 64
#define EXHAUSTIVE 4  /* so many pending names are tried in every combination */
#define SAMPLES    8  /* of more */
#define PARTS_SEEN 10 /* numbers of parts that are used here */

/* ── what was asked for ── */

enum what { PUT, BIG, DELETE, TAG, BEGIN, PART, COMPLETE, ABORT, COPY, CORS, MAKE_BUCKET, DELETE_BUCKET };

static const struct step {
    enum what what;
    const char *key;
    int version;
    int number, slice; /* of a part; its bytes are that slice of the version's */
    const char *from;  /* of a copy */
} steps[] = {
#define DO(w, k, v)                                                                                                    \
    {                                                                                                                  \
        .what = (w), .key = (k), .version = (v)                                                                        \
    }
#define SEND(k, v, n, s)                                                                                               \
    {                                                                                                                  \
        .what = PART, .key = (k), .version = (v), .number = (n), .slice = (s)                                          \
    }
    DO(PUT, "a/b/c", 1),
    DO(PUT, "a/b/c", 2),
    DO(PUT, "plain", 1),
    DO(PUT, "a", 1),
    DO(PUT, "a", 2),
    DO(TAG, "a/b/c", 3),
    DO(CORS, "", 1),
    DO(BIG, "plain", 2),
    DO(PUT, "plain", 3),
    DO(TAG, "plain", 4),
    DO(DELETE, "a/b/c", 0),
    DO(PUT, "a/b/c", 5),
    /* Parts of one size and a shorter last one, out of order, one of them again: that one is copied into its place. */
    DO(BEGIN, "m", 0),
    SEND("m", 1, 1, 0),
    SEND("m", 1, 3, 2),
    SEND("m", 2, 2, 1),
    SEND("m", 1, 2, 1),
    DO(COMPLETE, "m", 1),
    /* Without a copy. */
    DO(BEGIN, "o", 0),
    SEND("o", 1, 1, 0),
    SEND("o", 1, 2, 1),
    SEND("o", 1, 3, 2),
    DO(COMPLETE, "o", 1),
    /* Numbers with gaps: a new file. */
    DO(BEGIN, "p", 0),
    SEND("p", 1, 1, 0),
    SEND("p", 1, 4, 1),
    SEND("p", 1, 9, 2),
    DO(COMPLETE, "p", 1),
    DO(BEGIN, "q", 0),
    SEND("q", 1, 1, 0),
    DO(ABORT, "q", 0),
    {.what = COPY, .key = "copy", .version = 3, .from = "plain"},
    {.what = COPY, .key = "a", .version = 1, .from = "o"},
    DO(MAKE_BUCKET, "", 0),
    DO(DELETE_BUCKET, "", 0),
    DO(CORS, "", 2),
    DO(DELETE, "a", 0),
    DO(DELETE, "m", 0),
    DO(PUT, "a/b/d", 1),
    DO(DELETE, "a/b/c", 0),
};

#define SLICE 5 /* bytes of a part, but for the last one */

static int acked_at[NL_LEN(steps)];        /* the number of events when it was acknowledged */
static char upload_ids[128][S3_UPLOAD_ID]; /* by the key's letter */
static s3_disk *recorded;

static char *upload_of(const struct step *s)
{
    return upload_ids[(unsigned char)s->key[0] & 127];
}

static s3_slice slice(const char *text)
{
    return (s3_slice){text, strlen(text)};
}

/* Version v of a key; TAG keeps the bytes of the version before. */
static void bytes_of(const char *key, int version, char out[static 64])
{
    snprintf(out, 64, "%s, version %d", key, version);
}

static int put(s3_bucket *b, const struct step *s, nl_error *err)
{
    s3_writer w;
    char bytes[64], filler[3600], text[16];
    memset(filler, 'x', sizeof(filler));
    filler[s->what == BIG ? 3500 : 1] = '\0';
    bytes_of(s->key, s->version, bytes);
    snprintf(text, sizeof(text), "%d", s->version);
    s3_pair headers[] = {{"x-amz-meta-v", text}, {"x-amz-meta-filler", filler}};
    s3_meta meta = {.etag = "00000000000000000000000000000000", .headers = headers, .n_headers = 2};
    int rc = s3_writer_open_key(b, slice(s->key), &w, err);
    if (!rc)
        rc = s3_writer_write(&w, bytes, 5, err);
    if (!rc)
        rc = s3_writer_write(&w, bytes + 5, strlen(bytes) - 5, err);
    return rc ? rc : s3_writer_commit(&w, slice(s->key), &meta, NULL, err);
}

static int complete(s3_bucket *b, const struct step *s, nl_error *err)
{
    nl_arena arena = {0};
    s3_part *parts;
    size_t n;
    s3_pair header = {"x-amz-meta-v", "1"};
    s3_meta meta = {.etag = "00000000000000000000000000000000-1", .headers = &header, .n_headers = 1};
    int rc = s3_upload_parts(b, upload_of(s), &arena, &parts, &n, err);
    if (!rc)
        rc = s3_upload_complete(b, upload_of(s), parts, n, slice(s->key), &meta, NULL, err);
    nl_arena_free(&arena);
    return rc;
}

/* Its MD5 says the version, for who looks which of two is there. */
static int put_part(s3_bucket *b, const struct step *s, nl_error *err)
{
    s3_part_writer w;
    char bytes[64];
    int64_t mtime_ns;
    s3_part_sums sums = {.md5 = {(uint8_t)s->version}};
    bytes_of(s->key, s->version, bytes);
    size_t from = (size_t)s->slice * SLICE, len = strlen(bytes) - from < SLICE ? strlen(bytes) - from : SLICE;
    int rc = s3_part_open(b, upload_of(s), s->number, len, &w, err);
    if (!rc)
        rc = s3_part_write(&w, bytes + from, 1, err);
    if (!rc)
        rc = s3_part_write(&w, bytes + from + 1, len - 1, err);
    if (!rc)
        rc = s3_part_commit(&w, &sums, &mtime_ns, err);
    return rc;
}

/* As CopyObject does. */
static int copy_object(s3_bucket *b, const struct step *s, nl_error *err)
{
    s3_object from;
    s3_writer w = {0};
    int rc = s3_object_open(b, slice(s->from), &from, err);
    if (rc)
        return rc;
    s3_meta meta = {.etag = "00000000000000000000000000000000",
                    .headers = from.meta.headers,
                    .n_headers = from.meta.n_headers};
    rc = s3_writer_open(b, &w, err);
    if (!rc)
        rc = s3_file_copy(from.fd, 0, w.fd, 0, from.meta.size, err);
    w.size = from.meta.size;
    if (!rc)
        rc = s3_writer_commit(&w, slice(s->key), &meta, NULL, err);
    s3_writer_abort(&w);
    s3_object_close(&from);
    return rc;
}

/* With an upload in it, which goes with it. */
static int make_bucket(nl_error *err)
{
    s3_bucket *b;
    s3_meta none = {0};
    char id[S3_UPLOAD_ID];
    int rc = s3_bucket_create(recorded, "second", err);
    if (!rc)
        rc = s3_bucket_get(recorded, "second", &b, err);
    if (rc)
        return rc;
    rc = s3_upload_create(b, slice("x"), &none, id, err);
    s3_bucket_release(b);
    return rc;
}

static int run_step(s3_bucket *b, const struct step *s, nl_error *err)
{
    char text[16];
    s3_pair tag = {"v", text};
    s3_meta none = {0};
    snprintf(text, sizeof(text), "%d", s->version);
    switch (s->what) {
    case DELETE:
        return s3_object_delete(b, slice(s->key), NULL, err);
    case TAG:
        return s3_object_retag(b, slice(s->key), &tag, 1, err);
    case BEGIN:
        return s3_upload_create(b, slice(s->key), &none, upload_of(s), err);
    case PART:
        return put_part(b, s, err);
    case COMPLETE:
        return complete(b, s, err);
    case ABORT:
        return s3_upload_abort(b, upload_of(s), err);
    case COPY:
        return copy_object(b, s, err);
    case MAKE_BUCKET:
        return make_bucket(err);
    case DELETE_BUCKET:
        return s3_bucket_delete(recorded, "second", err);
    case CORS:
        return s3_config_write(b, "cors.xml", text, strlen(text), err);
    case PUT:
    case BIG:
        break;
    }
    return put(b, s, err);
}

/* ── what may be there ── */

/* Bytes and tag of a key as some step left it: "" is absent. */
static void describe(const char *key, int until, char out[static 96])
{
    char bytes[64] = "";
    int tag = 0;
    for (int i = 0; i <= until; i++) {
        const struct step *s = &steps[i];
        if (strcmp(s->key, key) || s->what == BEGIN || s->what == PART || s->what == ABORT)
            continue;
        if (s->what == TAG) {
            tag = s->version;
        } else {
            tag = 0;
            bytes[0] = '\0';
            if (s->what != DELETE)
                bytes_of(s->from ? s->from : key, s->version, bytes);
        }
    }
    snprintf(out, 96, bytes[0] ? "%s, tag %d" : "%s", bytes, tag);
}

static void look(s3_bucket *b, const char *key, char out[static 96])
{
    s3_object o;
    nl_error err = {0};
    char bytes[64] = "";
    out[0] = '\0';
    int rc = s3_object_open(b, slice(key), &o, &err);
    if (rc == NL_NOT_FOUND)
        return;
    CHECK_OK(rc, err);
    CHECK(o.meta.size < sizeof(bytes) && pread(o.fd, bytes, o.meta.size, 0) == (ssize_t)o.meta.size);
    /* Metadata and bytes are of one version. */
    const char *version = s3_meta_header(&o.meta, "x-amz-meta-v"), *at = strstr(bytes, "version ");
    CHECK(version && at && !strcmp(at + 8, version));
    snprintf(out, 96, "%s, tag %s", bytes, o.meta.n_tags ? o.meta.tags[0].value : "0");
    s3_object_close(&o);
}

/* The version of a part that is there; 0: there is none. */
static int version_of_part(const s3_part *parts, size_t n, int number)
{
    uint8_t md5[16];
    for (size_t i = 0; i < n; i++)
        if (parts[i].number == number && nl_unhex(parts[i].etag, 32, md5))
            return md5[0];
    return 0;
}

/* An upload after step `last`, and perhaps `next`: is it there with its parts, or is it over? key: one letter. */
static void check_upload(s3_bucket *b, const char *key, int last, int next)
{
    nl_arena arena = {0};
    s3_meta meta;
    s3_part *parts = NULL;
    size_t n = 0;
    bool begun = false, over = false, may_be_over = false;
    int acked[PARTS_SEEN] = {0}, tried[PARTS_SEEN] = {0};
    const struct step *first = NULL;
    for (int i = 0; i <= next; i++) {
        const struct step *s = &steps[i];
        if (strcmp(s->key, key) != 0)
            continue;
        bool ends = s->what == COMPLETE || s->what == ABORT;
        begun |= s->what == BEGIN && i <= last;
        over |= ends && i <= last;
        may_be_over |= ends;
        if (s->what == BEGIN)
            first = s;
        if (s->what == PART) {
            tried[s->number] = s->version;
            acked[s->number] = i <= last ? s->version : acked[s->number];
        }
    }
    if (!first)
        return;
    bool there = s3_upload_open(b, upload_of(first), slice(key), &arena, &meta, NULL) == NL_OK &&
                 s3_upload_parts(b, upload_of(first), &arena, &parts, &n, NULL) == NL_OK;
    CHECK(!(there && over));
    CHECK(there || may_be_over || !begun);
    for (int i = 1; there && !may_be_over && i < PARTS_SEEN; i++) {
        int found = version_of_part(parts, n, i);
        CHECK(found == acked[i] || found == tried[i]);
    }
    nl_arena_free(&arena);
}

/* The second bucket comes and goes. */
static void check_second(s3_disk *d, int last, int next)
{
    s3_bucket *b;
    bool must = false, may = false;
    for (int i = 0; i <= next; i++) {
        if (steps[i].what == MAKE_BUCKET) {
            must = i <= last;
            may = true;
        } else if (steps[i].what == DELETE_BUCKET) {
            must = false;
            may = i > last;
        }
    }
    bool there = s3_bucket_get(d, "second", &b, NULL) == NL_OK;
    CHECK(there ? may : !must);
    if (there)
        s3_bucket_release(b);
}

/* After a cut behind `now` events: step `last` was acknowledged last, and the next one may be under way. */
static void check_state(const char *root, int last)
{
    static const char *const keys[] = {"a", "a/b/c", "a/b/d", "plain", "m", "o", "p", "q", "copy"};
    static const char *const uploads[] = {"m", "o", "p", "q"};
    s3_disk *d;
    s3_bucket *b;
    nl_error err = {0};
    char got[96], old[96], new[96];
    int next = last + 1 < (int)NL_LEN(steps) ? last + 1 : last;
    CHECK_OK(s3_disk_open(root, false, &d, &err), err);
    CHECK_OK(s3_bucket_get(d, "bucket", &b, &err), err);
    for (size_t i = 0; i < NL_LEN(keys); i++) {
        look(b, keys[i], got);
        describe(keys[i], last, old);
        describe(keys[i], next, new);
        if (strcmp(got, old) && strcmp(got, new))
            CHECK_STR(got, old);
    }
    for (size_t i = 0; i < NL_LEN(uploads); i++)
        check_upload(b, uploads[i], last, next);
    check_second(d, last, next);
    nl_buf cors = {0};
    int version = 0;
    for (int i = 0; i <= last; i++)
        version = steps[i].what == CORS ? steps[i].version : version;
    int rc = s3_config_read(b, "cors.xml", &cors, NULL);
    int found = rc || !cors.len ? 0 : cors.data[0] - '0';
    CHECK(found == version || (steps[next].what == CORS && found == steps[next].version));
    nl_buf_free(&cors);
    s3_bucket_release(b);
    s3_disk_close(d);
}

/* ── the cut ── */

static int states;

static void cut(int now, int last, uint64_t keep, enum fate fate)
{
    char *root = tmp_make();
    check_why("power cut behind event %d, step %d, names kept %llx, data fate %d", now, last, (unsigned long long)keep,
              fate);
    tape_apply_names(now, keep);
    tape_materialize(root, now, fate);
    check_state(root, last);
    tmp_remove(root);
    states++;
}

/* Is there a file whose data or attributes are not on the disk? */
static bool has_dirty_files(int now)
{
    for (int i = 0; i < now; i++)
        if ((tape.list[i].kind == S3_SEAM_DATA || tape.list[i].kind == S3_SEAM_META) && tape.list[i].synced >= now)
            return true;
    return false;
}

static void cut_all_ways(int now, int last, struct rng *r)
{
    int pending = 0;
    for (int i = 0; i < now; i++)
        pending += tape_is_pending(&tape.list[i], now);
    int fates = has_dirty_files(now) ? FATES : 1;
    uint64_t all = pending >= 64 ? UINT64_MAX : (UINT64_C(1) << pending) - 1;
    if (pending <= EXHAUSTIVE) {
        for (uint64_t keep = 0; keep <= all; keep++)
            for (int fate = 0; fate < fates; fate++)
                cut(now, last, keep, (enum fate)fate);
        return;
    }
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t newest = UINT64_C(1) << (pending - 1),
                 random = rng_below(r, UINT32_MAX) * (uint64_t)rng_below(r, UINT32_MAX);
        uint64_t keep = i == 0 ? 0 : i == 1 ? all : i == 2 ? newest : i == 3 ? all & ~newest : random & all;
        cut(now, last, keep, (enum fate)(i % fates));
    }
}

static void every_cut(void **state)
{
    struct rng r = rng_seed("powercut");
    const char *root = *state;
    s3_disk *d;
    s3_bucket *b;
    nl_error err = {0};
    int fd = open(root, O_PATH | O_CLOEXEC);
    struct stat st;
    CHECK(!fstat(fd, &st));
    close(fd);
    tape_add_node(st.st_ino, true, "");
    s3_seam_watch(tape_record, NULL);
    CHECK_OK(s3_disk_open(root, true, &d, &err), err);
    recorded = d;
    CHECK_OK(s3_bucket_create(d, "bucket", &err), err);
    CHECK_OK(s3_bucket_get(d, "bucket", &b, &err), err);
    int first = tape.n;
    for (size_t i = 0; i < NL_LEN(steps); i++) {
        CHECK_OK(run_step(b, &steps[i], &err), err);
        acked_at[i] = tape.n;
    }
    s3_seam_watch(NULL, NULL);
    s3_bucket_release(b);
    s3_disk_close(d);
    for (int now = first, last = -1; now <= tape.n; now++) {
        while (last + 1 < (int)NL_LEN(steps) && acked_at[last + 1] <= now)
            last++;
        cut_all_ways(now, last, &r);
    }
    check_why("%s", "");
    print_message("%d events, %d states\n", tape.n, states);
    CHECK(states > 500);
    tape_free();
}

int main(void)
{
    tape_choose_place();
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(every_cut, tmp_setup, tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
