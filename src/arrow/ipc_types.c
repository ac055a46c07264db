/* ipc_types.c: Arrow's types as Schema.fbs numbers them. */
#include <stdint.h>

#include "arrow/ipc_schema.h"

const struct arrow_ipc_type arrow_ipc_types[] = {
    {"n", 1, {0}},       {"c", 2, {8, 1}},  {"C", 2, {8, 0}},    {"s", 2, {16, 1}},   {"S", 2, {16, 0}},
    {"i", 2, {32, 1}},   {"I", 2, {32, 0}}, {"l", 2, {64, 1}},   {"L", 2, {64, 0}},   {"e", 3, {0}},
    {"f", 3, {1}},       {"g", 3, {2}},     {"z", 4, {0}},       {"u", 5, {0}},       {"b", 6, {0}},
    {"tdD", 8, {0}},     {"tdm", 8, {1}},   {"tts", 9, {0, 32}}, {"ttm", 9, {1, 32}}, {"ttu", 9, {2, 64}},
    {"ttn", 9, {3, 64}}, {"tiM", 11, {0}},  {"tiD", 11, {1}},    {"tin", 11, {2}},    {"+l", 12, {0}},
    {"+s", 13, {0}},     {"tDs", 18, {0}},  {"tDm", 18, {1}},    {"tDu", 18, {2}},    {"tDn", 18, {3}},
    {"Z", 19, {0}},      {"U", 20, {0}},    {"+L", 21, {0}},     {"+r", 22, {0}},     {"vz", 23, {0}},
    {"vu", 24, {0}},     {"+vl", 25, {0}},  {"+vL", 26, {0}},    {"", 0, {0}},
};

const struct arrow_ipc_field arrow_ipc_fields[32][3] = {
    [2] = {{4, 0}, {1, 0}},                           /* bitWidth, is_signed */
    [3] = {{2, 0}},                                   /* precision */
    [ARROW_IPC_DECIMAL] = {{4, 0}, {4, 0}, {4, 128}}, /* precision, scale, bitWidth */
    [8] = {{2, 1}},                                   /* unit */
    [9] = {{2, 1}, {4, 32}},                          /* unit, bitWidth */
    [ARROW_IPC_TIMESTAMP] = {{2, 0}},                 /* unit; the time zone is a string */
    [11] = {{2, 0}},                                  /* unit */
    [ARROW_IPC_FIXED_BINARY] = {{4, 0}},              /* byteWidth */
    [ARROW_IPC_FIXED_LIST] = {{4, 0}},                /* listSize */
    [ARROW_IPC_MAP] = {{1, 0}},                       /* keysSorted */
    [18] = {{2, 1}},                                  /* unit */
};
