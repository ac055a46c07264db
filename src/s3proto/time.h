/* time.h: the three ways in which S3 writes a time; seconds since 1970-01-01 UTC in and out, years 1970 to 9999. Pure. */
#ifndef S3PROTO_TIME_H
#define S3PROTO_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define S3_TIME_BASIC 17 /* "20261122T154909Z" and a NUL */
#define S3_TIME_HTTP  30 /* "Sun, 22 Nov 2026 15:49:09 GMT" */
#define S3_TIME_ISO   25 /* "2026-11-22T15:49:09.000Z" */

/* Write; what lies outside of the years is moved to their edge. */
void s3_time_basic(int64_t seconds, char out[static S3_TIME_BASIC]);
/* As in the header Last-Modified. */
void s3_time_http(int64_t seconds, char out[static S3_TIME_HTTP]);
/* As in XML. */
void s3_time_iso(int64_t seconds, int milliseconds, char out[static S3_TIME_ISO]);

/* The whole text must be that form; false otherwise. ISO: a fraction of any length (dropped), "Z" or "+00:00". */
bool s3_time_parse_basic(const char *text, int64_t *seconds);
bool s3_time_parse_http(const char *text, int64_t *seconds);
bool s3_time_parse_iso(const char *text, int64_t *seconds);

#endif
