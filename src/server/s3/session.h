/* session.h: who is signed in at the built-in page: a cookie that only this process could have made.
 *
 *     ACCESS-KEY . EXPIRES . hex(HMAC-SHA256(secret of this process, "ACCESS-KEY.EXPIRES.SECRET-KEY"))
 *
 * C1  The cookie holds no secret, ends after S3_SESSION_SECONDS or with the process, and with its key: a key that is gone
 *     from the credentials file, or has another secret, opens nothing.
 */
#ifndef NL_SERVER_S3_SESSION_H
#define NL_SERVER_S3_SESSION_H

#include "server/s3/request.h"

#define S3_SESSION_SECONDS 3600
#define S3_SESSION_COOKIE  "neuralake"

/* Append the cookie's value for a key. now: seconds since 1970. */
int s3_session_make(const uint8_t process_key[static 32], const s3_credential *c, int64_t now, nl_buf *out,
                    nl_error *err);
/* Whose cookie is it? NULL: nobody's, or it is over. header: the value of Cookie; may be NULL. */
const s3_credential *s3_session_find(const uint8_t process_key[static 32], const s3_credentials *keys,
                                     const char *header, int64_t now);

#endif
