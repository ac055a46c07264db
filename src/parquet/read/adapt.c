/* adapt.c: compare two schemas, and say what has to be done. */
#include "parquet/read/adapt.h"

#include <string.h>

#include "arrow/metadata.h"
#include "base/buf.h"
#include "base/str.h"
#include "parquet/read/adapt_plan.h"
#include "parquet/read/schema.h"

/* ── which is which ── */

static int64_t by_name(const struct ArrowSchema *from, const char *name, int64_t guess)
{
    if (guess < from->n_children && strcmp(from->children[guess]->name, name) == 0)
        return guess;
    for (int64_t i = 0; i < from->n_children; i++)
        if (strcmp(from->children[i]->name, name) == 0)
            return i;
    return PQ_ADAPT_ABSENT;
}

/* The field's id as text; NULL: it has none. */
static const char *field_id(const struct ArrowSchema *field, size_t *len)
{
    return arrow_metadata_get(field, "PARQUET:field_id", len);
}

static bool same_id(const struct ArrowSchema *field, const char *id, size_t len)
{
    size_t here_len;
    const char *here = field_id(field, &here_len);
    return here && here_len == len && memcmp(here, id, len) == 0;
}

static int64_t by_id(const struct ArrowSchema *from, const char *id, size_t len, int64_t guess)
{
    if (guess < from->n_children && same_id(from->children[guess], id, len))
        return guess;
    for (int64_t i = 0; i < from->n_children; i++)
        if (same_id(from->children[i], id, len))
            return i;
    return PQ_ADAPT_ABSENT;
}

/* A struct without a single id was written by somebody who knows of none: all its members would be missing. */
static int need_ids(const struct ArrowSchema *from, nl_error *err)
{
    size_t len;
    for (int64_t i = 0; i < from->n_children; i++)
        if (field_id(from->children[i], &len))
            return NL_OK;
    return from->n_children ? nl_fail(err, NL_INVALID, "its columns have no field ids") : NL_OK;
}

static int find(const struct ArrowSchema *from, const struct ArrowSchema *field, bool by_field_id, int64_t guess,
                int64_t *out, nl_error *err)
{
    size_t len;
    const char *id = by_field_id ? field_id(field, &len) : NULL;
    if (by_field_id && !id)
        return nl_fail(err, NL_INVALID, "column %s has no field id to be found by", field->name);
    *out = id ? by_id(from, id, len, guess) : by_name(from, field->name, guess);
    return NL_OK;
}

int pq_adapt_map(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id, int64_t *map,
                 nl_error *err)
{
    nl_arena arena = {0};
    bool *taken = nl_arena_array(&arena, (size_t)from->n_children, sizeof *taken);
    int rc = taken ? NL_OK : nl_fail_memory(err);
    if (!rc && by_field_id)
        rc = need_ids(from, err);
    int64_t guess = 0;
    for (int64_t i = 0; i < to->n_children && !rc; i++) {
        rc = find(from, to->children[i], by_field_id, guess, &map[i], err);
        if (rc || map[i] < 0)
            continue;
        if (taken[map[i]])
            rc = nl_fail(err, NL_INVALID, "column %s is wanted twice", to->children[i]->name);
        taken[map[i]] = true;
        guess = map[i] + 1;
    }
    nl_arena_free(&arena);
    return rc;
}

/* ── what is to be done ── */

/* What stays the same on the way down. */
struct planner {
    bool by_field_id;
    nl_arena *arena;
};

/* Where on the way down. */
struct place {
    const char *path;
    int depth;
    bool is_entry;          /* a map's entries: members by place */
    bool may_be_null_above; /* a level around it: then nulls here say nothing */
};

static int plan_field(const struct planner *p, const struct ArrowSchema *from, const struct ArrowSchema *to,
                      struct place at, const struct pq_adapt **out, nl_error *err);

