/* page.c: one page: header, checksum, decompression, then levels and values side by side, a batch at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "parquet/check/chunk.h"

/* in..in + len as size bytes; *out is the caller's. */
static int expand(struct pq_check_chunk *c, const uint8_t *in, size_t len, size_t size, bool compressed, nl_bytes *out,
                  nl_error *err)
{
    int32_t codec = c->chunk.meta.codec;
    if (!compressed || codec == PQ_CODEC_UNCOMPRESSED) {
        if (len != size)
            return nl_fail(err, NL_CORRUPT, "%zu bytes stored, %zu expected, without compression", len, size);
        *out = nl_bytes_slice(c->bytes, (size_t)(in - c->bytes.data), len);
        return NL_OK;
    }
    nl_block *memory;
    int rc = pq_codec_check(codec, err);
    if (rc == NL_OK && size > pq_codec_max_output(codec, len))
        rc = nl_fail(err, NL_CORRUPT, "%zu bytes cannot be what %zu bytes of %s decompress to", size, len,
                     pq_codec_name(codec));
    if (rc == NL_OK)
        rc = nl_block_new(size, &memory, err);
    if (rc)
        return rc;
    if (size || len)
        rc = pq_decompress(&c->k->codecs, codec, in, len, nl_block_data(memory), size, err);
    if (rc == NL_OK)
        *out = nl_bytes_of(memory, 0, size);
    nl_block_unref(memory);
    return rc;
}

/* ── the dictionary ── */

static int read_dictionary(struct pq_check_chunk *c, const struct pq_page_header *h, nl_error *err)
{
    struct pq_check_values *v = &c->values;
    size_t n = (size_t)h->num_values, least = v->width ? v->width : 4, got;
    if (v->type == PQ_BOOLEAN || (v->type == PQ_FIXED_LEN_BYTE_ARRAY && !v->width))
        return nl_fail(err, NL_UNSUPPORTED, "a dictionary of %s", pq_type_name(v->type));
    if (h->num_values < 0 || n > c->dictionary_page.len / least)
        return nl_fail(err, NL_CORRUPT, "a dictionary of %" PRId32 " values in %zu bytes", h->num_values,
                       c->dictionary_page.len);
    c->dictionary = calloc(n + 1, sizeof *c->dictionary);
    if (!c->dictionary)
        return nl_fail_memory(err);
    const uint8_t *in = c->dictionary_page.data;
    int rc = pq_check_values_open(v, PQ_PLAIN, in, in + c->dictionary_page.len, err);
    for (size_t i = 0; rc == NL_OK && i < n; i += got)
        rc = pq_check_values_next(v, n - i < PQ_CHECK_BATCH ? n - i : PQ_CHECK_BATCH, c->dictionary + i, &got, err);
    v->dictionary = c->dictionary;
    v->n_dictionary = n;
    v->has_dictionary = rc == NL_OK;
    return rc;
}

static int dictionary_page(struct pq_check_chunk *c, const struct pq_page_header *h, const uint8_t *body,
                           int64_t offset, nl_error *err)
{
    if (c->first_dictionary >= 0)
        return nl_fail(err, NL_CORRUPT, "a second dictionary page");
    c->first_dictionary = offset;
    if (c->first_data >= 0)
        return nl_fail(err, NL_CORRUPT, "a dictionary page behind data pages");
    if (h->encoding != PQ_PLAIN && h->encoding != PQ_PLAIN_DICTIONARY)
        return nl_fail(err, NL_CORRUPT, "a dictionary in encoding %" PRId32 " (%s)", h->encoding,
                       pq_encoding_name(h->encoding));
    int rc = expand(c, body, (size_t)h->compressed_size, (size_t)h->uncompressed_size, true, &c->dictionary_page, err);
    return rc ? rc : read_dictionary(c, h, err);
}

/* ── a data page ── */

/* What a page's batch needs; too large for the stack of a caller who has his own. */
struct batch {
    struct pq_check_levels repetition, definition;
    uint32_t levels[PQ_CHECK_BATCH];
    struct pq_slice values[PQ_CHECK_BATCH];
};

