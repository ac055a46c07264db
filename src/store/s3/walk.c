/* walk.c: see walk.h. */
#include "store/s3/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/s3/split.h"

struct entry {
    const char *key;
    nl_object_info info;
};

/* A page without its XML. */
struct page {
    struct page *next;
    nl_arena arena;
    struct entry *entries;
    size_t n;
};

struct segment {
    struct segment *next;
    char *after, *until, *token; /* NULL: none */
    struct store_call *call;     /* on its way */
    struct page *first, *last;
    bool ended;     /* no further page is to be asked for */
    unsigned given; /* pages, since it was last cut */
};

struct walk {
    struct store_client *client;
    const char *bucket, *prefix;
    nl_list_fn fn;
    void *ctx;
    struct segment *segments; /* the first one is given */
    size_t calls, pages;      /* on their way; kept */
    nl_buf uri, last;         /* of the entry; the last key that was given */
    bool uncut;               /* V4 */
};

/* ── segments and pages ── */

static void page_free(struct page *p)
{
    nl_arena_free(&p->arena);
    free(p);
}

static void segment_free(struct segment *s)
{
    for (struct page *p; (p = s->first);) {
        s->first = p->next;
        page_free(p);
    }
    store_call_drop(s->call);
    free(s->after);
    free(s->until);
    free(s->token);
    free(s);
}

/* A segment behind s, from `after` on, which s then ends with. */
static int cut(struct segment *s, const char *after, nl_error *err)
{
    struct segment *more = calloc(1, sizeof *more);
    char *from = strdup(after), *until = strdup(after);
    if (!more || !from || !until) {
        free(more);
        free(from);
        free(until);
        return nl_fail_memory(err);
    }
    *more = (struct segment){.next = s->next, .after = from, .until = s->until};
    s->until = until;
    s->next = more;
    return NL_OK;
}

/* The entries of a page as far as they belong to the segment; *beyond: others came. */
static int page_read(const struct store_page *x, const char *until, struct page *p, bool *beyond, nl_error *err)
{
    size_t n = 0;
    int rc = NL_OK;
    for (const s3_xml_node *c = s3_xml_child(x->root, "Contents"); c; c = s3_xml_again(c))
        n++;
    p->entries = nl_arena_array(&p->arena, n, sizeof *p->entries);
    if (!p->entries)
        return nl_fail_memory(err);
    nl_buf key = {0};
    for (const s3_xml_node *c = s3_xml_child(x->root, "Contents"); c && !rc; c = s3_xml_again(c)) {
        struct entry *e = &p->entries[p->n];
        nl_buf_clear(&key);
        rc = store_page_key(c, false, x->encoded, &key, err);
        if (!rc && until && strcmp(key.data, until) > 0) {
            *beyond = true;
            break;
        }
        if (!rc)
            rc = store_page_entry(c, false, &e->info, err);
        if (!rc && !(e->key = nl_arena_strdup(&p->arena, key.data)))
            rc = nl_fail_memory(err);
        p->n += !rc;
    }
    nl_buf_free(&key);
    return rc;
}

/* ── requests ── */

/* Ask for keys. more: the pairs of the query beyond those that all have. */
static int ask(struct walk *w, const char *prefix, unsigned most, const s3_pair *more, size_t n_more,
               struct store_call **out, nl_error *err)
{
    char keys[16];
    snprintf(keys, sizeof keys, "%u", most);
    s3_pair query[6] = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}, {"max-keys", keys}};
    size_t n = 4;
    for (size_t i = 0; i < n_more; i++)
        query[n++] = more[i];
    struct store_request r = {.method = "GET", .bucket = w->bucket, .query = query, .n_query = n};
    int rc = store_call_new(w->client, &r, out, err);
    if (!rc)
        rc = store_call_submit(*out, err);
    if (rc) {
        store_call_free(*out);
        *out = NULL;
    }
    return rc;
}

