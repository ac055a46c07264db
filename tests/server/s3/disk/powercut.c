/* tests/server/s3/disk/powercut.c: every state that a power cut could leave (disk.h, D1 to D5; kill -9 cannot show them).
 *
 *     workload ──seam.h──▶ events:  create x · data x · attributes x · sync x · rename x → a · sync folder · …
 *                                                      ▲ the power goes here
 *     what a sync covered is on the disk; of the rest: names of each event kept or lost, in every combination (a sample,
 *     where there are many), and data of files kept, lost, cut, or zeros, attributes kept or lost ──▶ a new folder
 *     ──▶ the server's disk side opens it: each key is what was acknowledged last, or what was under way
 *
 * What is assumed of the file system, as of ext4: a rename is all or nothing; fsync of a file keeps its bytes and
 * attributes, fsync of a folder the names in it, and nothing else: an fsync of a file does not keep its name. A file that has
 * no name yet is lost by every cut. A sync covers what came before it began.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
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

#define MOST_EVENTS 4096
#define MOST_NODES  512
#define MOST_STEPS  64
#define EXHAUSTIVE  4  /* so many pending names are tried in every combination */
#define SAMPLES     8  /* of more */
#define NEVER       INT_MAX
#define PARTS_SEEN  10 /* numbers of parts that are used here */

/* ── what happened ── */

struct event {
    enum s3_seam_kind kind;
    int node, dir, dir2; /* numbers of nodes */
    char name[300], name2[300];
    uint64_t offset;
    nl_buf bytes; /* data, or the attribute */
    struct timespec mtime;
    int synced; /* the event that put it on the disk, or NEVER */
};

static struct {
    struct event list[MOST_EVENTS];
    int n;
    struct {
        ino_t ino;
        bool is_dir, is_tmp;
    } nodes[MOST_NODES];
    int n_nodes;
} tape;

static int add_node(ino_t ino, bool is_dir, const char *name)
{
    CHECK(tape.n_nodes < MOST_NODES);
    tape.nodes[tape.n_nodes].ino = ino;
    tape.nodes[tape.n_nodes].is_dir = is_dir;
    tape.nodes[tape.n_nodes].is_tmp = !strcmp(name, "tmp");
    return tape.n_nodes++;
}

/* The newest node of an inode: numbers of inodes are used again. -1: a file that is no part of this (the lock). */
static int node_of(int fd)
{
    struct stat st;
    CHECK(!fstat(fd, &st));
    for (int i = tape.n_nodes; i-- > 0;)
        if (tape.nodes[i].ino == st.st_ino)
            return i;
    return -1;
}

/* The node of the folder that a name (perhaps "x/y/z") is in; the last component into out. */
static int folder_of(int dir, const char *name, char out[static 300])
{
    const char *slash = strrchr(name, '/');
    snprintf(out, 300, "%s", slash ? slash + 1 : name);
    if (!slash)
        return node_of(dir);
    char path[600];
    snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
    int fd = openat(dir, path, O_PATH | O_CLOEXEC);
    CHECK(fd >= 0);
    int node = node_of(fd);
    close(fd);
    return node;
}

static void take_attributes(struct event *v, int fd)
{
    struct stat st;
    char value[4096];
    CHECK(!fstat(fd, &st));
    v->mtime = st.st_mtim;
    ssize_t n = fgetxattr(fd, S3_META_XATTR, value, sizeof(value));
    if (n > 0)
        nl_buf_append(&v->bytes, value, (size_t)n, NULL);
}

static void take_data(struct event *v, const s3_seam_event *e)
{
    v->offset = e->offset;
    CHECK(nl_buf_reserve(&v->bytes, (size_t)e->len + 1, NULL) == NL_OK && v->bytes.data);
    CHECK(pread(e->fd, v->bytes.data, (size_t)e->len, (off_t)e->offset) == (ssize_t)e->len);
    v->bytes.len = (size_t)e->len;
}

