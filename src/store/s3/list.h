/* list.h: a page of a listing, apart from its transport: for the tests. */
#ifndef STORE_S3_LIST_H
#define STORE_S3_LIST_H

#include "store/s3/client.h"

/* A page; everything lives in the arena that it was parsed into. */
struct store_page {
    const s3_xml_node *root; /* of Contents and CommonPrefixes */
    bool encoded;            /* keys are percent-encoded */
    const char *next;        /* the next page's token; NULL: this is the last */
};

/* NL_IO: not a listing, or one that cannot be continued. */
int store_page_parse(nl_arena *arena, const nl_buf *text, struct store_page *out, nl_error *err);
/* Append the key of a <Contents>, or the prefix of a <CommonPrefixes>, decoded. NL_IO: it has none. */
int store_page_key(const s3_xml_node *n, bool is_prefix, bool encoded, nl_buf *out, nl_error *err);
/* What an entry says of its object. NL_IO: no size. */
int store_page_entry(const s3_xml_node *n, bool is_prefix, nl_object_info *out, nl_error *err);

#endif
