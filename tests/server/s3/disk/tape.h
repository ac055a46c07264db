/* tape.h: the calls that changed the disk, and the states that a power cut could leave of them. One tape a process.
 *
 *     seam.h ──tape_record──▶ tape ──tape_apply_names──▶ which names are there ──tape_materialize──▶ a folder
 *
 * What is assumed of the file system, as of ext4: a rename is all or nothing; fsync of a file keeps its bytes and
 * attributes, fsync of a folder the names in it, and nothing else: an fsync of a file does not keep its name. A file that has
 * no name yet is lost by every cut. A sync covers what came before it began.
 */
#ifndef TESTS_SERVER_S3_DISK_TAPE_H
#define TESTS_SERVER_S3_DISK_TAPE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "server/s3/disk/seam.h"

#define MOST_EVENTS 4096
#define MOST_NODES  512
#define NEVER       INT_MAX

struct event {
    enum s3_seam_kind kind;
    int node, dir, dir2; /* numbers of nodes */
    char name[300], name2[300];
    uint64_t offset;
    nl_buf bytes; /* data, or the attribute */
    struct timespec mtime;
    int synced; /* the event that put it on the disk, or NEVER */
};

struct tape {
    struct event list[MOST_EVENTS];
    int n;
    struct {
        ino_t ino;
        bool is_dir, is_tmp;
    } nodes[MOST_NODES];
    int n_nodes;
};
extern struct tape tape;

/* What becomes of bytes and attributes that no sync has covered. */
enum fate { KEPT, LOST, NO_DATA, NO_META, HALF, ZEROS, FATES };

/* A file or folder; the root is the first. Returns its number. */
int tape_add_node(ino_t ino, bool is_dir, const char *name);
/* The newest node of an inode: numbers of inodes are used again. -1: a file that is no part of this (the lock). */
int tape_node_of(int fd);
/* For s3_seam_watch(): one call at a time. */
void tape_record(void *ctx, const s3_seam_event *e);
/* May a cut behind `now` events keep or lose the name of this event? What lies in tmp/ is no object whatever happens to it. */
bool tape_is_pending(const struct event *v, int now);
/* The names behind `now` events; keep: a bit for each pending one, in their order. */
void tape_apply_names(int now, uint64_t keep);
/* Build these names below root, with what the files hold. */
void tape_materialize(const char *root, int now, enum fate fate);
/* Release what was recorded. */
void tape_free(void);
/* Thousands of small folders: in memory, where that can hold attributes, unless somebody chose a place. Before a test's first
 * folder is made. */
void tape_choose_place(void);

#endif
