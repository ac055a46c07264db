/* tests/arrow/ipc_schema.c: schemas through the message of Arrow's files and back; what pyarrow wrote; hostile messages; what is
 * restored on fields that Parquet gave. (pyarrow and Polars read and write more of them: tests/interop/arrow.) */
#include "arrow/ipc_schema.h"

#include <stdlib.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"
#include "base/str.h"
#include "support/check.h"

static const char *const flat[] = {
    "n",          "b",    "c",   "C",   "s",         "S",       "i",
    "I",          "l",    "L",   "e",   "f",         "g",       "u",
    "U",          "vu",   "z",   "Z",   "vz",        "w:16",    "d:38,7",
    "d:76,2,256", "tdD",  "tdm", "tts", "ttm",       "ttu",     "ttn",
    "tDs",        "tDm",  "tDu", "tDn", "tiM",       "tiD",     "tin",
    "tss:",       "tsm:", "w:0", "+s",  "d:9,-2,32", "tsu:UTC", "tsn:Europe/Berlin",
};

/* Everything that a schema says, nested ones too; no deeper than the tests make them. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void show(const struct ArrowSchema *s, nl_buf *out)
{
    struct arrow_metadata m = arrow_metadata_walk(s->metadata);
    struct arrow_pair pair;
    CHECK_INT(nl_buf_printf(out, NULL, "%s:%s %d (", s->name, s->format, (int)s->flags), NL_OK);
    for (int64_t i = 0; i < s->n_children; i++)
        show(s->children[i], out);
    while (arrow_metadata_next(&m, &pair))
        CHECK_INT(nl_buf_printf(out, NULL, "%.*s=%.*s;", (int)pair.key_len, pair.key, (int)pair.value_len, pair.value),
                  NL_OK);
    if (s->dictionary)
        show(s->dictionary, out);
    CHECK_INT(nl_buf_puts(out, ")", NULL), NL_OK);
}

/* A column of every kind: flat ones, a list, a map, a fixed-size list, a dictionary, metadata. */
static void make_schema(struct ArrowSchema *s)
{
    nl_error err = {0};
    size_t n = NL_LEN(flat);
    CHECK_OK(arrow_schema_struct(s, n + 4, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(arrow_schema_field(s->children[i], flat[i], flat[n - 1 - i], i % 2, &err), err);
    CHECK_OK(arrow_schema_nested(s->children[n], "+L", "list", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(s->children[n]->children[0], "i", "item", true, &err), err);
    CHECK_OK(arrow_schema_nested(s->children[n + 1], "+m", "map", true, 1, &err), err);
    s->children[n + 1]->flags |= ARROW_FLAG_MAP_KEYS_SORTED;
    struct ArrowSchema *entries = s->children[n + 1]->children[0], words;
    CHECK_OK(arrow_schema_nested(entries, "+s", "entries", false, 2, &err), err);
    CHECK_OK(arrow_schema_field(entries->children[0], "u", "key", false, &err), err);
    CHECK_OK(arrow_schema_nested(entries->children[1], "+w:3", "value", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(entries->children[1]->children[0], "g", "item", true, &err), err);
    for (size_t i = 2; i < 4; i++) {
        CHECK_OK(arrow_schema_field(s->children[n + i], i == 2 ? "C" : "i", "word", true, &err), err);
        CHECK_OK(arrow_schema_field(&words, "u", "", true, &err), err);
        CHECK_OK(arrow_schema_set_dictionary(s->children[n + i], &words, &err), err);
    }
    s->children[n + 2]->flags |= ARROW_FLAG_DICTIONARY_ORDERED;
    CHECK_OK(arrow_metadata_set(s->children[0], "ARROW:extension:name", "geoarrow.wkb", 12, &err), err);
    CHECK_OK(arrow_metadata_set(s->children[0], "", "", 0, &err), err);
    CHECK_OK(arrow_metadata_set(s, "whole", "schema", 6, &err), err);
}

static void every_type_comes_back(void **state)
{
    (void)state;
    struct ArrowSchema s, back;
    nl_buf text = {0}, want = {0}, got = {0};
    nl_error err = {0};
    make_schema(&s);
    CHECK_OK(nl_buf_puts(&text, "before", &err), err);
    CHECK_OK(arrow_ipc_schema_encode(&s, &text, &err), err);
    CHECK_OK(arrow_ipc_schema_decode(text.data + 6, text.len - 6, &back, &err), err);
    for (size_t i = NL_LEN(flat) + 2; i < NL_LEN(flat) + 4; i++) /* of a dictionary's values the message says less */
        s.children[i]->dictionary->flags = ARROW_FLAG_NULLABLE;
    show(&s, &want);
    show(&back, &got);
    CHECK_STR(got.data, want.data);
    arrow_schema_release(&s);
    arrow_schema_release(&back);
    nl_buf_free(&text);
    nl_buf_free(&want);
    nl_buf_free(&got);
}

/* By pyarrow 26: schema([field("t", timestamp("us", "Asia/Tokyo"), nullable=False), field("l", list_(duration("ms")))]). */
static const char pyarrows[] =
    "//////AAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAIAAAB8AAAABAAAANj/"
    "//8AAAEMFAAAABgAAAAEAAAAAQAAACAAAAABAAAAbAAAAMj///8QABQACAAGAAcADAAAABAAEAAAAAAAARIQAAAA"
    "HAAAAAQAAAAAAAAABAAAAGl0ZW0AAAAABAAEAAQAAAAQABQACAAAAAcADAAAABAAEAAAAAAAAAoQAAAAHAAAAAQA"
    "AAAAAAAAAQAAAHQAAAAIAAwABgAIAAgAAAAAAAIABAAAAAoAAABBc2lhL1Rva3lvAAA=";

static void what_pyarrow_wrote(void **state)
{
    (void)state;
    struct ArrowSchema s;
    nl_buf got = {0};
    nl_error err = {0};
    size_t len = strlen(pyarrows), bare = len;
    while (pyarrows[bare - 1] == '=')
        bare--;
    for (; len >= bare; len--) { /* padding is a matter of taste */
        CHECK_OK(arrow_ipc_schema_decode(pyarrows, len, &s, &err), err);
        show(&s, &got);
        CHECK_STR(got.data, ":+s 0 (t:tsu:Asia/Tokyo 0 ()l:+l 2 (item:tDm 2 ()))");
        nl_buf_clear(&got);
        arrow_schema_release(&s);
    }
    nl_buf_free(&got);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    enum { DEPTH = 70 };
    struct ArrowSchema s, *at = &s;
    nl_buf text = {0};
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&s, 1, &err), err);
    CHECK_OK(arrow_schema_field(s.children[0], "+us:0", "u", true, &err), err);
    CHECK_FAILS(arrow_ipc_schema_encode(&s, &text, &err), NL_UNSUPPORTED, err, "'u': the Arrow type '+us:0'");
    arrow_schema_release(&s);
    for (int i = 0; i < DEPTH; i++, at = at->children[0])
        CHECK_OK(arrow_schema_struct(at, 1, &err), err);
    CHECK_OK(arrow_schema_field(at, "l", "x", true, &err), err);
    err = (nl_error){0};
    CHECK_FAILS(arrow_ipc_schema_encode(&s, &text, &err), NL_UNSUPPORTED, err, "deeper than 64");
    CHECK_INT(text.len, 0);
    arrow_schema_release(&s);
    nl_buf_free(&text);
}

/* Cut anywhere, and with any byte changed: an error or a schema, and nothing else. */
static void hostile_messages(void **state)
{
    (void)state;
    struct ArrowSchema s, back;
    nl_buf text = {0};
    nl_error err = {0};
    int refused = 0;
    make_schema(&s);
    CHECK_OK(arrow_ipc_schema_encode(&s, &text, &err), err);
    arrow_schema_release(&s);
    for (size_t len = 0; len < text.len; len++) {
        char *cut = malloc(len ? len : 1);
        CHECK(cut != NULL);
        memcpy(cut, text.data, len);
        refused += arrow_ipc_schema_decode(cut, len, &back, NULL) == NL_CORRUPT;
        arrow_schema_release(&back);
        free(cut);
    }
    size_t bare = strcspn(text.data, "=");
    CHECK_INT(refused, bare); /* without its padding it is whole */
    for (size_t i = 0; i < text.len; i++)
        for (const char *c = "AB/9_="; *c; c++) {
            char was = text.data[i];
            text.data[i] = *c;
            int rc = arrow_ipc_schema_decode(text.data, text.len, &back, NULL);
            CHECK(rc == NL_OK || rc == NL_CORRUPT || rc == NL_UNSUPPORTED);
            CHECK((rc == NL_OK) == (back.release != NULL));
            arrow_schema_release(&back);
            text.data[i] = was;
        }
    nl_buf_free(&text);
}

static void restored_is_what_changes_no_byte(void **state)
{
    (void)state;
    static const struct {
        const char *written, *read, *want;
        bool extension; /* its storage is the same */
    } cases[] = {
        {"tsu:Europe/Berlin", "tsu:UTC", "tsu:Europe/Berlin", true},
        {"tsn:Europe/Berlin", "tsu:UTC", "tsu:UTC", false},
        {"tsu:", "tsu:UTC", "tsu:UTC", false},
        {"tsu:UTC", "tsu:", "tsu:", false},
        {"tDm", "l", "tDm", true},
        {"tDm", "L", "L", false},
        {"tDm", "i", "i", false},
        {"U", "u", "u", true},
        {"l", "g", "g", false},
        {"+us:0", "g", "g", false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema written, read;
        nl_error err = {0};
        nl_buf got = {0}, want = {0};
        check_why("%s over %s", cases[i].written, cases[i].read);
        struct ArrowSchema *const roots[] = {&written, &read};
        for (int k = 0; k < 2; k++) { /* a list of structs; the written one has another member before it */
            CHECK_OK(arrow_schema_struct(roots[k], 1, &err), err);
            CHECK_OK(arrow_schema_nested(roots[k]->children[0], "+l", "list", true, 1, &err), err);
            struct ArrowSchema *s = roots[k]->children[0]->children[0];
            CHECK_OK(arrow_schema_nested(s, "+s", k ? "element" : "item", true, k ? 1 : 2, &err), err);
            CHECK_OK(arrow_schema_field(s->children[0], "b", "other", true, &err), err);
            arrow_schema_release(s->children[k ? 0 : 1]);
            CHECK_OK(arrow_schema_field(s->children[k ? 0 : 1], k ? cases[i].read : cases[i].written, "x", true, &err),
                     err);
        }
        struct ArrowSchema *w = written.children[0]->children[0]->children[1],
                           *r = read.children[0]->children[0]->children[0];
        CHECK_OK(arrow_metadata_set(w, "ARROW:extension:name", "mine", 4, &err), err);
        CHECK_OK(arrow_metadata_set(w, "PARQUET:field_id", "1", 1, &err), err);
        CHECK_OK(arrow_metadata_set(w, "both", "theirs", 6, &err), err);
        CHECK_OK(arrow_metadata_set(r, "both", "ours", 4, &err), err);
        CHECK_OK(arrow_ipc_schema_restore(&written, &read, &err), err);
        show(r, &got);
        CHECK_OK(nl_buf_printf(&want, &err, "x:%s 2 (both=ours;%s)", cases[i].want,
                               cases[i].extension ? "ARROW:extension:name=mine;" : ""),
                 err);
        CHECK_STR(got.data, want.data);
        nl_buf_free(&got);
        nl_buf_free(&want);
        arrow_schema_release(&written);
        arrow_schema_release(&read);
    }
}

/* Of a message only the columns that are wanted are decoded; found by their place, or else by their name. */
static void columns_are_restored(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a", "c"}, *const want[] = {"tDm", "tDn", "l"};
    static const size_t positions[] = {1, 1, 7};
    struct ArrowSchema written, read;
    nl_buf text = {0};
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&written, 3, &err), err);
    CHECK_OK(arrow_schema_field(written.children[0], "tDn", "a", true, &err), err);
    CHECK_OK(arrow_schema_field(written.children[1], "tDm", "b", true, &err), err);
    CHECK_OK(arrow_schema_field(written.children[2], "+us:0", "c", true, &err), err);
    CHECK_FAILS(arrow_ipc_schema_encode(&written, &text, &err), NL_UNSUPPORTED, err, "'c'");
    CHECK_OK(arrow_schema_set_format(written.children[2], "g", &err), err);
    CHECK_OK(arrow_ipc_schema_encode(&written, &text, &err), err);
    CHECK_OK(arrow_schema_struct(&read, 3, &err), err);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(arrow_schema_field(read.children[i], "l", names[i], true, &err), err);
    CHECK_OK(arrow_ipc_schema_restore_columns(text.data, text.len, positions, &read, &err), err);
    for (size_t i = 0; i < 3; i++)
        CHECK_STR(read.children[i]->format, want[i]);
    CHECK_FAILS(arrow_ipc_schema_restore_columns(text.data, 40, positions, &read, &err), NL_CORRUPT, err, NULL);
    arrow_schema_release(&written);
    arrow_schema_release(&read);
    nl_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back),
        cmocka_unit_test(what_pyarrow_wrote),
        cmocka_unit_test(what_cannot_be_written),
        cmocka_unit_test(hostile_messages),
        cmocka_unit_test(restored_is_what_changes_no_byte),
        cmocka_unit_test(columns_are_restored),
    };
    return cmocka_run_group_tests_name("arrow_ipc_schema", tests, NULL, NULL);
}
