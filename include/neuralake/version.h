/* neuralake/version.h: the version of the headers, and of the library that is linked. Semantic versioning. */
#ifndef NEURALAKE_VERSION_H
#define NEURALAKE_VERSION_H

#include <neuralake/export.h>

#define NL_VERSION "0.1.0"

/* The library's own version, "0.1.0"; compare with NL_VERSION. Static. */
NL_API const char *nl_version(void);

#endif
