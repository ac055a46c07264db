/* known.c: a hash set of folders. */
#include "server/s3/disk/known.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"

#define MOST (1u << 20) /* folders; then the set starts afresh: 16 MiB at most */

void s3_known_init(s3_known *k)
{
    *k = (s3_known){0};
    pthread_mutex_init(&k->mutex, NULL);
}

void s3_known_free(s3_known *k)
{
    free(k->slots);
    pthread_mutex_destroy(&k->mutex);
}

/* What stands for a folder in its parent; 0: it cannot be told from a later one. */
static uint64_t fingerprint(int parent, int child)
{
    struct statx s, up;
    if (statx(child, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &s) || !(s.stx_mask & STATX_BTIME) ||
        statx(parent, "", AT_EMPTY_PATH, STATX_INO, &up))
        return 0;
    uint64_t id[6] = {s.stx_dev_major,     s.stx_dev_minor, s.stx_ino, (uint64_t)s.stx_btime.tv_sec,
                      s.stx_btime.tv_nsec, up.stx_ino};
    uint64_t h = nl_hash64(id, sizeof(id));
    return h ? h : 1;
}

/* The slot of h, or the free one where it belongs. There is always a free one. */
static size_t slot_of(const s3_known *k, uint64_t h)
{
    size_t i = h & (k->room - 1);
    while (k->slots[i] && k->slots[i] != h)
        i = (i + 1) & (k->room - 1);
    return i;
}

static bool has(s3_known *k, uint64_t h)
{
    pthread_mutex_lock(&k->mutex);
    bool found = k->room && k->slots[slot_of(k, h)] == h;
    pthread_mutex_unlock(&k->mutex);
    return found;
}

/* Twice the room. Without memory the set stays as it is. */
static void grow(s3_known *k)
{
    size_t old_room = k->room;
    uint64_t *old = k->slots;
    size_t room = old_room ? 2 * old_room : 1024;
    uint64_t *slots = calloc(room, sizeof(*slots));
    if (!slots)
        return;
    k->slots = slots;
    k->room = room;
    for (size_t i = 0; i < old_room; i++)
        if (old[i])
            k->slots[slot_of(k, old[i])] = old[i];
    free(old);
}

static void add(s3_known *k, uint64_t h)
{
    pthread_mutex_lock(&k->mutex);
    if (k->n >= MOST) {
        memset(k->slots, 0, k->room * sizeof(*k->slots));
        k->n = 0;
    }
    if (2 * (k->n + 1) > k->room)
        grow(k);
    if (2 * (k->n + 1) <= k->room) {
        size_t i = slot_of(k, h);
        k->n += k->slots[i] == 0;
        k->slots[i] = h;
    }
    pthread_mutex_unlock(&k->mutex);
}

int s3_known_sync(s3_known *k, int parent, int child, nl_error *err)
{
    uint64_t h = fingerprint(parent, child);
    if (h && has(k, h))
        return NL_OK;
    int rc = s3_file_sync(parent, "a folder", err);
    if (!rc && h)
        add(k, h);
    return rc;
}
