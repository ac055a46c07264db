/* group.h: writers who want the same folder synced share the sync.
 *
 *     writer 1   rename ─▶ sync ════════════▶ answered
 *     writer 2        rename ─▶ waits ······ sync ═══════════▶ answered      (began after its rename: by writer 2 …
 *     writer 3            rename ─▶ waits ·······················▶ answered   … for writer 3 as well)
 *
 * F1  A writer is let go by a sync of its folder that began after it asked, and worked. One that was under way when it
 *     asked may have looked at the folder before its rename, and does not count.
 * F2  Where a sync fails, all who wrote before its end and were not let go yet fail, also when a later one works: what the
 *     failed one left out is then taken for clean by the kernel, which tells of it once for each open file.
 *
 * Any thread. Files are not shared: each is synced by its own writer, side by side, and the file system's journal makes one
 * commit of them.
 */
#ifndef NL_SERVER_S3_DISK_GROUP_H
#define NL_SERVER_S3_DISK_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define S3_GROUP_SLOTS 64

/* One folder, or one file with several writers, that somebody wants synced. */
typedef struct s3_group_slot {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t over;   /* a sync is over */
    size_t users;          /* who is in s3_group_sync(); 0: the slot is free */
    dev_t dev;
    ino_t ino;
    bool running;
    uint64_t begun, ended; /* syncs: numbers of the last ones */
    uint64_t failed;       /* the last that failed; 0: none did */
    int error;             /* its errno */
} s3_group_slot;

typedef struct s3_group {
    s3_group_slot slots[S3_GROUP_SLOTS];
} s3_group;

/* A slot of its own, for a file that several write: it lives as long as any of them. */
void s3_group_slot_init(s3_group_slot *s);
void s3_group_slot_free(s3_group_slot *s);
/* The first sync whose failure concerns what is written from now on (F2): for s3_group_slot_sync(). */
uint64_t s3_group_slot_since(s3_group_slot *s);
/* After NL_OK what was written to fd's file since then, and before the call, is on the disk. */
int s3_group_slot_sync(s3_group_slot *s, int fd, uint64_t since, const char *what, nl_error *err);

/* In the caller's memory. */
void s3_group_init(s3_group *g);
/* No call may be under way. */
void s3_group_free(s3_group *g);
/* After NL_OK every change of the names in this folder that was made before the call is on the disk. fd stays the caller's;
 * what is for the message. */
int s3_group_sync(s3_group *g, int fd, const char *what, nl_error *err);

#endif
