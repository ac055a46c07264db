"""What few files have, as other programs write and read it: intervals, decimals of more than 38 digits, geometry, encryption.

pyarrow and DuckDB write files; ours shows their values, and writes them anew so that the peers see what was there.
(parquet_java.py does the same with parquet-java's.) Skipped (77) where the peers are missing.

ctest: duckdb
"""
import base64
import decimal
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import unit  # noqa: E402

try:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = os.environ.get("NEURALAKE", "build/neuralake")
SCRATCH = tempfile.TemporaryDirectory()
decimal.getcontext().prec = 100


def path(name):
    return os.path.join(SCRATCH.name, name)


def run(*words):
    """(exit code, output, messages)"""
    done = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def good(*words):
    code, out, messages = run(*words)
    if code:
        raise AssertionError(messages)
    return out


def rows(file):
    return [json.loads(line) for line in good("parquet", "cat", "--format", "ndjson", file).splitlines()]


class Intervals(unittest.TestCase):
    """FIXED_LEN_BYTE_ARRAY(12): months, days, milliseconds."""

    def setUp(self):
        self.file = path("intervals.parquet")
        duckdb.execute(f"""COPY (SELECT * FROM (VALUES (INTERVAL '14 months 2 days 3 milliseconds'), (NULL),
            (INTERVAL '0 days'), (INTERVAL '25 hours')) t(i)) TO '{self.file}'""")

    def test_they_are_durations_of_iso_8601(self):
        self.assertEqual([r["i"] for r in rows(self.file)], ["P1Y2M2DT0.003S", None, "PT0S", "P1DT1H"])

    def test_sql_has_them_as_intervals(self):
        self.assertIn("INTERVAL", good("query", f"SELECT typeof(i) FROM '{self.file}' LIMIT 1"))
        out = good("query", "--format", "csv", f"SELECT i FROM '{self.file}' WHERE i > INTERVAL '26 hours'")
        self.assertEqual(out.split(), ["i", "P1Y2M2DT0.003S"])

    def test_written_anew_they_are_the_same(self):
        again = path("intervals_again.parquet")
        good("parquet", "rewrite", self.file, again)
        for query in ("SELECT * FROM '{}'", "SELECT converted_type FROM parquet_schema('{}') WHERE name = 'i'"):
            self.assertEqual(duckdb.execute(query.format(again)).fetchall(),
                             duckdb.execute(query.format(self.file)).fetchall())
        self.assertFalse(pq.read_metadata(again).row_group(0).column(0).statistics.has_min_max)


class WideDecimals(unittest.TestCase):
    """39 to 76 digits."""

    WAYS = {
        "dictionary": {},
        "plain": {"use_dictionary": False},
        "split": {"use_dictionary": False, "column_encoding": {"d": "BYTE_STREAM_SPLIT", "e": "BYTE_STREAM_SPLIT"}},
        "prefixes": {"use_dictionary": False, "column_encoding": {"d": "DELTA_BYTE_ARRAY", "e": "DELTA_BYTE_ARRAY"}},
        "v2, nulls alone in a page": {"data_page_version": "2.0", "data_page_size": 64},
    }

    def setUp(self):
        some = [decimal.Decimal(t) for t in ("1" * 76, "-1", "-" + "9" * 76, "0", "9" * 76)]
        small = [decimal.Decimal(t).scaleb(-38) for t in ("1" * 39, "-1", "-" + "9" * 39, "0", "7" * 20)]
        nulls = [None] * 50
        self.table = pa.table({"d": pa.array(some + nulls + some, pa.decimal256(76, 0)),
                               "e": pa.array(small + nulls + small, pa.decimal256(39, 38)),
                               "l": pa.array([[d, None] for d in small] + [None] * 50 + [[]] * 5,
                                             pa.list_(pa.decimal256(39, 38)))})

    def test_in_every_encoding(self):
        for why, options in self.WAYS.items():
            with self.subTest(why):
                file, again = path("wide.parquet"), path("wide_again.parquet")
                pq.write_table(self.table, file, **options)
                for name in ("d", "e"):
                    seen = [r[name] and decimal.Decimal(r[name]) for r in rows(file)]
                    self.assertEqual(seen, self.table[name].to_pylist())
                good("parquet", "rewrite", file, again)
                self.assertTrue(pq.read_table(again).equals(self.table))
                good("parquet", "check", file, again)

    def test_sql_says_which_column_it_cannot_read(self):
        file = path("wide_sql.parquet")
        pq.write_table(self.table.append_column("n", pa.array(range(60))), file)
        self.assertIn("1770", good("query", "--format", "csv", f"SELECT sum(n) FROM '{file}'"))
        code, _, messages = run("query", f"SELECT d FROM '{file}'")
        self.assertEqual(code, 1, messages)
        self.assertIn("column d", messages)

    def test_bounds_are_shown_whole(self):
        file = path("wide_bounds.parquet")
        pq.write_table(self.table, file)
        chunk = json.loads(good("parquet", "inspect", "--format", "json", file))["row_groups"][0]["chunks"][0]
        self.assertEqual((chunk["min"], chunk["max"]), ("-" + "9" * 76, "9" * 76))


