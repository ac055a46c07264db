/* group.c: one slot for each folder under sync, found by its inode; two folders that meet in a slot do not share. */
#include "server/s3/disk/group.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"

void s3_group_slot_init(s3_group_slot *s)
{
    *s = (s3_group_slot){0};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->over, NULL);
}

void s3_group_slot_free(s3_group_slot *s)
{
    pthread_cond_destroy(&s->over);
    pthread_mutex_destroy(&s->mutex);
}

void s3_group_init(s3_group *g)
{
    *g = (s3_group){0};
    for (size_t i = 0; i < S3_GROUP_SLOTS; i++)
        s3_group_slot_init(&g->slots[i]);
}

void s3_group_free(s3_group *g)
{
    for (size_t i = 0; i < S3_GROUP_SLOTS; i++)
        s3_group_slot_free(&g->slots[i]);
}

/* Make the slot's next sync, with the mutex held, which is let go meanwhile. */
static void lead(s3_group_slot *s, int fd)
{
    s->running = true;
    uint64_t mine = ++s->begun;
    pthread_mutex_unlock(&s->mutex);
    int failed = s3_file_try_sync(fd);
    pthread_mutex_lock(&s->mutex);
    if (failed) {
        s->failed = mine;
        s->error = failed;
    }
    s->ended = mine;
    s->running = false;
    pthread_cond_broadcast(&s->over);
}

/* F2, with the mutex held. A sync under way may fail for what is written now. */
static uint64_t since_now(const s3_group_slot *s)
{
    return s->running ? s->begun : s->begun + 1;
}

uint64_t s3_group_slot_since(s3_group_slot *s)
{
    pthread_mutex_lock(&s->mutex);
    uint64_t since = since_now(s);
    pthread_mutex_unlock(&s->mutex);
    return since;
}

/* Wait for a sync that begins from now on, or make it, with the mutex held. Returns the errno of one since then that failed. */
static int sync_since(s3_group_slot *s, int fd, uint64_t since)
{
    uint64_t wanted = s->begun + 1; /* F1 */
    while (s->ended < wanted) {
        if (s->running)
            pthread_cond_wait(&s->over, &s->mutex);
        else
            lead(s, fd);
    }
    return s->failed >= since ? s->error : 0;
}

int s3_group_slot_sync(s3_group_slot *s, int fd, uint64_t since, const char *what, nl_error *err)
{
    pthread_mutex_lock(&s->mutex);
    int failed = sync_since(s, fd, since);
    pthread_mutex_unlock(&s->mutex);
    return failed ? nl_fail_errno(err, failed, "cannot sync %s", what) : NL_OK;
}

int s3_group_sync(s3_group *g, int fd, const char *what, nl_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return nl_fail_errno(err, errno, "cannot sync %s", what);
    s3_group_slot *s = &g->slots[nl_hash64(&st.st_ino, sizeof(st.st_ino)) % S3_GROUP_SLOTS];
    pthread_mutex_lock(&s->mutex);
    if (s->users && (s->dev != st.st_dev || s->ino != st.st_ino)) {
        pthread_mutex_unlock(&s->mutex);
        return s3_file_sync(fd, what, err);
    }
    s->users++;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    int failed = sync_since(s, fd, since_now(s));
    s->users--;
    pthread_mutex_unlock(&s->mutex);
    return failed ? nl_fail_errno(err, failed, "cannot sync %s", what) : NL_OK;
}
