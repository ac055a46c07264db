/* geo.h: GEOMETRY and GEOGRAPHY in the words of GeoArrow: WKB in binary columns, "ARROW:extension:name" geoarrow.wkb. */
#ifndef NL_PARQUET_READ_GEO_H
#define NL_PARQUET_READ_GEO_H

#include <stdbool.h>

#include "base/buf.h"
#include "parquet/format/metadata.h"

/* Append what "ARROW:extension:metadata" says of the column: {"crs":"OGC:CRS84","edges":"spherical"}.
 *
 * The coordinate system is PROJJSON where the file has an object, a number of the file's own data base behind "srid:", else the text as
 * it stands; where the file says none it is longitude and latitude, as the format has it. Edges are planar where none are named.
 * *known false, and nothing appended: another logical type, or edges that the format did not have when this was written.
 * NL_NO_MEMORY. Spec: parquet-format, Geospatial.md; GeoArrow, "Extension metadata". */
int pq_geo_metadata(const struct pq_logical *l, bool *known, nl_buf *out, nl_error *err);

#endif
