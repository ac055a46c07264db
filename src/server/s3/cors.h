/* cors.h: which pages of other sites may read a bucket's answers: a bucket's CORS rules, applied.
 *
 *     browser ──OPTIONS, Origin──▶ s3_cors_preflight()    unsigned; says whether the request itself would be allowed
 *     browser ──GET, Origin─────▶ s3_cors_add_headers()   on every answer of a request with an Origin, errors too
 *
 * K1  The first rule counts whose origin, method and (preflight) all headers match; "*" in a pattern stands for any text.
 * K2  Without a matching rule an answer has no Access-Control-… header: the browser then keeps it from the page.
 */
#ifndef NL_SERVER_S3_CORS_H
#define NL_SERVER_S3_CORS_H

#include "server/s3/request.h"

#define S3_CORS_FILE  "cors.xml"
#define S3_CORS_RULES 100

/* Is this a document that can be kept? False: answered. */
bool s3_cors_check(s3_request *rq, const char *text, size_t len);
/* Does text match a pattern with at most one "*"? Case is ignored where fold says so. */
bool s3_cors_match(const char *pattern, const char *text, bool fold);
void s3_cors_add_headers(s3_request *rq);
/* Answers. */
void s3_cors_preflight(s3_request *rq);

#endif
