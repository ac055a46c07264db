/* tape.c: recording, and building what a cut leaves. */
#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "server/s3/disk/meta.h"
#include "support/check.h"
#include "support/tmp.h"

/* ── what happened ── */

struct tape tape;

int tape_add_node(ino_t ino, bool is_dir, const char *name)
{
    CHECK(tape.n_nodes < MOST_NODES);
    tape.nodes[tape.n_nodes].ino = ino;
    tape.nodes[tape.n_nodes].is_dir = is_dir;
    tape.nodes[tape.n_nodes].is_tmp = !strcmp(name, "tmp");
    return tape.n_nodes++;
}

/* The newest node of an inode: numbers of inodes are used again. -1: a file that is no part of this (the lock). */
int tape_node_of(int fd)
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
        return tape_node_of(dir);
    char path[600];
    snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
    int fd = openat(dir, path, O_PATH | O_CLOEXEC);
    CHECK(fd >= 0);
    int node = tape_node_of(fd);
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
    return tape_add_node(st.st_ino, S_ISDIR(st.st_mode), e->name);
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
    return tape_add_node(st.st_ino, false, "");
}

void tape_record(void *ctx, const s3_seam_event *e)
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
        v->node = tape_node_of(fd);
        close(fd);
    }
    if (e->kind == S3_SEAM_CREATE || e->kind == S3_SEAM_MKDIR)
        v->node = new_node(e);
    if (e->kind == S3_SEAM_NAMELESS)
        v->node = new_nameless(e->fd);
    if (e->kind == S3_SEAM_DATA || e->kind == S3_SEAM_META || e->kind == S3_SEAM_SYNC || e->kind == S3_SEAM_SYNCING)
        v->node = tape_node_of(e->fd);
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

/* ── the cut ── */

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
bool tape_is_pending(const struct event *v, int now)
{
    bool to_dir2 = v->kind == S3_SEAM_RENAME || v->kind == S3_SEAM_LINK;
    bool names = to_dir2 || v->kind == S3_SEAM_CREATE || v->kind == S3_SEAM_MKDIR || v->kind == S3_SEAM_UNLINK;
    return names && v->synced >= now && (v->kind == S3_SEAM_RENAME || !tape.nodes[to_dir2 ? v->dir2 : v->dir].is_tmp);
}

/* keep: a bit for each pending name, in their order. */
void tape_apply_names(int now, uint64_t keep)
{
    n_entries = 0;
    int bit = 0;
    for (int i = 0; i < now; i++) {
        const struct event *v = &tape.list[i];
        if (tape_is_pending(v, now)) {
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
void tape_materialize(const char *root, int now, enum fate fate)
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

void tape_free(void)
{
    for (int i = 0; i < tape.n; i++)
        nl_buf_free(&tape.list[i].bytes);
    tape.n = 0;
}

void tape_choose_place(void)
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
