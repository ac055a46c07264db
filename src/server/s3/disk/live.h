/* live.h: the uploads that requests work with just now, and what these requests must know of each other.
 *
 *     parts:     enter ──write, append a record──▶ leave        many at once, while nobody has sealed it
 *     complete,  seal (waits for all of them) ──▶ unseal        one at a time; `over`: the upload is no more
 *     abort
 *
 * All of it can be read again from the upload's folder, and is dropped when nobody uses it. Where the bytes of parts lie,
 * and the invariants: upload.h.
 *
 * Threads  The table has a mutex, each upload another (taken second). A poll thread never waits for a seal: it is refused.
 */
#ifndef NL_SERVER_S3_DISK_LIVE_H
#define NL_SERVER_S3_DISK_LIVE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "server/s3/disk/group.h"
#include "server/s3/disk/partlog.h"

struct s3_bucket;
struct s3_disk;
struct s3_part_writer;

typedef struct s3_live {
    struct s3_live *next; /* guarded by the table's mutex, as refs */
    size_t refs;
    struct s3_disk *disk;
    char id[40];
    dev_t dev; /* of its bucket */
    ino_t ino;
    int folder, data, log; /* open while it lives */
    s3_group_slot data_sync, log_sync;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool sealed, over;
    unsigned writing;      /* who entered */
    uint64_t part_size;    /* parts of it lie in data at (number - 1) times it; 0: not known yet */
    size_t n_records;      /* of the log */
    bool mended;           /* nothing is behind them (partlog.h) */
    uint64_t next_own;     /* for the name of the next file of a part's own */
    s3_part_record *parts; /* by number */
    size_t n_parts, room;
    size_t n_in_data;               /* of them */
    bool placed;                    /* a record ever said that a part lies in data: part_size is settled */
    struct s3_part_writer *writers; /* under way */
} s3_live;

typedef struct s3_live_table {
    pthread_mutex_t mutex;
    s3_live *first;
} s3_live_table;

/* An empty table, in the memory of the caller. */
void s3_live_init(s3_live_table *t);
/* Nobody uses any. */
void s3_live_free(s3_live_table *t);

/* NL_NOT_FOUND, in the words for an upload that does not exist. */
int s3_live_none(const char *id, nl_error *err);
/* Is it the name of an upload's folder? */
bool s3_live_is_id(const char *id);
/* The upload's folder, or -1 with err (NL_NOT_FOUND: there is none). */
int s3_live_folder(struct s3_bucket *b, const char *id, nl_error *err);
/* NL_NOT_FOUND: no such upload, or it is over. Released by s3_live_release(). */
int s3_live_use(struct s3_bucket *b, const char *id, s3_live **out, nl_error *err);
void s3_live_release(s3_live *u); /* NULL is fine */

/* NL_CONFLICT: it is sealed, or completing it took the place of w; NL_NOT_FOUND: it is over. */
int s3_live_enter(s3_live *u, const struct s3_part_writer *w, nl_error *err);
void s3_live_leave(s3_live *u);
/* Wait for who entered or sealed, and keep all others out. NL_NOT_FOUND: it is over. */
int s3_live_seal(s3_live *u, nl_error *err);
void s3_live_unseal(s3_live *u, bool over);
/* Sealed: the parts that are being written into data must begin again. */
void s3_live_displace(s3_live *u);

/* ── under u->mutex ── */
/* The part of a number, or NULL. */
const s3_part_record *s3_live_find(const s3_live *u, int number);
/* On a disk thread. Append to the log and make it the part of its number. On failure all is as it was. *old: what it replaces; number 0:
 * nothing. */
int s3_live_append(s3_live *u, const s3_part_record *r, s3_part_record *old, nl_error *err);

#endif
