/* retry.c: which failures heal by trying again, and how long to wait before. Pure. */
#include <errno.h>
#include <string.h>

#include "s3proto/errors.h"
#include "store/s3/call.h"

enum { most_retry_after = 60 };

/* Of attempts that got no whole answer. */
static bool curl_heals(const struct store_call *call)
{
    switch (call->curl) {
    case CURLE_COULDNT_CONNECT: /* nobody listens: waiting is no use, and the user should know at once */
        return call->os_errno != ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

bool store_retry_heals(const struct store_call *call)
{
    if (call->failed)
        return false;
    if (call->curl != CURLE_OK)
        return curl_heals(call);
    int http = call->reply.http;
    if (s3_http_retry(http))
        return true;
    if (http < 400 && !(http == 200 && call->request.error_in_200))
        return false;
    char code[64];
    store_call_code(call, code);
    const s3_error_info *info = s3_error_find(code);
    return info && info->retry;
}

int64_t store_retry_delay(unsigned attempts, unsigned base_ms, unsigned most_ms, int64_t retry_after, uint32_t random)
{
    if (retry_after > most_retry_after)
        return -1;
    uint64_t window = base_ms;
    for (unsigned i = 1; i < attempts && window < most_ms; i++)
        window *= 2;
    if (window > most_ms)
        window = most_ms;
    int64_t ns = (int64_t)((window * 1000000u * random) >> 32);
    int64_t least = retry_after > 0 ? retry_after * 1000000000 : 0;
    return least ? least + ns : ns;
}

unsigned store_budget_cost(const struct store_call *call)
{
    return call->curl == CURLE_OPERATION_TIMEDOUT ? 10 : 5;
}

bool store_budget_take(struct store_budget *b, unsigned cost)
{
    if (b->tokens < cost)
        return false;
    b->tokens -= cost;
    return true;
}

void store_budget_give(struct store_budget *b, unsigned paid)
{
    unsigned give = paid ? paid : 1;
    b->tokens = b->most - b->tokens < give ? b->most : b->tokens + give;
}
