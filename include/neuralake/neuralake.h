/* neuralake/neuralake.h: the umbrella; includes every public header.
 *
 *     error.h    errors by value                 arrow.h     columns in memory (Arrow C data interface)
 *     io.h       byte sources and sinks          store.h     S3 and local folders
 *     parquet.h  Parquet files                   catalog.h   tables declared as code
 *     query.h    SQL over a catalog (DuckDB)     version.h   this library's version
 */
#ifndef NEURALAKE_NEURALAKE_H
#define NEURALAKE_NEURALAKE_H

#include <neuralake/arrow.h>
#include <neuralake/catalog.h>
#include <neuralake/error.h>
#include <neuralake/io.h>
#include <neuralake/parquet.h>
#include <neuralake/query.h>
#include <neuralake/store.h>
#include <neuralake/version.h>

#endif
