/* gen.c: the table of generators. A new one is a file beside parts.c and a line here. */
#include "gen/gen.h"

#include <string.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "gen/parts.h"

static const struct generator *const generators[] = {
    &gen_parts,
};

size_t gen_count(void)
{
    return NL_LEN(generators);
}

const struct generator *gen_at(size_t i)
{
    return generators[i];
}

int gen_find(const char *name, const struct generator **out, nl_error *err)
{
    *out = NULL;
    const char *names[NL_LEN(generators)];
    for (size_t i = 0; i < NL_LEN(generators); i++) {
        names[i] = generators[i]->name;
        if (strcmp(names[i], name) == 0) {
            *out = generators[i];
            return NL_OK;
        }
    }
    int rc = nl_fail(err, NL_NOT_FOUND, "there is no generator '%s'", name);
    const char *nearest = nl_nearest(name, names, NL_LEN(names));
    nl_hint(err, nearest ? "did you mean '%s'?" : "there is '%s'", nearest ? nearest : names[0]);
    return rc;
}

int gen_schema(const struct generator *g, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_schema_struct(out, g->n_columns, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < g->n_columns && rc == NL_OK; i++) {
        const struct gen_column *c = &g->columns[i];
        rc = arrow_schema_field(out->children[i], c->format, c->name, c->nullable, err);
    }
    if (rc)
        arrow_schema_release(out);
    return rc;
}
