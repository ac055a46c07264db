/* errors.h: S3's error codes: what the server answers, and what the client makes of it. */
#ifndef S3PROTO_ERRORS_H
#define S3PROTO_ERRORS_H

#include <stdbool.h>

/* One code. Static. */
typedef struct s3_error_info {
    const char *code;    /* "NoSuchKey" */
    int http;            /* 404 */
    const char *message; /* the default text */
    int status;          /* the nl_status that it means to a client */
    bool retry;          /* trying again may help */
} s3_error_info;

/* By name, case matters; NULL: not in the table. */
const s3_error_info *s3_error_find(const char *code);
/* What a bare HTTP status means (HEAD has no body): nl_status. */
int s3_status_of_http(int http);
/* May a request that got this HTTP status be sent again? 408, 429, 500, 502, 503, 504. */
bool s3_http_retry(int http);

#endif
