/* writer.h: an object on its way in: bytes to a temporary file, then all of it at once under its key.
 *
 *     open ──▶ write … ──▶ commit ──▶ (ended)          abort ends it from anywhere and leaves nothing
 *
 * One thread at a time. */
#ifndef NL_SERVER_S3_DISK_WRITER_H
#define NL_SERVER_S3_DISK_WRITER_H

#include "server/s3/disk/object.h"

typedef struct s3_writer {
    s3_bucket *bucket; /* borrowed */
    int fd;            /* -1: ended */
    int tmp;           /* the folder of name; -1: the file is nameless */
    char name[24];
    uint64_t size;
    int64_t mtime_ns; /* the time that the object gets; 0: that of its commit */
    bool kept;        /* name is not a temporary one: when nothing comes of it, it stays (upload.h, P1) */
} s3_writer;

/* Begin an object whose key is known. Where it seems to be new, its file gets no name before the commit: one change of a
 * folder instead of three. On failure there is nothing to abort. */
int s3_writer_open_key(s3_bucket *b, s3_slice key, s3_writer *out, nl_error *err);
/* Begin a file with a temporary name, tmp and name: for who puts it into its place himself. On failure there is nothing to
 * abort. */
int s3_writer_open(s3_bucket *b, s3_writer *out, nl_error *err);
int s3_writer_write(s3_writer *w, const void *data, size_t len, nl_error *err);
/* Put the object under its key (disk.h draws how). meta: etag, headers, checksum, upload id; size and mtime are set here.
 * Ends the writer, also when it fails; then the key is as it was (or, when a sync failed, either). */
int s3_writer_commit(s3_writer *w, s3_slice key, s3_meta *meta, const s3_guard *guard, nl_error *err);
/* Metadata as an attribute of a file. *fits false: M3 wants the overflow folder, the file is as it was. */
int s3_object_attach(int fd, const s3_meta *meta, bool *fits, nl_error *err);
/* A writer that is zeroed or ended is fine. */
void s3_writer_abort(s3_writer *w);

#endif
