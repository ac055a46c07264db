/* s3_listing.c: a listing's page, and the head of an answer, from an endpoint that cannot be trusted. */
#include <stdint.h>
#include <string.h>

#include "store/s3/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    nl_buf text = {0};
    struct store_page page;
    if (!nl_buf_append(&text, data, size, NULL) && !store_page_parse(&arena, &text, &page, NULL)) {
        const s3_xml_node *n = s3_xml_child(page.root, "Contents");
        for (; n; n = s3_xml_again(n)) {
            nl_object_info info;
            nl_buf key = {0};
            const char *raw = s3_xml_child_text(n, "Key");
            store_page_entry(n, false, &info, NULL);
            if (raw && page.encoded)
                s3_uri_decode(&key, raw, strlen(raw), true, NULL);
            nl_buf_free(&key);
        }
    }
    struct store_reply reply = {0};
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) + 1 - at : size - at;
        store_reply_line(&reply, (const char *)data + at, len);
        at += len;
    }
    nl_buf_free(&text);
    nl_arena_free(&arena);
    return 0;
}
