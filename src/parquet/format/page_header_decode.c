/* page_header_decode.c: PageHeader from bytes: what stands before every page, of whatever kind.
 *
 *     PageHeader ── type, sizes, crc ── one of { data page, index page, dictionary page, data page v2 }
 *
 * The statistics of data pages are skipped: the column index has them in one place.
 */
#include "parquet/format/metadata.h"

static void data_page(struct pq_thrift *r, struct pq_page_header *h)
{
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(r, &f, &h->num_values);
            break;
        case 2:
            pq_thrift_i32(r, &f, &h->encoding);
            break;
        case 3:
            pq_thrift_i32(r, &f, &h->definition_encoding);
            break;
        case 4:
            pq_thrift_i32(r, &f, &h->repetition_encoding);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

static void dictionary_page(struct pq_thrift *r, struct pq_page_header *h)
{
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(r, &f, &h->num_values);
            break;
        case 2:
            pq_thrift_i32(r, &f, &h->encoding);
            break;
        case 3:
            pq_thrift_bool(r, &f, &h->is_sorted);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

static void data_page_v2(struct pq_thrift *r, struct pq_page_header *h)
{
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(r, &f, &h->num_values);
            break;
        case 2:
            pq_thrift_i32(r, &f, &h->num_nulls);
            break;
        case 3:
            pq_thrift_i32(r, &f, &h->num_rows);
            break;
        case 4:
            pq_thrift_i32(r, &f, &h->encoding);
            break;
        case 5:
            pq_thrift_i32(r, &f, &h->definition_bytes);
            break;
        case 6:
            pq_thrift_i32(r, &f, &h->repetition_bytes);
            break;
        case 7:
            pq_thrift_bool(r, &f, &h->is_compressed);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

/* The structure of the kind that type names; others are passed over. Types come first on the wire (field 1). */
static void body(struct pq_thrift *r, const struct pq_field *f, struct pq_page_header *h)
{
    static const int16_t field_of[] = {
        [PQ_DATA_PAGE] = 5, [PQ_INDEX_PAGE] = 6, [PQ_DICTIONARY_PAGE] = 7, [PQ_DATA_PAGE_V2] = 8};
    if (h->type < 0 || h->type > PQ_DATA_PAGE_V2 || field_of[h->type] != f->id) {
        pq_thrift_skip(r, f);
        return;
    }
    if (!pq_thrift_struct(r, f))
        return;
    h->has_body = true;
    if (f->id == 5) {
        data_page(r, h);
    } else if (f->id == 7) {
        dictionary_page(r, h);
    } else if (f->id == 8) {
        data_page_v2(r, h);
    } else {
        struct pq_field inner = {0};
        while (pq_thrift_next(r, &inner))
            pq_thrift_skip(r, &inner);
    }
}

int pq_page_header_decode(const void *data, size_t len, struct pq_page_header *out, size_t *used, nl_error *err)
{
    struct pq_thrift r;
    struct pq_field f = {0};
    int32_t crc, again; /* a second type must not rename a body that was read */
    *out = (struct pq_page_header){.type = -1, .is_compressed = true};
    pq_thrift_init(&r, data, len);
    while (pq_thrift_next(&r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(&r, &f, out->type < 0 ? &out->type : &again);
            break;
        case 2:
            pq_thrift_i32(&r, &f, &out->uncompressed_size);
            break;
        case 3:
            pq_thrift_i32(&r, &f, &out->compressed_size);
            break;
        case 4:
            if (pq_thrift_i32(&r, &f, &crc)) {
                out->has_crc = true;
                out->crc = (uint32_t)crc;
            }
            break;
        default:
            body(&r, &f, out);
        }
    *used = (size_t)(r.in - r.start);
    int rc = pq_thrift_result(&r, err);
    if (rc)
        nl_note(err, "page header");
    return rc;
}
