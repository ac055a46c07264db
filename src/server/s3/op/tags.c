/* tags.c: tags as they come, checked. */
#include "server/s3/op/tags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/xml.h"

#define TAGS_MAX  10
#define KEY_MAX   128
#define VALUE_MAX 256

/* Characters, not bytes, of valid UTF-8 in which every ASCII one is a letter, a digit, or one that S3 names. */
static bool text_fits(const char *text, size_t least, size_t most)
{
    size_t n = 0, len = strlen(text);
    if (!nl_utf8_valid((const uint8_t *)text, len))
        return false;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x80 && !isalnum(*p) && !strchr(" +-=._:/@", *p))
            return false;
        n += (*p & 0xC0) != 0x80;
    }
    return n >= least && n <= most;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const s3_pair *)a)->name, ((const s3_pair *)b)->name);
}

/* Sort and check; meta keeps tags, which belong to the arena. */
static bool take(s3_request *rq, s3_meta *meta, s3_pair *tags, size_t n)
{
    if (n > TAGS_MAX) {
        s3_refuse(rq, "BadRequest", "Object tags cannot be greater than 10");
        return false;
    }
    if (n > 1)
        qsort(tags, n, sizeof(*tags), by_key);
    for (size_t i = 0; i < n; i++) {
        const char *wrong = !text_fits(tags[i].name, 1, KEY_MAX)      ? "The TagKey you have provided is invalid"
                            : !strncasecmp(tags[i].name, "aws:", 4)   ? "Your TagKey cannot be prefixed with aws:"
                            : !text_fits(tags[i].value, 0, VALUE_MAX) ? "The TagValue you have provided is invalid"
                            : i && !strcmp(tags[i - 1].name, tags[i].name)
                                ? "Cannot provide multiple Tags with the same key"
                                : NULL;
        if (wrong) {
            s3_refuse(rq, "InvalidTag", wrong);
            return false;
        }
    }
    meta->tags = tags;
    meta->n_tags = n;
    return true;
}

bool s3_tags_of_header(s3_request *rq, s3_meta *meta)
{
    s3_pair *tags;
    size_t n;
    const char *text = s3_header(rq, "x-amz-tagging");
    meta->n_tags = 0;
    if (!text || !*text)
        return true;
    if (!s3_query_parse(rq->arena, text, strlen(text), &tags, &n, NULL))
        return take(rq, meta, tags, n);
    s3_refuse(rq, "InvalidArgument",
              "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
              "parameters without tag name duplicates.");
    return false;
}

bool s3_tags_of_body(s3_request *rq, s3_meta *meta)
{
    s3_xml_node *root;
    s3_pair *tags = nl_arena_array(rq->arena, TAGS_MAX + 1, sizeof(*tags));
    size_t n = 0;
    const s3_xml_node *set = NULL;
    if (tags && !s3_xml_parse(rq->arena, rq->text.data ? rq->text.data : "", rq->text.len, rq->text.len, &root, NULL) &&
        !strcmp(root->name, "Tagging"))
        set = s3_xml_child(root, "TagSet");
    bool sound = set != NULL;
    for (const s3_xml_node *t = sound ? s3_xml_child(set, "Tag") : NULL; t && sound && n <= TAGS_MAX;
         t = s3_xml_again(t)) {
        tags[n] = (s3_pair){s3_xml_child_text(t, "Key"), s3_xml_child_text(t, "Value")};
        sound = tags[n].name && tags[n].value;
        n++;
    }
    if (sound)
        return take(rq, meta, tags, n);
    s3_refuse(rq, "MalformedXML", NULL);
    return false;
}