/* "column s.a is VARCHAR, where INTEGER is wanted" */
static int do_not_fit(const struct ArrowSchema *from, const struct ArrowSchema *to, const char *path, nl_error *err)
{
    nl_buf here = {0}, wanted = {0};
    int rc = arrow_schema_sql(from, &here, err);
    if (!rc)
        rc = arrow_schema_sql(to, &wanted, err);
    if (!rc)
        rc = nl_fail(err, NL_INVALID, "column %s is %s, where %s is wanted", path, here.data, wanted.data);
    nl_buf_free(&here);
    nl_buf_free(&wanted);
    return rc;
}

static bool is_text(const struct arrow_type *t)
{
    return t->kind == ARROW_STRING || t->kind == ARROW_BINARY;
}

/* Is no loop needed from one to the other? The zone of an instant is how it is shown. */
static bool same_values(const struct arrow_type *from, const struct arrow_type *to)
{
    if (from->kind != to->kind || from->width != to->width || from->is_signed != to->is_signed ||
        from->unit != to->unit || from->layout != to->layout || from->precision != to->precision ||
        from->scale != to->scale || from->byte_width != to->byte_width || from->list_size != to->list_size)
        return false;
    return !from->timezone[0] == !to->timezone[0];
}

/* A leaf. */
static int plan_flat(struct pq_adapt *plan, const struct ArrowSchema *from, const struct ArrowSchema *to, nl_error *err)
{
    bool plain = !from->dictionary && !to->dictionary && plan->from.kind != ARROW_OTHER;
    bool layout = plan->from.kind == plan->to.kind && is_text(&plan->to);
    bool fixed = plan->from.kind == ARROW_FIXED_BINARY && plan->to.kind == ARROW_BINARY;
    if (plain && same_values(&plan->from, &plan->to))
        plan->step = PQ_ADAPT_KEEP;
    else if (plain && (layout || fixed))
        plan->step = PQ_ADAPT_STRINGS;
    else if (plain && pq_widening_of(&plan->from, &plan->to, &plan->widening))
        plan->step = plan->widening.run ? PQ_ADAPT_WIDEN : PQ_ADAPT_KEEP;
    else
        return do_not_fit(from, to, plan->path, err);
    plan->from.timezone = ""; /* it points into a schema that may end before the plan */
    return NL_OK;
}

static int plan_absent(struct pq_adapt *plan, const struct ArrowSchema *to, nl_error *err)
{
    plan->step = PQ_ADAPT_NULLS;
    if (to->flags & ARROW_FLAG_NULLABLE)
        return NL_OK;
    return nl_fail(err, NL_INVALID, "column %s must not be null, and there is none", plan->path);
}

/* NOLINTBEGIN(misc-no-recursion): PQ_MAX_DEPTH bounds it (A4) */

static bool keeps_all(const struct pq_adapt *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->children[i]->step != PQ_ADAPT_KEEP || plan->children[i]->must_not_be_null ||
            plan->map[i] != (int64_t)i)
            return false;
    return plan->n == plan->n_from;
}

/* A child's own place; NULL path: no memory. */
static struct place below(const struct planner *p, const struct pq_adapt *plan, struct place at,
                          const struct ArrowSchema *child)
{
    struct place out = {.depth = at.depth + 1};
    bool top = !*plan->path;
    out.path = nl_arena_printf(p->arena, "%s%s%s", plan->path, top ? "" : ".", child->name);
    out.is_entry = plan->to.kind == ARROW_MAP;
    out.may_be_null_above =
        at.may_be_null_above || plan->to.kind != ARROW_STRUCT || (!top && plan->schema->flags & ARROW_FLAG_NULLABLE);
    return out;
}

/* Members, elements or entries, once it is known which is which. */
static int plan_children(const struct planner *p, struct pq_adapt *plan, const struct ArrowSchema *from,
                         const struct ArrowSchema *to, struct place at, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < plan->n && !rc; i++) {
        const struct ArrowSchema *source = plan->map[i] < 0 ? NULL : from->children[plan->map[i]];
        struct place there = below(p, plan, at, to->children[i]);
        if (!there.path)
            return nl_fail_memory(err);
        rc = plan_field(p, source, to->children[i], there, &plan->children[i], err);
    }
    plan->step = !rc && keeps_all(plan) ? PQ_ADAPT_KEEP : PQ_ADAPT_NESTED;
    return rc;
}