/* Values of a batch that were decoded. */
static int take_values(struct pq_check_chunk *c, const struct pq_slice *values, size_t n, nl_error *err)
{
    int rc = pq_check_range_add(&c->page.range, c->order, values, n, err);
    for (size_t i = 0; c->values.type == PQ_BYTE_ARRAY && i < n; i++)
        c->page.text_bytes += (int64_t)values[i].len;
    for (size_t i = 0; c->is_text && i < n; i++)
        if (!nl_utf8_valid(values[i].data, values[i].len) && !c->bad_text++)
            c->bad_text_page = c->page.offset;
    pq_check_index_values(c, values, n);
    return rc;
}

/* n values or nulls, whose definition levels are in b->levels. */
static int take_batch(struct pq_check_chunk *c, struct batch *b, size_t n, nl_error *err)
{
    size_t present = 0, at = 0, got;
    uint32_t whole = c->l->max_definition;
    for (size_t i = 0; i < n; i++) {
        if (b->levels[i] > whole)
            return nl_fail(err, NL_CORRUPT, "a definition level of %" PRIu32 ", the most is %" PRIu32, b->levels[i],
                           whole);
        c->page.definition[b->levels[i]]++;
        present += b->levels[i] == whole;
    }
    c->page.nulls += (int64_t)(n - present);
    int rc = NL_OK;
    for (size_t left = present; rc == NL_OK && left; left -= got) {
        rc = pq_check_values_next(&c->values, left, b->values, &got, err);
        if (rc == NL_OK)
            rc = take_values(c, b->values, got, err);
        for (size_t i = 0; rc == NL_OK && c->sort.by && i < got; i++) {
            for (; rc == NL_OK && b->levels[at] != whole; at++)
                rc = pq_check_sort_next(c, NULL, err);
            if (rc == NL_OK)
                rc = pq_check_sort_next(c, &b->values[i], err);
            at++;
        }
    }
    for (; rc == NL_OK && c->sort.by && at < n; at++)
        rc = pq_check_sort_next(c, NULL, err);
    return rc;
}

/* Repetition levels of a batch: how many rows begin in it. */
static int take_repetitions(struct pq_check_chunk *c, struct batch *b, size_t n, bool is_first, nl_error *err)
{
    int rc = pq_check_levels_next(&b->repetition, n, b->levels, err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        if (b->levels[i] > c->l->max_repetition)
            return nl_fail(err, NL_CORRUPT, "a repetition level of %" PRIu32 ", the most is %d", b->levels[i],
                           c->l->max_repetition);
        c->page.repetition[b->levels[i]]++;
        c->page.rows += b->levels[i] == 0;
    }
    if (rc == NL_OK && is_first)
        c->page.begins_row = b->levels[0] == 0;
    if (rc == NL_OK && is_first && !c->page.begins_row && !c->rows)
        return nl_fail(err, NL_CORRUPT, "the column begins with repetition level %" PRIu32 ", not 0", b->levels[0]);
    return rc;
}

static int take_page(struct pq_check_chunk *c, struct batch *b, int64_t values, nl_error *err)
{
    int rc = NL_OK;
    for (int64_t left = values; rc == NL_OK && left;) {
        size_t n = left < PQ_CHECK_BATCH ? (size_t)left : PQ_CHECK_BATCH;
        rc = nl_cancel_check(c->k->o->cancel, err);
        if (rc == NL_OK)
            rc = take_repetitions(c, b, n, left == values, err);
        if (rc == NL_OK)
            rc = pq_check_levels_next(&b->definition, n, b->levels, err);
        if (rc == NL_OK)
            rc = take_batch(c, b, n, err);
        left -= (int64_t)n;
    }
    return rc;
}

static int open_v1(struct pq_check_chunk *c, struct batch *b, const struct pq_page_header *h, const uint8_t *body,
                   nl_bytes *page, nl_error *err)
{
    int rc = expand(c, body, (size_t)h->compressed_size, (size_t)h->uncompressed_size, true, page, err);
    if (rc)
        return rc;
    const uint8_t *p = page->data, *end = p + page->len;
    rc = pq_check_levels_v1(&b->repetition, h->repetition_encoding, c->l->max_repetition, h->num_values, &p, end, err);
    if (rc == NL_OK)
        rc = pq_check_levels_v1(&b->definition, h->definition_encoding, c->l->max_definition, h->num_values, &p, end,
                                err);
    return rc ? rc : pq_check_values_open(&c->values, h->encoding, p, end, err);
}