/* Which node comes into being by a name. */
static int new_node(const s3_seam_event *e)
{
    struct stat st;
    CHECK(e->name != NULL);
    CHECK(!fstatat(e->dir, e->name, &st, AT_SYMLINK_NOFOLLOW));
    return add_node(st.st_ino, S_ISDIR(st.st_mode), e->name);
}

/* The node's sync is over: what came before event `began` is on the disk from now on. */
static void take_sync(int node, int began, int now)
{
    for (int i = 0; i < began; i++) {
        struct event *v = &tape.list[i];
        bool of_file = v->kind == S3_SEAM_DATA || v->kind == S3_SEAM_META;
        bool to_dir2 = v->kind == S3_SEAM_RENAME || v->kind == S3_SEAM_LINK;
        int kept_by = of_file ? v->node : to_dir2 ? v->dir2 : v->dir;
        bool is_sync = v->kind == S3_SEAM_SYNC || v->kind == S3_SEAM_SYNCING;
        if (v->synced == NEVER && !is_sync && kept_by == node)
            v->synced = now;
    }
}

/* Where the sync of this node that is over now began. */
static int sync_began(int node)
{
    int i = tape.n;
    while (i-- > 0 && (tape.list[i].kind != S3_SEAM_SYNCING || tape.list[i].node != node))
        ;
    CHECK(i >= 0);
    return i;
}

static int new_nameless(int fd)
{
    struct stat st;
    CHECK(!fstat(fd, &st));
    return add_node(st.st_ino, false, "");
}

static void record(void *ctx, const s3_seam_event *e)
{
    (void)ctx;
    CHECK(tape.n < MOST_EVENTS);
    struct event *v = &tape.list[tape.n];
    *v = (struct event){.kind = e->kind, .node = -1, .dir = -1, .dir2 = -1, .synced = NEVER};
    if (e->name)
        v->dir = folder_of(e->dir, e->name, v->name);
    if (e->name2) {
        v->dir2 = folder_of(e->dir2, e->name2, v->name2);
        int fd = openat(e->dir2, e->name2, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        v->node = node_of(fd);
        close(fd);
    }
    if (e->kind == S3_SEAM_CREATE || e->kind == S3_SEAM_MKDIR)
        v->node = new_node(e);
    if (e->kind == S3_SEAM_NAMELESS)
        v->node = new_nameless(e->fd);
    if (e->kind == S3_SEAM_DATA || e->kind == S3_SEAM_META || e->kind == S3_SEAM_SYNC || e->kind == S3_SEAM_SYNCING)
        v->node = node_of(e->fd);
    if (v->node < 0 && e->kind != S3_SEAM_UNLINK)
        return;
    if (e->kind == S3_SEAM_DATA)
        take_data(v, e);
    if (e->kind == S3_SEAM_META)
        take_attributes(v, e->fd);
    if (e->kind == S3_SEAM_SYNC)
        take_sync(v->node, sync_began(v->node), tape.n);
    tape.n++;
}

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

enum fate { KEPT, LOST, NO_DATA, NO_META, HALF, ZEROS, FATES };

struct entry {
    int dir, node;
    const char *name;
};

static struct entry entries[MOST_NODES];
static int n_entries;

static void set_entry(int dir, const char *name, int node)
{
    int i = 0;
    while (i < n_entries && (entries[i].dir != dir || strcmp(entries[i].name, name)))
        i++;
    if (node < 0 && i < n_entries)
        entries[i] = entries[--n_entries];
    else if (node >= 0) {
        entries[i] = (struct entry){dir, node, name};
        n_entries += i == n_entries;
    }
}

/* Names that a cut may keep or lose; what lies in tmp/ is no object whatever happens to it. */
static bool is_pending(const struct event *v, int now)
{
    bool to_dir2 = v->kind == S3_SEAM_RENAME || v->kind == S3_SEAM_LINK;
    bool names = to_dir2 || v->kind == S3_SEAM_CREATE || v->kind == S3_SEAM_MKDIR || v->kind == S3_SEAM_UNLINK;
    return names && v->synced >= now && (v->kind == S3_SEAM_RENAME || !tape.nodes[to_dir2 ? v->dir2 : v->dir].is_tmp);
}

/* keep: a bit for each pending name, in their order. */
static void apply_names(int now, uint64_t keep)
{
    n_entries = 0;
    int bit = 0;
    for (int i = 0; i < now; i++) {
        const struct event *v = &tape.list[i];
        if (is_pending(v, now)) {
            bool kept = bit >= 64 || keep >> bit & 1;
            bit++;
            if (!kept)
                continue;
        }
        if (v->kind == S3_SEAM_CREATE || v->kind == S3_SEAM_MKDIR)
            set_entry(v->dir, v->name, v->node);
        if (v->kind == S3_SEAM_UNLINK || v->kind == S3_SEAM_RENAME)
            set_entry(v->dir, v->name, -1);
        if (v->kind == S3_SEAM_RENAME || v->kind == S3_SEAM_LINK)
            set_entry(v->dir2, v->name2, v->node);
    }
}

/* What a file's own event leaves, by its fate. */
static void apply_event(int fd, const struct event *v, enum fate fate)
{
    if (v->kind == S3_SEAM_DATA && fate != LOST && fate != NO_DATA) {
        size_t n = fate == HALF ? v->bytes.len / 2 : v->bytes.len;
        char *bytes = calloc(1, n + 1);
        if (fate != ZEROS)
            memcpy(bytes, v->bytes.data, n);
        CHECK(pwrite(fd, bytes, n, (off_t)v->offset) == (ssize_t)n);
        free(bytes);
    }
    if (v->kind == S3_SEAM_META && fate != LOST && fate != NO_META) {
        const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, v->mtime};
        if (v->bytes.len)
            CHECK(!fsetxattr(fd, S3_META_XATTR, v->bytes.data, v->bytes.len, 0));
        CHECK(!futimens(fd, times));
    }
}