static int plan_nested(const struct planner *p, struct pq_adapt *plan, const struct ArrowSchema *from,
                       const struct ArrowSchema *to, struct place at, nl_error *err)
{
    bool by_place = at.is_entry || plan->to.kind != ARROW_STRUCT;
    if (!same_values(&plan->from, &plan->to) || (by_place && plan->n != plan->n_from))
        return do_not_fit(from, to, plan->path, err);
    plan->map = nl_arena_array(p->arena, plan->n, sizeof *plan->map);
    plan->children = nl_arena_array(p->arena, plan->n, sizeof *plan->children);
    if (!plan->map || !plan->children)
        return nl_fail_memory(err);
    for (size_t i = 0; by_place && i < plan->n; i++)
        plan->map[i] = (int64_t)i;
    int rc = by_place ? NL_OK : pq_adapt_map(from, to, p->by_field_id, plan->map, err);
    if (rc && *plan->path)
        nl_note(err, "column %s", plan->path);
    return rc ? rc : plan_children(p, plan, from, to, at, err);
}

static bool is_nested(const struct arrow_type *t)
{
    return t->kind == ARROW_STRUCT || t->kind == ARROW_LIST || t->kind == ARROW_MAP || t->kind == ARROW_FIXED_LIST;
}

/* from NULL: the file lacks it. */
static int plan_field(const struct planner *p, const struct ArrowSchema *from, const struct ArrowSchema *to,
                      struct place at, const struct pq_adapt **out, nl_error *err)
{
    struct pq_adapt *plan = nl_arena_alloc(p->arena, sizeof *plan);
    if (!plan)
        return nl_fail_memory(err);
    *out = plan;
    plan->path = at.path;
    plan->schema = to;
    if (at.depth > PQ_MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "column %.60s… is nested deeper than %d levels", at.path, PQ_MAX_DEPTH);
    int rc = arrow_type_parse(to->format, &plan->to, err);
    if (!rc && from)
        rc = arrow_type_parse(from->format, &plan->from, err);
    if (rc || !from || (plan->from.kind == ARROW_NULL && plan->to.kind != ARROW_NULL))
        return rc ? rc : plan_absent(plan, to, err);
    plan->n = (size_t)to->n_children;
    plan->n_from = (size_t)from->n_children;
    plan->must_not_be_null =
        !(to->flags & ARROW_FLAG_NULLABLE) && from->flags & ARROW_FLAG_NULLABLE && !at.may_be_null_above;
    if (is_nested(&plan->from) != is_nested(&plan->to))
        return do_not_fit(from, to, at.path, err);
    return is_nested(&plan->to) ? plan_nested(p, plan, from, to, at, err) : plan_flat(plan, from, to, err);
}

/* NOLINTEND(misc-no-recursion) */

int pq_adapt_plan_column(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id,
                         const char *path, nl_arena *arena, const struct pq_adapt **out, nl_error *err)
{
    struct planner p = {by_field_id, arena};
    struct place at = {.path = nl_arena_strdup(arena, path)};
    *out = NULL;
    return at.path ? plan_field(&p, from, to, at, out, err) : nl_fail_memory(err);
}

int pq_adapt_plan(const struct ArrowSchema *from, const struct ArrowSchema *to, bool by_field_id, nl_arena *arena,
                  const struct pq_adapt **out, nl_error *err)
{
    return pq_adapt_plan_column(from, to, by_field_id, "", arena, out, err);
}

bool pq_adapt_is_identity(const struct pq_adapt *plan)
{
    return plan->step == PQ_ADAPT_KEEP && !plan->must_not_be_null;
}