static int open_v2(struct pq_check_chunk *c, struct batch *b, const struct pq_page_header *h, const uint8_t *body,
                   nl_bytes *page, nl_error *err)
{
    int64_t levels = (int64_t)h->repetition_bytes + h->definition_bytes;
    if (h->repetition_bytes < 0 || h->definition_bytes < 0 || levels > h->compressed_size ||
        levels > h->uncompressed_size)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " and %" PRId32 " bytes of levels in a page of %" PRId32,
                       h->repetition_bytes, h->definition_bytes, h->compressed_size);
    const uint8_t *definition = body + h->repetition_bytes;
    int rc = pq_check_levels_init(&b->repetition, c->l->max_repetition, body, (size_t)h->repetition_bytes, err);
    if (rc == NL_OK)
        rc = pq_check_levels_init(&b->definition, c->l->max_definition, definition, (size_t)h->definition_bytes, err);
    if (rc == NL_OK)
        rc = expand(c, body + levels, (size_t)(h->compressed_size - levels), (size_t)(h->uncompressed_size - levels),
                    h->is_compressed, page, err);
    return rc ? rc : pq_check_values_open(&c->values, h->encoding, page->data, page->data + page->len, err);
}

/* What the header of a v2 page says of it, against what was found. */
static void check_v2(struct pq_check_chunk *c, const struct pq_page_header *h)
{
    const struct pq_check_page *p = &c->page;
    if (h->num_nulls != p->nulls)
        PQ_CHECK_ERROR(c, p->offset, "the page's header says %" PRId32 " nulls, it has %" PRId64, h->num_nulls,
                       p->nulls);
    if (h->num_rows != p->rows)
        PQ_CHECK_ERROR(c, p->offset, "the page's header says %" PRId32 " rows, it has %" PRId64, h->num_rows, p->rows);
    if (p->values && !p->begins_row)
        PQ_CHECK_ERROR(c, p->offset, "a page of version 2 begins inside a row");
}

/* Add the page to the chunk. */
static int add_page(struct pq_check_chunk *c, nl_error *err)
{
    const struct pq_check_page *p = &c->page;
    c->rows += p->rows;
    c->nulls += p->nulls;
    c->text_bytes += p->text_bytes;
    for (unsigned i = 0; i <= c->l->max_repetition; i++)
        c->repetition[i] += p->repetition[i];
    for (unsigned i = 0; i <= c->l->max_definition; i++)
        c->definition[i] += p->definition[i];
    return pq_check_range_join(&c->range, c->order, &p->range, err);
}

static void begin_page(struct pq_check_chunk *c, int64_t offset, int64_t bytes, int64_t values)
{
    struct pq_check_page *p = &c->page;
    pq_check_range_clear(&p->range);
    memset(p->repetition, 0, sizeof *p->repetition * (c->l->max_repetition + 1U));
    memset(p->definition, 0, sizeof *p->definition * (c->l->max_definition + 1U));
    *p = (struct pq_check_page){.offset = offset,
                                .bytes = bytes,
                                .first_row = c->rows,
                                .values = values,
                                .begins_row = true,
                                .range = p->range,
                                .repetition = p->repetition,
                                .definition = p->definition};
}

static int data_page(struct pq_check_chunk *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    struct batch *b = malloc(sizeof *b);
    nl_bytes page = {0};
    if (!b)
        return nl_fail_memory(err);
    int rc = h->type == PQ_DATA_PAGE ? open_v1(c, b, h, body, &page, err) : open_v2(c, b, h, body, &page, err);
    if (rc == NL_OK)
        rc = take_page(c, b, h->num_values, err);
    c->page.whole = rc == NL_OK;
    if (rc == NL_OK && h->type == PQ_DATA_PAGE_V2)
        check_v2(c, h);
    if (rc == NL_OK)
        rc = add_page(c, err);
    nl_bytes_release(&page);
    free(b);
    return rc;
}

