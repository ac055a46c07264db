/* xml.c: what is written is read back; what must be refused; every allocation failing. */
#include "s3proto/xml.h"

#include <stdio.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

static void written_and_read_back(void **state)
{
    (void)state;
    static const char *const keys[] = {"plain",    " ",   "",   "a&b<c>\"d'", "tab\tnew\nline\rreturn",
                                       "\xc3\xa4", "]]>", " x "};
    nl_buf b = {0};
    nl_error err = {0};
    s3_xml_writer w;
    s3_xml_start(&w, &b);
    s3_xml_open_root(&w, "R");
    for (size_t i = 0; i < NL_LEN(keys); i++)
        s3_xml_text(&w, "Key", keys[i]);
    s3_xml_text(&w, "None", NULL);
    s3_xml_u64(&w, "Max", UINT64_MAX);
    s3_xml_u64(&w, "Zero", 0);
    s3_xml_bool(&w, "Yes", true);
    s3_xml_close(&w, "R");
    CHECK_OK(s3_xml_finish(&w, &err), err);
    CHECK_HAS(b.data,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    CHECK_HAS(b.data, "<Key>a&amp;b&lt;c&gt;&quot;d'</Key>");
    CHECK_HAS(b.data, "&#xD;");

    nl_arena arena = {0};
    s3_xml_node *root;
    CHECK_OK(s3_xml_parse(&arena, b.data, b.len, b.len, &root, &err), err);
    CHECK_STR(root->name, "R");
    const s3_xml_node *n = s3_xml_child(root, "Key");
    for (size_t i = 0; i < NL_LEN(keys); i++, n = s3_xml_again(n)) {
        check_why("key %zu", i);
        CHECK(n);
        CHECK_INT(n->text_len, strlen(keys[i]));
        CHECK_STR(n->text, keys[i]);
    }
    CHECK(!n);
    CHECK(!s3_xml_child(root, "None"));
    CHECK_STR(s3_xml_child_text(root, "Max"), "18446744073709551615");
    CHECK_STR(s3_xml_child_text(root, "Zero"), "0");
    CHECK_STR(s3_xml_child_text(root, "Yes"), "true");
    CHECK(!s3_xml_child_text(NULL, "Yes"));
    nl_arena_free(&arena);
    nl_buf_free(&b);
}

static void control_characters_are_written_as_references(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    s3_xml_writer w;
    s3_xml_start(&w, &b);
    s3_xml_textn(&w, "K", "\x01\x1f\x7f", 3);
    CHECK_OK(s3_xml_finish(&w, &err), err);
    CHECK_HAS(b.data, "<K>&#x1;&#x1F;&#x7F;</K>");
    nl_buf_free(&b);
}

static void shapes(void **state)
{
    (void)state;
    nl_arena arena = {0};
    nl_error err = {0};
    s3_xml_node *root;
    static const char text[] =
        "<s3:A xmlns:s3='x' b='c'>\n  <s3:B> </s3:B>\n  <C><![CDATA[<&]]></C>tail<B>2</B></s3:A>";
    CHECK_OK(s3_xml_parse(&arena, text, sizeof text - 1, 1000, &root, &err), err);
    CHECK_STR(root->name, "A");
    CHECK_STR(root->text, "");
    CHECK_STR(s3_xml_child_text(root, "B"), " ");
    CHECK_STR(s3_xml_again(s3_xml_child(root, "B"))->text, "2");
    CHECK_STR(s3_xml_child_text(root, "C"), "<&");
    nl_arena_free(&arena);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *message;
    } cases[] = {
        {"empty", "", "XML, line 1"},
        {"cut", "<A><B>", "XML, line 1"},
        {"two roots", "<A/><B/>", "XML, line 1"},
        {"crossed", "<A><B></A></B>", "XML, line 1"},
        {"a DOCTYPE", "<!DOCTYPE a [<!ENTITY b 'c'>]><A>&b;</A>", "DOCTYPE"},
        {"an outer DOCTYPE", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><A/>", "DOCTYPE"},
        {"an unknown entity", "<A>&b;</A>", "XML, line 1"},
        {"not UTF-8", "<A>\xff</A>", "XML, line 1"},
        {"a control character", "<A>\x01</A>", "XML, line 1"},
        {"line 3", "<A>\n\n<</A>", "XML, line 3"},
        {"17 deep",
         "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
         "</a></a></a></a>",
         "too deeply"},
        {"17 deep, empty",
         "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a>"
         "</a></a></a></a></a>",
         "too deeply"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        nl_error err = {0};
        s3_xml_node *root;
        check_why("%s", cases[i].why);
        CHECK_FAILS(s3_xml_parse(&arena, cases[i].text, strlen(cases[i].text), 1000, &root, &err), NL_INVALID, err,
                    cases[i].message);
        CHECK(!root);
        nl_arena_free(&arena);
    }
    nl_arena arena = {0};
    nl_error err = {0};
    s3_xml_node *root;
    CHECK_FAILS(s3_xml_parse(&arena, "<A></A>", 7, 6, &root, &err), NL_INVALID, err, "at most 6");
    CHECK_OK(s3_xml_parse(&arena, "<A></A>", 7, 7, &root, &err), err);
    nl_arena_free(&arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf b = {0};
        nl_arena arena = {0};
        nl_error err = {0};
        s3_xml_writer w;
        s3_xml_node *root;
        s3_xml_start(&w, &b);
        s3_xml_open(&w, "A");
        s3_xml_text(&w, "B", "a text of some length, so that the buffer has to grow");
        s3_xml_close(&w, "A");
        int rc = s3_xml_finish(&w, &err);
        if (!rc)
            rc = s3_xml_parse(&arena, b.data, b.len, b.len, &root, &err);
        bool failed = fault_off(&f);
        CHECK(rc == (failed ? NL_NO_MEMORY : NL_OK));
        nl_arena_free(&arena);
        nl_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read_back),
        cmocka_unit_test(control_characters_are_written_as_references),
        cmocka_unit_test(shapes),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
