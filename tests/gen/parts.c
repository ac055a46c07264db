/* tests/gen/parts.c: the sample to the letter, the rule behind it, and the same rows in any batch size. */
#include "gen/parts.h"

#include <errno.h>
#include <stdio.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

static const struct arrow_type string = {.kind = ARROW_STRING};

static struct ArrowArrayStream start(int64_t rows, int64_t batch_rows)
{
    struct ArrowArrayStream s;
    nl_error err = {0};
    CHECK_OK(gen_parts_stream(rows, batch_rows, &s, &err), err);
    return s;
}

static struct ArrowArray next(struct ArrowArrayStream *s)
{
    struct ArrowArray a;
    nl_error err = {0};
    CHECK_OK(arrow_stream_next(s, &a, &err), err);
    return a;
}

static void check_row(const struct ArrowArray *batch, int64_t row, int64_t key, const char *name, const char *brand,
                      double price)
{
    size_t len;
    if (!batch->children) {
        fail_msg("a batch without columns");
        return;
    }
    CHECK_INT(((const int64_t *)batch->children[0]->buffers[1])[row], key);
    const uint8_t *s = arrow_bytes_at(batch->children[1], &string, row, &len);
    CHECK_INT(len, strlen(name));
    CHECK_MEM(s, name, len);
    s = arrow_bytes_at(batch->children[2], &string, row, &len);
    CHECK_INT(len, strlen(brand));
    CHECK_MEM(s, brand, len);
    CHECK(((const double *)batch->children[3]->buffers[1])[row] == price);
}

static void the_sample(void **state)
{
    (void)state;
    struct ArrowArrayStream s = start(gen_parts.default_rows, 0);
    struct ArrowArray a = next(&s);
    CHECK_INT(a.length, 5);
    CHECK_INT(a.n_children, 4);
    check_row(&a, 0, 1, "Part#1", "Brand#1", 10);
    check_row(&a, 1, 2, "Part#2", "Brand#2", 20);
    check_row(&a, 2, 3, "Part#3", "Brand#3", 30);
    check_row(&a, 3, 4, "Part#4", "Brand#1", 40);
    check_row(&a, 4, 5, "Part#5", "Brand#2", 50);
    arrow_array_release(&a);
    a = next(&s);
    CHECK(!a.release);
    arrow_stream_release(&s);
    const struct gen_column *c = gen_parts.columns;
    static const char *const names[] = {"p_partkey", "p_name", "p_brand", "p_retailprice"}, *const formats[] = {"l",
                                                                                                                "u",
                                                                                                                "u",
                                                                                                                "g"};
    for (size_t i = 0; i < 4; i++) {
        CHECK_STR(c[i].name, names[i]);
        CHECK_STR(c[i].format, formats[i]);
        CHECK_INT(c[i].nullable, i > 0);
    }
}

/* The rule for any key, spelled out. */
static void check_by_rule(const struct ArrowArray *batch, int64_t row, int64_t key)
{
    char name[32], brand[16];
    snprintf(name, sizeof(name), "Part#%lld", (long long)key);
    snprintf(brand, sizeof(brand), "Brand#%d", (int)((key - 1) % 3 + 1));
    check_why("key %lld", (long long)key);
    check_row(batch, row, key, name, brand, 10.0 * (double)((key - 1) % 10000 + 1));
}

static void every_row_follows_the_rule_in_any_batch_size(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 7, 1000, 9999, 65536, 1 << 20, INT64_MAX};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        int64_t rows = sizes[i] < 100 ? 2000 : 120000, key = 0;
        struct ArrowArrayStream s = start(rows, sizes[i]);
        for (struct ArrowArray a = next(&s); a.release; a = next(&s)) {
            int64_t left = rows - key;
            CHECK_INT(a.length, left < sizes[i] ? left : sizes[i]);
            for (int64_t row = 0; row < a.length; row++)
                check_by_rule(&a, row, ++key);
            arrow_array_release(&a);
        }
        CHECK_INT(key, rows);
        arrow_stream_release(&s);
    }
}

/* Ten million rows: lengths, a few rows of each batch, and batches that outlive the stream. */
static void many_rows(void **state)
{
    (void)state;
    enum { ROWS = 10000000 };
    struct ArrowArrayStream s = start(ROWS, 0);
    struct ArrowArray last = {0};
    int64_t key = 0;
    for (struct ArrowArray a = next(&s); a.release; a = next(&s)) {
        arrow_array_release(&last);
        check_by_rule(&a, 0, key + 1);
        check_by_rule(&a, a.length - 1, key + a.length);
        key += a.length;
        arrow_array_move(&a, &last);
    }
    CHECK_INT(key, ROWS);
    arrow_stream_release(&s);
    check_by_rule(&last, last.length - 1, ROWS);
    arrow_array_release(&last);
}

static void no_rows_and_impossible_rows(void **state)
{
    (void)state;
    struct ArrowArrayStream s = start(0, 0);
    struct ArrowArray a = next(&s);
    CHECK(!a.release);
    arrow_stream_release(&s);
    nl_error err = {0};
    CHECK_FAILS(gen_parts_stream(-1, 0, &s, &err), NL_INVALID, err, "negative");
    CHECK_FAILS(gen_parts_stream(1, -1, &s, &err), NL_INVALID, err, "negative");
    CHECK(!s.release);
    s = start(INT64_MAX, 10); /* asks for nothing before it is read */
    arrow_stream_release(&s);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowArrayStream s = {0};
        struct ArrowArray a = {0};
        int rc = gen_parts_stream(100, 50, &s, NULL);
        for (int i = 0; i < 3 && rc == NL_OK; i++) {
            arrow_array_release(&a);
            rc = arrow_stream_next(&s, &a, NULL);
        }
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        arrow_array_release(&a);
        arrow_stream_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample),
        cmocka_unit_test(every_row_follows_the_rule_in_any_batch_size),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(no_rows_and_impossible_rows),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("gen_parts", tests, NULL, NULL);
}
