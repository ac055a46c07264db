/* page.h: a page for people: buckets, objects, sizes. Read-only, without scripts.
 *
 *     GET /  (Accept: text/html)            buckets, or the form that asks for a key
 *     POST /-/login, POST /-/logout         key in, cookie out (session.h); and back
 *     GET /-/browse/BUCKET?prefix=&after=   folders and objects, a page at a time
 *     GET /-/object/BUCKET/KEY              an object's bytes, as a download: never shown, so never run
 *     GET /-/style.css
 *
 * B1  Whoever is signed in sees what his key may read (access.c), no more.
 * B2  What comes from outside is escaped; the policy allows no script, no frame, no form but ours.
 * B3  A secret travels in the form's body alone, never in a URL, and neither in the clear beyond this machine.
 */
#ifndef NL_SERVER_S3_PAGE_H
#define NL_SERVER_S3_PAGE_H

#include "server/s3/request.h"

/* The operation of the page that a request asks for; NULL: none. */
const s3_op *s3_page_route(const s3_request *rq);

#endif
