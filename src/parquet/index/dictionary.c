/* dictionary.c: see dictionary.h. */
#include "parquet/index/dictionary.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/codec/codec.h"

/* Are all data pages of the chunk indices, as far as is written? */
static bool all_indices(const struct pq_column_meta *m)
{
    int64_t pages = 0;
    for (size_t i = 0; i < m->n_encoding_stats; i++) {
        const struct pq_encoding_stats *e = &m->encoding_stats[i];
        if (e->page_type != PQ_DATA_PAGE && e->page_type != PQ_DATA_PAGE_V2)
            continue;
        if (e->count && e->encoding != PQ_RLE_DICTIONARY && e->encoding != PQ_PLAIN_DICTIONARY)
            return false;
        pages += e->count > 0;
    }
    return pages > 0;
}

nl_range pq_dictionary_range(const nl_parquet_file *f, const struct pq_column_chunk *chunk)
{
    const struct pq_column_meta *m = &chunk->meta;
    int64_t start = m->dictionary_page_offset, end = m->data_page_offset;
    if (!all_indices(m) || start <= 0 || end <= start || (uint64_t)end > f->data_end)
        return (nl_range){0};
    return (nl_range){(uint64_t)start, (uint64_t)(end - start)};
}

/* Bytes of one value; 0: it has a length in front; SIZE_MAX: not to be told apart. */
static size_t width_of(const struct pq_schema_element *leaf)
{
    switch (leaf->type) {
    case PQ_INT32:
    case PQ_FLOAT:
        return 4;
    case PQ_INT64:
    case PQ_DOUBLE:
        return 8;
    case PQ_BYTE_ARRAY:
        return 0;
    case PQ_FIXED_LEN_BYTE_ARRAY:
        return leaf->type_length > 0 ? (size_t)leaf->type_length : SIZE_MAX;
    default:
        return SIZE_MAX;
    }
}

static int slices(const uint8_t *in, size_t len, size_t width, size_t n, struct pq_slice *out, nl_error *err)
{
    const uint8_t *end = in + len;
    for (size_t i = 0; i < n; i++) {
        uint32_t own = 0;
        if (!width && end - in >= 4) {
            memcpy(&own, in, sizeof own);
            in += sizeof own;
        } else if (!width) {
            return nl_fail(err, NL_CORRUPT, "dictionary: value %zu of %zu is cut", i, n);
        }
        size_t take = width ? width : own;
        if (take > (size_t)(end - in))
            return nl_fail(err, NL_CORRUPT, "dictionary: value %zu of %zu is cut", i, n);
        out[i] = (struct pq_slice){in, take};
        in += take;
    }
    return NL_OK;
}

/* The page's body, decompressed into arena. */
static int body(const struct pq_page_header *h, int codec, const uint8_t *in, size_t len, nl_arena *arena,
                const uint8_t **out, nl_error *err)
{
    if (h->type != PQ_DICTIONARY_PAGE || !h->has_body || h->num_values < 0 || h->uncompressed_size < 0 ||
        h->compressed_size < 0 || (size_t)h->compressed_size > len)
        return nl_fail(err, NL_CORRUPT, "dictionary: no page of it, or a cut one");
    if (h->encoding != PQ_PLAIN && h->encoding != PQ_PLAIN_DICTIONARY)
        return nl_fail(err, NL_UNSUPPORTED, "dictionary: encoded as %s", pq_encoding_name(h->encoding));
    size_t size = (size_t)h->uncompressed_size;
    struct pq_codec_ctx ctx = {0};
    int rc = pq_codec_allows(&ctx, codec, in, (size_t)h->compressed_size, size, err);
    uint8_t *to = rc ? NULL : nl_arena_alloc(arena, size + 1);
    if (!rc)
        rc = to ? pq_decompress(&ctx, codec, in, (size_t)h->compressed_size, to, size, err) : nl_fail_memory(err);
    pq_codec_ctx_free(&ctx);
    *out = to;
    return rc;
}

int pq_dictionary_values(const struct pq_schema_element *leaf, const struct pq_column_chunk *chunk, const void *page,
                         size_t len, nl_arena *arena, struct pq_slice **out, size_t *n, nl_error *err)
{
    struct pq_page_header h;
    size_t used, width = width_of(leaf);
    const uint8_t *data = NULL;
    *out = NULL;
    *n = 0;
    if (width == SIZE_MAX)
        return nl_fail(err, NL_UNSUPPORTED, "dictionary: of type %s", pq_type_name(leaf->type));
    int rc = pq_page_header_decode(page, len, &h, &used, err);
    if (rc == NL_OK)
        rc = body(&h, chunk->meta.codec, (const uint8_t *)page + used, len - used, arena, &data, err);
    if (rc)
        return rc;
    size_t size = (size_t)h.uncompressed_size, count = (size_t)h.num_values;
    if (count > size / (width ? width : 4))
        return nl_fail(err, NL_CORRUPT, "dictionary: %zu values in %zu bytes", count, size);
    struct pq_slice *v = nl_arena_array(arena, count, sizeof *v);
    rc = v ? slices(data, size, width, count, v, err) : nl_fail_memory(err);
    if (rc)
        return rc;
    *out = v;
    *n = count;
    return NL_OK;
}
