/* internal.h: the server itself, for the sources of this room. */
#ifndef NL_SERVER_S3_INTERNAL_H
#define NL_SERVER_S3_INTERNAL_H

#include "server/s3/metrics.h"
#include "server/s3/request.h"
#include "server/s3/server.h"
#include "server/s3/tries.h"

#define S3_REGION "us-east-1" /* what GetBucketLocation says; signatures of every region are taken */
#define S3_OWNER  "neuralake"

struct s3_server {
    http_server *http;
    s3_disk *disk;
    s3_metrics metrics;
    bool has_metrics;         /* it was made */
    bool sync_at_end;         /* S3_DURABILITY_RENAME */
    char *credentials_file;   /* read again by s3_server_reload() */
    char *tls_cert, *tls_key; /* the bytes of the files */
    uint8_t session_key[32];  /* session.h */
    s3_tries tries;           /* wrong secrets */
    enum s3_metrics_for metrics_for;
    pthread_mutex_t keys_mutex; /* guards what follows, and refs of all credentials */
    s3_credentials *keys;       /* those of today; one reference is the server's */
};

/* The keys of today, with a reference; never NULL. */
s3_credentials *s3_server_keys(struct s3_server *s);
/* Give it back. NULL is fine. */
void s3_server_keys_release(struct s3_server *s, s3_credentials *keys);

extern const struct http_handler s3_http_handler; /* handler.c; its app is the server */

#endif
