/* known.h: the set of folders that are known to be on the disk (D3 of disk.h).
 *
 * A folder is remembered by device, inode, birth time and parent inode: one that is removed and made again is another.
 * Where the file system tells no birth time nothing is remembered, and every write syncs. Any thread.
 */
#ifndef NL_SERVER_S3_DISK_KNOWN_H
#define NL_SERVER_S3_DISK_KNOWN_H

#include <pthread.h>
#include <stdint.h>

#include "base/error.h"

typedef struct s3_known {
    pthread_mutex_t mutex;
    uint64_t *slots; /* open addressing; 0 is free */
    size_t n, room;
} s3_known;

/* An empty set, in the caller's memory; free releases what is in it. */
/* An empty set; and its memory back. */
void s3_known_init(s3_known *k);
/* No call may be under way. */
void s3_known_free(s3_known *k);
/* After this the name of child in parent is on the disk: synced now, unless it is known to be there. */
int s3_known_sync(s3_known *k, int parent, int child, nl_error *err);

#endif
