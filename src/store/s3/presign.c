/* presign.c: URLs that carry their signature. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "s3proto/names.h"
#include "s3proto/time.h"
#include "store/s3/client.h"

/* The signed query of the path, for the keys that hold now. */
static int sign_query(struct store_client *c, const s3_sign_request *sign, const char *region, int64_t seconds,
                      nl_buf *query, nl_error *err)
{
    struct store_keys *keys;
    char time[S3_TIME_BASIC];
    s3_scope scope;
    uint8_t key[32];
    int rc = store_client_keys(c, &keys, err);
    if (!rc && !keys)
        rc = nl_fail(err, NL_DENIED, "anonymous requests have no keys to sign with");
    if (rc)
        return rc;
    s3_time_basic(nl_wall_ns() / 1000000000, time);
    rc = store_client_signing_key(c, keys, region, time, &scope, key, err);
    if (!rc)
        rc = s3_presign(query, sign, keys->access, keys->token, key, &scope, time, seconds, err);
    store_keys_unref(keys);
    return rc;
}

int store_s3_presign(store_backend *b, const char *method, const char *uri, int64_t seconds, char **out, nl_error *err)
{
    struct store_client *c = (struct store_client *)b;
    char bucket[S3_BUCKET_MAX + 1];
    const char *key, *region;
    const struct store_endpoint *endpoint;
    nl_buf host = {0}, path = {0}, query = {0}, url = {0};
    *out = NULL;
    int rc = store_s3_object_uri(uri, bucket, &key, err);
    if (!rc)
        rc = store_client_resolve(c, err);
    if (rc)
        return rc;
    store_client_place(c, bucket, &endpoint, &region);
    rc = store_endpoint_address(endpoint, bucket, key, &host, &path, err);
    s3_pair header = {"Host", host.data};
    s3_sign_request sign = {method, path.data, NULL, 0, &header, 1, S3_UNSIGNED_PAYLOAD};
    if (!rc)
        rc = sign_query(c, &sign, region, seconds, &query, err);
    if (!rc)
        rc = nl_buf_printf(&url, err, "%s://%s%s?%s", endpoint->https ? "https" : "http", host.data, path.data,
                           query.data);
    if (!rc && !(*out = strdup(url.data)))
        rc = nl_fail_memory(err);
    nl_buf_free(&host);
    nl_buf_free(&path);
    nl_buf_free(&query);
    nl_buf_free(&url);
    return rc;
}
