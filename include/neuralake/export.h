/* neuralake/export.h: what is public. Everything else is hidden in the shared library and local in the static one. */
#ifndef NEURALAKE_EXPORT_H
#define NEURALAKE_EXPORT_H

#define NL_API __attribute__((visibility("default")))

#endif