/* The next page of a segment. */
static int ask_segment(struct walk *w, struct segment *s, nl_error *err)
{
    s3_pair more[2];
    size_t n = 0;
    if (s->token)
        more[n++] = (s3_pair){"continuation-token", s->token};
    else if (s->after)
        more[n++] = (s3_pair){"start-after", s->after};
    int rc = ask(w, w->prefix, w->client->tuning.list_page, more, n, &s->call, err);
    w->calls += !rc;
    return rc;
}

/* The call of a segment has ended: its page, and where it goes on. */
static int take(struct walk *w, struct segment *s, nl_error *err)
{
    struct store_call *call = s->call;
    struct store_page x = {0};
    nl_arena arena = {0};
    char *next = NULL;
    bool beyond = false;
    struct page *p = calloc(1, sizeof *p);
    int rc = store_call_result(call, err);
    if (!rc) {
        rc = p ? store_page_parse(&arena, &call->text, &x, err) : nl_fail_memory(err);
        if (rc)
            nl_note(err, "%s", call->uri);
    }
    if (!rc && x.next && s->token && !strcmp(s->token, x.next))
        rc = nl_fail(err, NL_IO, "%s: the listing does not move on", call->uri);
    if (!rc && x.next && !(next = strdup(x.next)))
        rc = nl_fail_memory(err);
    if (!rc)
        rc = page_read(&x, s->until, p, &beyond, err);
    nl_arena_free(&arena);
    store_call_free(call);
    s->call = NULL;
    w->calls--;
    free(s->token);
    s->token = next;
    s->ended = !next || beyond;
    if (rc) {
        if (p)
            page_free(p);
        return rc;
    }
    *(s->first ? &s->last->next : &s->first) = p;
    s->last = p;
    w->pages++;
    return NL_OK;
}

/* Take what has come, and ask for what is next, front first (V2). The front is asked for whatever is kept. */
static int advance(struct walk *w, nl_error *err)
{
    int rc = NL_OK;
    for (struct segment *s = w->segments; s && !rc; s = s->next) {
        if (s->call && store_call_ended(s->call))
            rc = take(w, s, err);
        bool wanted = !rc && !s->call && !s->ended;
        bool room = w->calls < WALK_CALLS && w->pages + w->calls < WALK_PAGES;
        if (wanted && (room || (s == w->segments && !s->first)))
            rc = ask_segment(w, s, err);
    }
    return rc;
}

/* ── cutting ── */

/* A place to cut: `at`, behind which `first` is the first key (NULL: not asked). */
struct place {
    const char *at, *first;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_place(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->at, ((const struct place *)b)->at);
}

/* What a guess found: the first key behind it. *key NULL: none, or no answer that could be used. */
static int guessed(struct walk *w, struct store_call *call, const char *guess, nl_arena *arena, const char **key,
                   nl_error *err)
{
    struct store_page x = {0};
    nl_arena own = {0};
    nl_buf found = {0};
    *key = NULL;
    int rc = store_call_wait(call, NULL, err);
    if (rc || store_call_result(call, NULL) || store_page_parse(&own, &call->text, &x, NULL)) {
        w->uncut = true;
    } else if (s3_xml_child(x.root, "Contents")) {
        rc = store_page_key(s3_xml_child(x.root, "Contents"), false, x.encoded, &found, err);
        w->uncut |= !rc && strcmp(found.data, guess) <= 0;
        if (!rc && !(*key = nl_arena_strdup(arena, found.data)))
            rc = nl_fail_memory(err);
    }
    nl_buf_free(&found);
    nl_arena_free(&own);
    return rc;
}

