/* parquet_variant.c: any bytes as a variant: a length and so many bytes of metadata, the rest as a value; then the same as a column of
 * one row, an object of which the fields "a" and "b" are shredded: the value's second half is that of "a". What comes out is JSON, and not more
 * than the bytes pay for. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "arrow/arrow.h"
#include "parquet/variant/variant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const char *text, size_t len, size_t paid)
{
    json_error_t why;
    json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &why);
    /* Jansson has no names with a NUL. */
    if (!json && !strstr(why.text, "NUL byte in object key"))
        abort();
    json_decref(json);
    if (len > 64 * 1024 * 6 + paid * 64 * 2048)
        abort();
}

static void one_value(const uint8_t *metadata, size_t metadata_len, const uint8_t *value, size_t len)
{
    nl_buf out = {0};
    if (pq_variant_to_json(metadata, metadata_len, value, len, &out, NULL) == NL_OK)
        check_json(out.data, out.len, len);
    nl_buf_free(&out);
}

static void forget(struct ArrowArray *a)
{
    a->release = NULL;
}

static void forget_schema(struct ArrowSchema *s)
{
    s->release = NULL;
}

/* A group of `n` children in memory of the caller. */
static struct ArrowArray group(struct ArrowArray **children, int64_t n)
{
    static const void *no_validity[] = {NULL};
    return (struct ArrowArray){
        .length = 1, .n_buffers = 1, .buffers = no_validity, .n_children = n, .children = children, .release = forget};
}

static struct ArrowSchema field(const char *format, const char *name, struct ArrowSchema **children, int64_t n)
{
    return (struct ArrowSchema){
        .format = format, .name = name, .n_children = n, .children = children, .release = forget_schema};
}

static void one_row(const uint8_t *metadata, size_t metadata_len, const uint8_t *value, size_t len)
{
    size_t half = len / 2;
    const int32_t offsets[3][2] = {{0, (int32_t)metadata_len}, {0, (int32_t)half}, {0, (int32_t)(len - half)}};
    const int64_t number = 7;
    const void *bytes[3][3] = {{NULL, offsets[0], metadata},
                               {NULL, offsets[1], value},
                               {NULL, offsets[2], value + half}};
    const void *numbers[] = {NULL, &number};
    struct ArrowArray leaves[3], typed = {.length = 1, .n_buffers = 2, .buffers = numbers, .release = forget};
    for (int i = 0; i < 3; i++)
        leaves[i] = (struct ArrowArray){.length = 1, .n_buffers = 3, .buffers = bytes[i], .release = forget};
    struct ArrowArray *of_a[] = {&leaves[2]}, *of_b[] = {&typed}, a = group(of_a, 1), b = group(of_b, 1),
                      *of_typed[] = {&a, &b}, object = group(of_typed, 2),
                      *of_root[] = {&leaves[0], &leaves[1], &object}, root = group(of_root, 3), out;
    struct ArrowSchema m = field("z", "metadata", NULL, 0), v = field("z", "value", NULL, 0),
                       t = field("l", "typed_value", NULL, 0), *in_a[] = {&v}, *in_b[] = {&t},
                       sa = field("+s", "a", in_a, 1), sb = field("+s", "b", in_b, 1), *in_typed[] = {&sa, &sb},
                       so = field("+s", "typed_value", in_typed, 2), *in_root[] = {&m, &v, &so},
                       schema = field("+s", "variant", in_root, 3);
    if (pq_variant_array(&schema, &root, &out, NULL))
        return;
    struct arrow_type u = {.kind = ARROW_STRING, .layout = ARROW_OFFSETS32};
    size_t n;
    const uint8_t *text = arrow_bytes_at(&out, &u, 0, &n);
    check_json((const char *)text, n, len);
    arrow_array_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t metadata_len = data[0] < size - 1 ? data[0] : size - 1;
    one_value(data + 1, metadata_len, data + 1 + metadata_len, size - 1 - metadata_len);
    one_row(data + 1, metadata_len, data + 1 + metadata_len, size - 1 - metadata_len);
    return 0;
}
