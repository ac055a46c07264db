/* web.h: what is read of the web: http:// and https://, by the calls and the sources of S3, without its signatures.
 *
 *     web.c ──▶ s3/source.c: ranges, the tail first ──▶ s3/call.h, s3/io.c      a client of its own: no keys, no region
 *     url.c     which addresses are taken, and how messages show them
 *
 * B1  Read only; nothing is sent that says who asks: no keys, no name and password, no cookies.
 * B2  Redirects are followed, at most five of them, and never from https to http.
 * B3  The version is the strong ETag, sent as If-Match; without one the time of the last change, sent as If-Unmodified-Since;
 *     compared with every answer, since servers may ignore both. Without either the size alone is compared.
 * B4  A server that answers a request for the tail with everything is read whole, once, up to STORE_WEB_WHOLE. Above, or where it
 *     knows no "last bytes", the same is asked for by its place; who sends everything then serves no ranges: an error.
 * B5  Bytes come as they lie there: Accept-Encoding: identity.
 */
#ifndef STORE_WEB_WEB_H
#define STORE_WEB_WEB_H

#include "store/backend.h"

/* Of bodies that come whole. */
#define STORE_WEB_WHOLE (UINT64_C(256) << 20)

/* As store_s3_backend(). */
int store_web_backend(const nl_store_options *options, const struct store_tuning *tuning, store_backend **out,
                      nl_error *err);

#endif