/* The folders that one level of the store has, as places to cut: "a/b/" is cut behind "a/b.", which sorts before it. */
static int folders(struct store_call *call, nl_arena *arena, struct place *out, size_t *n, size_t most, nl_error *err)
{
    struct store_page x = {0};
    nl_arena own = {0};
    nl_buf key = {0};
    int rc = store_call_wait(call, NULL, err);
    if (!rc && !store_call_result(call, NULL) && !store_page_parse(&own, &call->text, &x, NULL)) {
        const s3_xml_node *p = s3_xml_child(x.root, "CommonPrefixes");
        for (; p && !rc && *n < most; p = s3_xml_again(p)) {
            nl_buf_clear(&key);
            rc = store_page_key(p, true, x.encoded, &key, err);
            char *place = rc ? NULL : nl_arena_strdup(arena, key.data);
            if (!rc && !place)
                rc = nl_fail_memory(err);
            if (place && key.len > 1 && place[key.len - 1] == '/') {
                place[key.len - 1] = '.';
                out[(*n)++] = (struct place){place, NULL};
            }
        }
    }
    nl_buf_free(&key);
    nl_arena_free(&own);
    return rc;
}

enum { levels_most = 4, places_most = WALK_GUESSES + levels_most * 1000, segments_most = 64 };

/* What is asked to find the cuts. */
struct probes {
    const char *guesses[WALK_GUESSES];
    struct store_call *calls[WALK_GUESSES], *levels[levels_most];
    size_t n, n_levels;
    struct place *places; /* found; places_most */
    size_t n_places;
    nl_arena arena;
};

/* Ask for a key behind each guess, and for the folders beside those that the last key lies in. */
static int probe(struct walk *w, const struct segment *s, struct probes *p, nl_error *err)
{
    const char *last = w->last.data;
    size_t prefix = strlen(w->prefix);
    size_t n = store_split_guess(&p->arena, last, prefix, s->until, p->guesses, WALK_GUESSES);
    int rc = n == SIZE_MAX ? nl_fail_memory(err) : NL_OK;
    if (!rc)
        qsort(p->guesses, n, sizeof p->guesses[0], by_name);
    const char *deepest = strrchr(last, '/');
    for (const char *slash = last + prefix; !rc && deepest && p->n_levels < levels_most; slash++) {
        /* The level that begins at slash ends at a "/" of its own. */
        if (slash > deepest)
            break;
        if (slash != last + prefix && slash[-1] != '/')
            continue;
        char *level = nl_arena_strndup(&p->arena, last, (size_t)(slash - last));
        s3_pair more[2] = {{"delimiter", "/"}, {"start-after", last}};
        rc = level ? ask(w, level, 1000, more, 2, &p->levels[p->n_levels], err) : nl_fail_memory(err);
        p->n_levels += !rc;
    }
    for (size_t i = 0; !rc && i < n; i++, p->n += !rc)
        rc = ask(w, w->prefix, 1, &(s3_pair){"start-after", p->guesses[i]}, 1, &p->calls[i], err);
    return rc;
}

/* The answers: the places behind which keys lie, in their order. */
static int gather(struct walk *w, struct probes *p, nl_error *err)
{
    const char *first;
    int rc = NL_OK;
    for (size_t i = 0; !rc && i < p->n_levels; i++)
        rc = folders(p->levels[i], &p->arena, p->places, &p->n_places, places_most - WALK_GUESSES, err);
    for (size_t i = 0; !rc && i < p->n; i++) {
        rc = guessed(w, p->calls[i], p->guesses[i], &p->arena, &first, err);
        if (!rc && first)
            p->places[p->n_places++] = (struct place){p->guesses[i], first};
    }
    if (!rc)
        qsort(p->places, p->n_places, sizeof p->places[0], by_place);
    return rc;
}

/* Drop the places with no key before the next one; returns how many are left inside the segment, behind `from`. */
static size_t useful(struct place *places, size_t n, const char *from, const char *until)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct place p = places[i];
        bool inside = strcmp(p.at, from) > 0 && (!until || strcmp(p.at, until) < 0);
        bool empty =
            p.first && ((i + 1 < n && strcmp(places[i + 1].at, p.first) < 0) || (until && strcmp(p.first, until) > 0));
        bool again = kept && !strcmp(places[kept - 1].at, p.at);
        if (inside && !empty && !again)
            places[kept++] = p;
    }
    return kept;
}