/* May the page's values be looked at (K4)? */
static bool is_paid(struct pq_check_chunk *c, const struct pq_page_header *h, int64_t offset)
{
    if (h->num_values <= c->k->budget) {
        c->k->budget -= h->num_values;
        return true;
    }
    PQ_CHECK_WARNING(c, offset, "a page of %" PRId32 " values in %" PRId32 " bytes is not looked into", h->num_values,
                     h->compressed_size);
    c->damaged = true;
    return false;
}

/* Counts of a data page that are known without its body. */
static void count_data(struct pq_check_chunk *c, const struct pq_page_header *h, int64_t offset)
{
    if (c->first_data < 0)
        c->first_data = offset;
    c->n_data++;
    c->n_values += h->num_values > 0 ? h->num_values : 0;
    if (h->encoding >= 0 && (size_t)h->encoding < NL_LEN(c->data_pages)) {
        c->encodings |= UINT32_C(1) << h->encoding;
        c->data_pages[h->encoding]++;
    }
}

/* Spec: README, "Checksumming": over the page's body as it is stored. */
static bool checksum_fits(struct pq_check_chunk *c, const struct pq_page_header *h, const uint8_t *body, int64_t offset)
{
    if (!h->has_crc)
        return true;
    uint32_t crc = pq_crc32(0, body, (size_t)h->compressed_size);
    c->k->result->checksums++;
    if (crc == h->crc)
        return true;
    PQ_CHECK_ERROR(c, offset, "the page's checksum is %08" PRIX32 ", its header says %08" PRIX32, crc, h->crc);
    return false;
}

/* The body of a page of any kind. */
static void check_body(struct pq_check_chunk *c, const struct pq_page_header *h, const uint8_t *body, int64_t offset,
                       nl_error *err)
{
    int rc = NL_OK;
    bool fits = checksum_fits(c, h, body, offset), is_data = h->type == PQ_DATA_PAGE || h->type == PQ_DATA_PAGE_V2;
    if (!is_data && h->type != PQ_DICTIONARY_PAGE)
        return;
    if (!h->has_body) {
        rc = nl_fail(err, NL_CORRUPT, "the header lacks the part that its type %" PRId32 " names", h->type);
    } else if (is_data) {
        count_data(c, h, offset);
        if (h->num_values < 0)
            rc = nl_fail(err, NL_CORRUPT, "a page of %" PRId32 " values", h->num_values);
        else if (c->n_values > c->chunk.meta.num_values)
            rc = nl_fail(err, NL_CORRUPT, "the pages hold more values than the chunk's %" PRId64,
                         c->chunk.meta.num_values);
    }
    /* A page whose checksum does not fit is not read: what it holds is not what was written (K2). */
    if (rc == NL_OK && fits && (!is_data || is_paid(c, h, offset)))
        rc = is_data ? data_page(c, h, body, err) : dictionary_page(c, h, body, offset, err);
    c->damaged |= !fits;
    if (!pq_check_failed(c, offset, rc, err) && is_data)
        pq_check_index_page(c);
}

bool pq_check_page(struct pq_check_chunk *c, const uint8_t *p, const uint8_t *end, size_t *used)
{
    struct pq_page_header h;
    nl_error err = {0};
    int64_t offset = c->at + (p - c->bytes.data);
    size_t header;
    int rc = pq_page_header_decode(p, (size_t)(end - p), &h, &header, &err);
    if (rc)
        return !pq_check_failed(c, offset, rc, &err);
    const uint8_t *body = p + header;
    if (h.compressed_size < 0 || h.uncompressed_size < 0 || h.compressed_size > end - body) {
        rc = nl_fail(&err, NL_CORRUPT, "a page of %" PRId32 " bytes (%" PRId32 " decompressed), %td are left",
                     h.compressed_size, h.uncompressed_size, end - body);
        return !pq_check_failed(c, offset, rc, &err);
    }
    *used = header + (size_t)h.compressed_size;
    c->compressed += (int64_t)*used;
    c->uncompressed += (int64_t)header + h.uncompressed_size;
    c->k->result->pages++;
    begin_page(c, offset, (int64_t)*used, h.num_values);
    check_body(c, &h, body, offset, &err);
    return true;
}
