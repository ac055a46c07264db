/* views.c: string views into strings with offsets, for consumers that want one contiguous buffer. */
#include <string.h>

#include "arrow/arrow.h"

static const struct arrow_type view_type = {.kind = ARROW_BINARY, .layout = ARROW_VIEW};

/* The bytes of all valid rows. */
static uint64_t sum_lengths(const struct ArrowArray *a)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < a->length; i++) {
        size_t len = 0;
        if (arrow_is_valid(a, i))
            arrow_bytes_at(a, &view_type, i, &len);
        sum += len;
    }
    return sum;
}

/* The validity of a's rows, from bit 0 on; absent where a has none. */
static int copy_validity(const struct ArrowArray *a, nl_bytes *out, nl_error *err)
{
    *out = (nl_bytes){0};
    if (!a->buffers[0] || a->null_count == 0)
        return NL_OK;
    size_t bytes = (size_t)(a->length + 7) / 8;
    nl_block *b;
    int rc = nl_block_new(bytes, &b, err);
    if (rc)
        return rc;
    memset(nl_block_data(b), 0, bytes);
    for (int64_t i = 0; i < a->length; i++)
        if (arrow_is_valid(a, i))
            nl_block_data(b)[i / 8] |= (uint8_t)(1 << i % 8);
    *out = nl_bytes_of(b, 0, bytes);
    nl_block_unref(b);
    return NL_OK;
}

/* Offsets and data; both blocks are large enough. */
static void copy_strings(const struct ArrowArray *a, int32_t *offsets, uint8_t *data)
{
    int32_t at = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < a->length; i++) {
        if (arrow_is_valid(a, i)) {
            size_t len;
            const uint8_t *s = arrow_bytes_at(a, &view_type, i, &len);
            memcpy(data + at, s, len);
            at += (int32_t)len;
        }
        offsets[i + 1] = at;
    }
}

int arrow_views_to_offsets(const struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    uint64_t bytes = sum_lengths(a);
    if (bytes > INT32_MAX || a->length >= INT32_MAX)
        return nl_fail(err, NL_UNSUPPORTED, "strings of more than 2 GiB in one array with 32-bit offsets");
    nl_block *offsets = NULL, *data = NULL;
    nl_bytes buffers[3] = {{0}};
    size_t offset_bytes = ((size_t)a->length + 1) * sizeof(int32_t);
    int rc = copy_validity(a, &buffers[0], err);
    if (rc == NL_OK)
        rc = nl_block_new(offset_bytes, &offsets, err);
    if (rc == NL_OK)
        rc = nl_block_new((size_t)bytes, &data, err);
    if (rc == NL_OK) {
        copy_strings(a, (int32_t *)(void *)nl_block_data(offsets), nl_block_data(data));
        buffers[1] = nl_bytes_of(offsets, 0, offset_bytes);
        buffers[2] = nl_bytes_of(data, 0, (size_t)bytes);
    }
    nl_block_unref(offsets);
    nl_block_unref(data);
    if (rc) {
        nl_bytes_release(&buffers[0]);
        return rc;
    }
    struct arrow_parts parts = {.length = a->length,
                                .null_count = buffers[0].data ? a->null_count : 0,
                                .buffers = buffers,
                                .n_buffers = 3};
    return arrow_array_make(&parts, out, err);
}
