/* version.c: the version of the library, which a program compares with that of its headers. */
#include <neuralake/version.h>

const char *nl_version(void)
{
    return NL_VERSION;
}
