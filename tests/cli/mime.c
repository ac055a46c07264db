/* tests/cli/mime.c: names to media types, as Python's mimetypes.guess_type() has them, which aws-cli asks. */
#include "cli/mime.h"

#include "base/str.h"
#include "support/check.h"

static const struct {
    const char *name, *type;
} cases[] = {
    {"x.json", "application/json"},
    {"a.b/x.json", "application/json"},
    {"x.JSON", "application/json"},
    {"x.3gpp2", "audio/3gpp2"},
    {"x.a", "application/octet-stream"},
    {"x.avi", "video/x-msvideo"},
    {"x.csv", "text/csv"},
    {"x.html", "text/html"},
    {"x.webmanifest", "application/manifest+json"},
    {"x.zip", "application/zip"},
    {"x.parquet", "application/vnd.apache.parquet"},
    {"x.arrow", "application/vnd.apache.arrow.file"},
    /* a coding around it */
    {"x.json.gz", "application/json"},
    {"x.json.bz2", "application/json"},
    {"x.tar.Z", "application/x-tar"},
    {"x.tgz", "application/x-tar"},
    {"x.TGZ", "application/x-tar"},
    {"x.svgz", "image/svg+xml"},
    {"x.gz", NULL},
    {"x.json.GZ", NULL}, /* codings are told by their case */
    {"x.json.gz.gz", NULL},
    /* dots that begin no suffix */
    {".json", NULL},
    {"..json", NULL},
    {"..x.json", "application/json"},
    {".gz.json", "application/json"},
    {"a.json/x", NULL},
    {"a.json/", NULL},
    {"x", NULL},
    {"x.", NULL},
    {"", NULL},
    {".", NULL},
    {"x.unheard-of", NULL},
    {"x.a-suffix-that-is-longer-than-any", NULL},
};

static void names_have_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("\"%s\"", cases[i].name);
        const char *got = cli_mime_of(cases[i].name);
        CHECK_STR(got ? got : "none", cases[i].type ? cases[i].type : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_have_types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
