/* aws_answer.c: what services that hand out keys answer, what a program prints, and the line that names it. The first
 * byte chooses. */
#include <stdint.h>
#include <string.h>

#include "store/credentials/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys become header lines. */
static void check(const struct store_answer *a)
{
    if (!store_key_ok(a->access, 4096) || !store_key_ok(a->secret, 4096) ||
        (a->token && !store_key_ok(a->token, 32768)))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    nl_arena arena = {0};
    struct store_answer answer;
    char refusal[400], **argv;
    nl_buf text = {0};
    if (nl_buf_append(&text, data + 1, size - 1, NULL))
        return 0;
    int kind = data[0] % 8;
    if (kind <= STORE_ANSWER_SSO) {
        if (!store_answer_json(&arena, (enum store_answer_kind)kind, text.data, text.len, &answer, NULL))
            check(&answer);
    } else if (kind == 4) {
        if (!store_answer_sts(&arena, "AssumeRoleResponse", text.data, text.len, &answer, NULL))
            check(&answer);
    } else if (kind == 5) {
        if (!store_split_command(&arena, text.data, &argv, NULL) && !argv[0])
            __builtin_trap();
    } else if (kind == 6) {
        int64_t seconds;
        store_answer_date(text.data, &seconds);
    } else {
        store_container_host_ok(text.data);
    }
    store_answer_refusal(text.data, text.len, refusal);
    if (strpbrk(refusal, "\r\n"))
        __builtin_trap();
    nl_buf_free(&text);
    nl_arena_free(&arena);
    return 0;
}
