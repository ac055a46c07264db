/* tests/parquet/encoding/split_encode.c: every width and length against the definition, and back through the decoder. */
#include "parquet/encoding/split_encode.h"

#include <stdlib.h>

#include "base/str.h"
#include "parquet/encoding/values.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

static void streams_are_where_the_definition_says(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 2, 3, 4, 5, 8, 12, 16, 17};
    struct rng rng = rng_seed("split");
    for (size_t w = 0; w < NL_LEN(widths); w++)
        for (size_t n = 0; n < 600; n += n < 70 ? 1 : 97) {
            size_t width = widths[w];
            nl_buf out = {0};
            nl_error err = {0};
            uint8_t *in = malloc(n * width + 1), *back = malloc(n * width + 1); /* in: from an odd address on */
            check_why("width %zu, %zu values", width, n);
            CHECK(in && back);
            for (size_t i = 0; i < n * width; i++)
                in[i + 1] = (uint8_t)rng_next(&rng);
            CHECK_OK(nl_buf_puts(&out, "before", &err), err);
            CHECK_OK(pq_split_encode(in + 1, n, width, &out, &err), err);
            CHECK_INT(out.len, 6 + n * width);
            CHECK_MEM(out.data, "before", 6);
            for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < width; k++)
                    CHECK_INT((uint8_t)out.data[6 + k * n + i], in[1 + i * width + k]);
            pq_values_join(back, (const uint8_t *)out.data + 6, n, n, width);
            CHECK_MEM(back, in + 1, n * width);
            nl_buf_free(&out);
            free(in);
            free(back);
        }
}

static void no_memory(void **state)
{
    (void)state;
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_FAILS(pq_split_encode("", SIZE_MAX, 8, &out, &err), NL_NO_MEMORY, err, NULL);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        int rc = pq_split_encode("12345678", 1, 8, &out, &err);
        CHECK(fault_off(&f) ? rc == NL_NO_MEMORY && !out.len : rc == NL_OK && out.len == 8);
    }
    nl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_where_the_definition_says),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("parquet/encoding/split_encode", tests, NULL, NULL);
}