class Geometry(unittest.TestCase):
    """WKB, with its coordinate system and the edges between points."""

    def test_what_geoarrow_says_stays(self):
        for told, logical in (({"crs": "5070", "crs_type": "srid"}, "Geometry(crs=srid:5070)"),
                              ({"crs": "EPSG:3857"}, "Geometry(crs=EPSG:3857)"),
                              ({"crs": {"type": "ProjectedCRS"}, "crs_type": "projjson"},
                               'Geometry(crs={"type":"ProjectedCRS"})'),
                              ({"crs": "OGC:CRS84", "edges": "karney"}, "Geography(crs=, algorithm=karney)"),
                              ({"crs": "4326", "crs_type": "srid", "edges": "spherical"},
                               "Geography(crs=srid:4326, algorithm=spherical)")):
            with self.subTest(logical):
                self.check(told, logical)

    def check(self, told, logical):
        """From Arrow's words, which a file without geometry types has in ARROW:schema, to Parquet's and back."""
        meta = {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": json.dumps(told)}
        point = bytes.fromhex("0101000000000000000000f03f0000000000000040")
        schema = pa.schema([pa.field("g", pa.binary(), metadata=meta), pa.field("n", pa.list_(
            pa.field("element", pa.binary(), metadata=meta)))])
        plain, once, twice = path("geo.parquet"), path("geo1.parquet"), path("geo2.parquet")
        pq.write_table(pa.table([[point, None], [[point], None]], schema=schema), plain)
        good("parquet", "rewrite", plain, once)
        good("parquet", "rewrite", once, twice)
        for file in (once, twice):
            peer = pq.ParquetFile(file).schema
            self.assertEqual([str(peer.column(i).logical_type) for i in range(2)], [logical] * 2)
            self.assertEqual([r["g"] for r in rows(file)], ["AQEAAAAAAAAAAADwPwAAAAAAAABA", None])

    def test_duckdbs_own(self):
        file, again = path("duck_geo.parquet"), path("duck_geo_again.parquet")
        try:
            duckdb.execute(f"COPY (SELECT 'POINT(1 2)'::GEOMETRY AS g) TO '{file}' (GEOPARQUET_VERSION 'V2')")
        except duckdb.Error as e:
            self.skipTest(str(e).splitlines()[0])
        good("parquet", "rewrite", file, again)
        self.assertIn("GEOMETRY", good("parquet", "inspect", file))
        for query in ("SELECT g FROM '{}'", "SELECT logical_type FROM parquet_schema('{}') WHERE name = 'g'"):
            self.assertEqual(duckdb.execute(query.format(again)).fetchall(),
                             duckdb.execute(query.format(file)).fetchall())


class Encrypted(unittest.TestCase):
    """Refused by name; what is not encrypted is read."""

    def write(self, **how):
        try:
            import pyarrow.parquet.encryption as pe
        except ImportError as missing:
            self.skipTest(str(missing))

        class Keys(pe.KmsClient):
            def __init__(self, _):
                pe.KmsClient.__init__(self)

            def wrap_key(self, key, name):
                return base64.b64encode(key)

            def unwrap_key(self, key, name):
                return base64.b64decode(key)

        factory = pe.CryptoFactory(Keys)
        properties = factory.file_encryption_properties(
            pe.KmsConnectionConfig(), pe.EncryptionConfiguration(footer_key="f", column_keys={"k": ["secret"]}, **how))
        file = path("encrypted.parquet")
        table = pa.table({"open": [1, 2, 3], "secret": [4, 5, 6]})
        with pq.ParquetWriter(file, table.schema, encryption_properties=properties) as w:
            w.write_table(table)
        return file

    def test_columns_behind_a_plain_footer(self):
        file = self.write(plaintext_footer=True)
        out = good("parquet", "cat", "--columns", "open", "--format", "csv", file)
        self.assertEqual(out.split(), ["open", "1", "2", "3"])
        self.assertIn("6", good("query", "--format", "csv", f"SELECT sum(open) FROM '{file}'"))
        for words in (("parquet", "cat", file), ("query", f"SELECT secret FROM '{file}'")):
            code, _, messages = run(*words)
            self.assertEqual(code, 1)
            self.assertIn("row group 0, column secret: the column is encrypted", messages)
        good("parquet", "inspect", file)

    def test_the_footer(self):
        code, _, messages = run("parquet", "head", self.write(plaintext_footer=False))
        self.assertEqual(code, 1)
        self.assertIn("the footer is encrypted", messages)


unit.main()