static void make_file(int dir, const struct entry *e, int now, enum fate fate)
{
    int fd = openat(dir, e->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    for (int i = 0; i < now; i++)
        if (tape.list[i].node == e->node)
            apply_event(fd, &tape.list[i], tape.list[i].synced < now ? KEPT : fate);
    /* Writing set the time anew: the last one that is on the disk counts. */
    for (int i = 0; i < now; i++)
        if (tape.list[i].node == e->node && tape.list[i].kind == S3_SEAM_META)
            apply_event(fd, &tape.list[i], tape.list[i].synced < now ? KEPT : fate);
    close(fd);
}

/* Folders above what is in them: a node's number is higher than that of the folder in which it was made, and no folder
 * is ever moved. */
static void materialize(const char *root, int now, enum fate fate)
{
    int fds[MOST_NODES];
    memset(fds, -1, sizeof(fds));
    fds[0] = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int node = 1; node < tape.n_nodes; node++)
        for (int i = 0; i < n_entries; i++) {
            const struct entry *e = &entries[i];
            if (e->node != node || fds[e->dir] < 0 || !tape.nodes[node].is_dir)
                continue;
            CHECK(!mkdirat(fds[e->dir], e->name, 0700));
            fds[node] = openat(fds[e->dir], e->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
    for (int i = 0; i < n_entries; i++)
        if (!tape.nodes[entries[i].node].is_dir && fds[entries[i].dir] >= 0)
            make_file(fds[entries[i].dir], &entries[i], now, fate);
    for (int i = 0; i < tape.n_nodes; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int states;

static void cut(int now, int last, uint64_t keep, enum fate fate)
{
    char *root = tmp_make();
    check_why("power cut behind event %d, step %d, names kept %llx, data fate %d", now, last, (unsigned long long)keep,
              fate);
    apply_names(now, keep);
    materialize(root, now, fate);
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
        pending += is_pending(&tape.list[i], now);
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
    add_node(st.st_ino, true, "");
    s3_seam_watch(record, NULL);
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
    for (int i = 0; i < tape.n; i++)
        nl_buf_free(&tape.list[i].bytes);
}

/* ── writers side by side, whose folder is synced once for all (group.h) ── */

#define WRITERS 4

static struct {
    pthread_mutex_t mutex; /* guards the tape too */
    pthread_cond_t linked;
    s3_bucket *bucket;
    int links, folder_syncs;
    int acked_at[WRITERS];
} together = {.mutex = PTHREAD_MUTEX_INITIALIZER, .linked = PTHREAD_COND_INITIALIZER};

/* The first sync of the folder begins only when every writer has put its name there: all of them wait for one sync. */
static void record_together(void *ctx, const s3_seam_event *e)
{
    pthread_mutex_lock(&together.mutex);
    record(ctx, e);
    if (e->kind == S3_SEAM_LINK) {
        together.links++;
        pthread_cond_broadcast(&together.linked);
    }
    if (e->kind == S3_SEAM_SYNCING && tape.nodes[node_of(e->fd)].is_dir && together.folder_syncs++ == 0)
        while (together.links < WRITERS)
            pthread_cond_wait(&together.linked, &together.mutex);
    pthread_mutex_unlock(&together.mutex);
}

static void *write_one(void *arg)
{
    int i = (int)(intptr_t)arg;
    char key[8];
    nl_error err = {0};
    snprintf(key, sizeof(key), "w%d", i);
    int rc = put(together.bucket, &(struct step){.what = PUT, .key = key, .version = 1}, &err);
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
        char key[8], got[96], want[64];
        snprintf(key, sizeof(key), "w%d", i);
        bytes_of(key, 1, want);
        look(b, key, got);
        check_why("cut behind event %d: %s, acknowledged at %d: \"%s\"", now, key, together.acked_at[i], got);
        CHECK(!strncmp(got, want, strlen(want)) || (!got[0] && now < together.acked_at[i]));
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
    tape.n = tape.n_nodes = 0;
    add_node(st.st_ino, true, "");
    s3_seam_watch(record, NULL);
    CHECK_OK(s3_disk_open(*state, true, &d, &err), err);
    CHECK_OK(s3_bucket_create(d, "bucket", &err), err);
    CHECK_OK(s3_bucket_get(d, "bucket", &together.bucket, &err), err);
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
    /* The one that all waited in may have begun before the last names were there: then there is a second. */
    CHECK_MAX(together.folder_syncs, 2);
    for (int now = first; now <= tape.n; now++) {
        int pending = 0;
        for (int i = 0; i < now; i++)
            pending += is_pending(&tape.list[i], now);
        for (uint64_t keep = 0; keep < UINT64_C(1) << pending; keep++) {
            char *root = tmp_make();
            apply_names(now, keep);
            materialize(root, now, keep % 2 ? ZEROS : LOST);
            check_together(root, now);
            tmp_remove(root);
        }
    }
    check_why("%s", "");
    for (int i = 0; i < tape.n; i++)
        nl_buf_free(&tape.list[i].bytes);
}

/* Thousands of small folders: in memory, where that can hold attributes, unless somebody chose a place. */
static void choose_place(void)
{
    static const char probe[] = "/dev/shm/neuralake-test-probe";
    int fd = getenv("TMPDIR") ? -1 : open(probe, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (!fsetxattr(fd, S3_META_XATTR, "x", 1, 0))
        setenv("TMPDIR", "/dev/shm", 1);
    close(fd);
    unlink(probe);
}

int main(void)
{
    choose_place();
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(every_cut, tmp_setup, tmp_teardown),
                                       cmocka_unit_test_setup_teardown(one_sync_for_all, tmp_setup, tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
