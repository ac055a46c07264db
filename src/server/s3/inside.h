/* inside.h: what the server says of itself, below "/-/", where no bucket can be: names of buckets have three characters.
 *
 *     /-/health     200 "ok" as long as it serves            unsigned
 *     /-/metrics    counters as Prometheus reads them        unsigned
 *     / and others  the page for people                      page.h
 */
#ifndef NL_SERVER_S3_INSIDE_H
#define NL_SERVER_S3_INSIDE_H

#include "server/s3/request.h"

/* The operation of a target that is not S3's; NULL: it is S3's. */
const s3_op *s3_inside_route(const s3_request *rq);

#endif
