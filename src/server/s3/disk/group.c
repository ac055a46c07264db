/* group.c: one slot for each folder under sync, found by its inode; two folders that meet in a slot do not share. */
#include "server/s3/disk/group.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"

void s3_group_init(s3_group *g)
{
    *g = (s3_group){0};
    for (size_t i = 0; i < S3_GROUP_SLOTS; i++) {
        pthread_mutex_init(&g->slots[i].mutex, NULL);
        pthread_cond_init(&g->slots[i].over, NULL);
    }
}

void s3_group_free(s3_group *g)
{
    for (size_t i = 0; i < S3_GROUP_SLOTS; i++) {
        pthread_cond_destroy(&g->slots[i].over);
        pthread_mutex_destroy(&g->slots[i].mutex);
    }
}

/* Make the next sync of the slot's folder, with the mutex held, which is let go meanwhile. */
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
    uint64_t wanted = s->begun + 1; /* F1 */
    while (s->ended < wanted) {
        if (s->running)
            pthread_cond_wait(&s->over, &s->mutex);
        else
            lead(s, fd);
    }
    int failed = s->failed >= wanted ? s->error : 0; /* F2 */
    s->users--;
    pthread_mutex_unlock(&s->mutex);
    return failed ? nl_fail_errno(err, failed, "cannot sync %s", what) : NL_OK;
}