/* Cut the segment at the places, evenly thinned where there are too many. */
static int cut_at(struct walk *w, struct segment *s, struct probes *p, nl_error *err)
{
    int rc = NL_OK;
    const char *from = w->last.data; /* the last key that came; the last page may be empty */
    for (const struct page *page = s->first; page; page = page->next)
        if (page->n)
            from = page->entries[page->n - 1].key;
    size_t n = useful(p->places, p->n_places, from, s->until), step = n / segments_most + 1;
    for (size_t i = 0; !rc && i < n; i += step, s = s->next)
        rc = cut(s, p->places[i].at, err);
    return rc;
}

/* Cut the front segment, where places to do so are found. */
static int split(struct walk *w, nl_error *err)
{
    struct segment *s = w->segments;
    struct probes *p = calloc(1, sizeof *p);
    if (!p)
        return nl_fail_memory(err);
    p->places = calloc(places_most, sizeof *p->places);
    int rc = p->places ? probe(w, s, p, err) : nl_fail_memory(err);
    if (!rc)
        rc = gather(w, p, err);
    if (!rc && !w->uncut && !s->ended)
        rc = cut_at(w, s, p, err);
    s->given = 0;
    for (size_t i = 0; i < p->n; i++)
        store_call_drop(p->calls[i]);
    for (size_t i = 0; i < p->n_levels; i++)
        store_call_drop(p->levels[i]);
    nl_arena_free(&p->arena);
    free(p->places);
    free(p);
    return rc;
}

/* ── giving ── */

static int give(struct walk *w, const struct page *p, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < p->n && !rc; i++) {
        const struct entry *e = &p->entries[i];
        const char *before = i ? p->entries[i - 1].key : w->last.len ? w->last.data : "";
        w->uncut |= strcmp(before, e->key) >= 0;
        nl_buf_clear(&w->uri);
        rc = nl_buf_printf(&w->uri, err, "s3://%s/%s", w->bucket, e->key);
        if (!rc)
            rc = w->fn(w->ctx, w->uri.data, false, &e->info, err);
    }
    if (!rc && p->n) {
        nl_buf_clear(&w->last);
        rc = nl_buf_puts(&w->last, p->entries[p->n - 1].key, err);
    }
    return rc;
}

/* Is it time to cut the front segment? After some pages, and then where most of what could be on its way is not. */
static bool is_long(const struct walk *w)
{
    const struct segment *s = w->segments;
    return !w->uncut && !s->ended && w->last.len && s->given >= w->client->tuning.list_split && w->calls < 8;
}

/* Give the next page of the front segment, or go on to the one behind it. */
static int step(struct walk *w, nl_error *err)
{
    struct segment *s = w->segments;
    int rc = advance(w, err);
    if (rc)
        return rc;
    struct page *p = s->first;
    if (p) {
        s->first = p->next;
        w->pages--;
        s->given++;
        rc = give(w, p, err);
        page_free(p);
        return !rc && is_long(w) ? split(w, err) : rc;
    }
    if (s->call)
        return store_call_wait(s->call, NULL, err);
    w->segments = s->next;
    segment_free(s);
    return NL_OK;
}

int store_walk(struct store_client *c, const char *bucket, const char *prefix, nl_list_fn fn, void *ctx, nl_error *err)
{
    struct walk w = {.client = c, .bucket = bucket, .prefix = prefix, .fn = fn, .ctx = ctx};
    w.segments = calloc(1, sizeof *w.segments);
    int rc = w.segments ? NL_OK : nl_fail_memory(err);
    while (!rc && w.segments)
        rc = step(&w, err);
    for (struct segment *s; (s = w.segments);) {
        w.segments = s->next;
        segment_free(s);
    }
    nl_buf_free(&w.uri);
    nl_buf_free(&w.last);
    return rc;
}
