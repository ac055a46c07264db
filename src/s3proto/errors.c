/* errors.c: the table of S3's error codes, in alphabetical order. */
#include "s3proto/errors.h"

#include <stdlib.h>
#include <string.h>

#include <neuralake/error.h>

#include "base/str.h"

/* Sorted by code: searched by bisection. */
static const s3_error_info table[] = {
    {"AccessDenied", 403, "Access Denied", NL_DENIED, false},
    {"AccessForbidden", 403, "CORSResponse: This CORS request is not allowed.", NL_DENIED, false},
    {"AuthorizationHeaderMalformed", 400, "The authorization header that you provided is not valid.", NL_DENIED, false},
    {"AuthorizationQueryParametersError", 400, "The query parameters of the signature are not valid.", NL_DENIED,
     false},
    {"BadDigest", 400, "The digest or checksum that you specified did not match what was received.", NL_IO, true},
    {"BadRequest", 400, "Bad Request", NL_INVALID, false},
    {"BucketAlreadyExists", 409, "The requested bucket name is not available.", NL_CONFLICT, false},
    {"BucketAlreadyOwnedByYou", 409, "The bucket already exists, and you own it.", NL_CONFLICT, false},
    {"BucketNotEmpty", 409, "The bucket that you tried to delete is not empty.", NL_CONFLICT, false},
    {"ConditionalRequestConflict", 409, "A conflicting operation is in progress on this object.", NL_CONFLICT, true},
    {"EntityTooLarge", 400, "Your upload exceeds the maximum allowed object size.", NL_INVALID, false},
    {"EntityTooSmall", 400, "A part other than the last is smaller than the minimum part size.", NL_INVALID, false},
    {"ExpiredToken", 400, "The provided token has expired.", NL_DENIED, false},
    {"IllegalLocationConstraintException", 400, "The location constraint does not fit the endpoint's region.",
     NL_INVALID, false},
    {"IncompleteBody", 400, "You did not provide the number of bytes that Content-Length announced.", NL_IO, true},
    {"InternalError", 500, "We encountered an internal error. Please try again.", NL_IO, true},
    {"InvalidAccessKeyId", 403, "The access key ID that you provided does not exist in our records.", NL_DENIED, false},
    {"InvalidArgument", 400, "Invalid Argument", NL_INVALID, false},
    {"InvalidBucketName", 400, "The specified bucket is not valid.", NL_INVALID, false},
    {"InvalidBucketState", 409, "The request is not valid for the bucket's state.", NL_CONFLICT, false},
    {"InvalidDigest", 400, "The Content-MD5 or checksum value that you specified is not valid.", NL_INVALID, false},
    {"InvalidLocationConstraint", 400, "The specified location constraint is not valid.", NL_INVALID, false},
    {"InvalidObjectState", 403, "The operation is not valid for the object's storage class.", NL_DENIED, false},
    {"InvalidPart", 400, "A part could not be found, or its entity tag does not match.", NL_INVALID, false},
    {"InvalidPartNumber", 416, "The requested partnumber is not satisfiable", NL_INVALID, false},
    {"InvalidPartOrder", 400, "The list of parts was not in ascending order.", NL_INVALID, false},
    {"InvalidRange", 416, "The requested range is not satisfiable", NL_INVALID, false},
    {"InvalidRequest", 400, "Invalid Request", NL_INVALID, false},
    {"InvalidTag", 400, "The tag that you provided is not valid.", NL_INVALID, false},
    {"InvalidToken", 400, "The provided token is malformed or otherwise not valid.", NL_DENIED, false},
    {"InvalidURI", 400, "Couldn't parse the specified URI.", NL_INVALID, false},
    {"KeyTooLongError", 400, "Your key is too long.", NL_INVALID, false},
    {"MalformedPolicy", 400, "This policy is not well formed, or not for this bucket.", NL_INVALID, false},
    {"MalformedXML", 400, "The XML that you provided was not well formed or did not validate.", NL_INVALID, false},
    {"MaxMessageLengthExceeded", 400, "Your request was too large.", NL_INVALID, false},
    {"MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size.", NL_INVALID, false},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource.", NL_INVALID, false},
    {"MissingContentLength", 411, "You must provide the Content-Length HTTP header.", NL_INVALID, false},
    {"MissingSecurityHeader", 400, "Your request was missing a required header.", NL_DENIED, false},
    {"NoSuchBucket", 404, "The specified bucket does not exist", NL_NOT_FOUND, false},
    {"NoSuchBucketPolicy", 404, "The bucket policy does not exist", NL_NOT_FOUND, false},
    {"NoSuchCORSConfiguration", 404, "The CORS configuration does not exist", NL_NOT_FOUND, false},
    {"NoSuchKey", 404, "The specified key does not exist.", NL_NOT_FOUND, false},
    {"NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist", NL_NOT_FOUND, false},
    {"NoSuchObjectLockConfiguration", 404, "The specified object does not have an object lock configuration.",
     NL_NOT_FOUND, false},
    {"NoSuchPublicAccessBlockConfiguration", 404, "The public access block configuration was not found", NL_NOT_FOUND,
     false},
    {"NoSuchTagSet", 404, "The TagSet does not exist", NL_NOT_FOUND, false},
    {"NoSuchUpload", 404, "The specified multipart upload does not exist.", NL_NOT_FOUND, false},
    {"NoSuchVersion", 404, "The specified version does not exist.", NL_NOT_FOUND, false},
    {"NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration", NL_NOT_FOUND,
     false},
    {"NotFound", 404, "Not Found", NL_NOT_FOUND, false},
    {"NotImplemented", 501, "A header or query that you provided implies functionality that is not implemented.",
     NL_UNSUPPORTED, false},
    {"NotModified", 304, "Not Modified", NL_CONFLICT, false},
    {"ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist for this bucket",
     NL_NOT_FOUND, false},
    {"OperationAborted", 409, "A conflicting conditional operation is in progress. Try again.", NL_CONFLICT, true},
    {"OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found", NL_NOT_FOUND, false},
    {"PermanentRedirect", 301, "The bucket must be addressed by the specified endpoint.", NL_INVALID, false},
    {"PreconditionFailed", 412, "At least one of the preconditions that you specified did not hold.", NL_CONFLICT,
     false},
    {"ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found", NL_NOT_FOUND, false},
    {"RequestHeaderSectionTooLarge", 400, "Your request header section exceeds the maximum allowed size.", NL_INVALID,
     false},
    {"RequestTimeTooSkewed", 403, "The difference between the request time and the server's time is too large.",
     NL_DENIED, false},
    {"RequestTimeout", 400, "Your socket connection was not read from or written to within the timeout period.", NL_IO,
     true},
    {"ServerSideEncryptionConfigurationNotFoundError", 404, "The server side encryption configuration was not found",
     NL_NOT_FOUND, false},
    {"ServiceUnavailable", 503, "Service is unable to handle the request.", NL_IO, true},
    {"SignatureDoesNotMatch", 403,
     "The request signature that we calculated does not match the signature that you provided.", NL_DENIED, false},
    {"SlowDown", 503, "Please reduce your request rate.", NL_IO, true},
    {"TemporaryRedirect", 307, "You are being redirected to the bucket while DNS updates.", NL_INVALID, false},
    {"Throttling", 400, "Rate exceeded.", NL_IO, true},
    {"TooManyBuckets", 400, "You have attempted to create more buckets than allowed.", NL_INVALID, false},
    {"UnsupportedSignature", 400, "The request is signed with a signature version that is not supported.", NL_DENIED,
     false},
    {"XAmzContentChecksumMismatch", 400, "The checksum that was computed does not match the one that was sent.", NL_IO,
     true},
    {"XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed.",
     NL_IO, true},
};

static int compare_code(const void *key, const void *entry)
{
    return strcmp(key, ((const s3_error_info *)entry)->code);
}

const s3_error_info *s3_error_find(const char *code)
{
    return bsearch(code, table, NL_LEN(table), sizeof table[0], compare_code);
}

int s3_status_of_http(int http)
{
    switch (http) {
    case 401:
    case 403:
        return NL_DENIED;
    case 404:
        return NL_NOT_FOUND;
    case 409:
    case 412:
        return NL_CONFLICT;
    case 405:
    case 501:
        return NL_UNSUPPORTED;
    default:
        return s3_http_retry(http) || http >= 500 ? NL_IO : http >= 200 && http < 300 ? NL_OK : NL_INVALID;
    }
}

bool s3_http_retry(int http)
{
    return http == 408 || http == 429 || http == 500 || http == 502 || http == 503 || http == 504;
}
