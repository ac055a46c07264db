#!/usr/bin/env python3
"""`neuralake query`, as a person types it: where SQL comes from, every format and type, limits, errors, Ctrl-C.

ctest: duckdb
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import C_CATALOG, CATALOG, Case, HEADER, LIMIT, PARTS, PROGRAM, Server, wait_for  # pylint: disable=wrong-import-position

# SQL, and what it is in JSON and as plain text.
VALUES = [
    ("NULL::INTEGER", "null", ""), ("true", "true", "true"), ("(-128)::TINYINT", "-128", "-128"),
    ("18446744073709551615::UBIGINT", "18446744073709551615", "18446744073709551615"), ("(-9223372036854775808)::BIGINT",) + ("-9223372036854775808",) * 2,
    ("170141183460469231731687303715884105727::HUGEINT", '"170141183460469231731687303715884105727"', "170141183460469231731687303715884105727"),
    ("(-1)::HUGEINT", '"-1"', "-1"), ("1.50::DECIMAL(4,2)", '"1.50"', "1.50"), ("(-0.05)::DECIMAL(38,10)", '"-0.0500000000"', "-0.0500000000"),
    ("99999.9::DECIMAL(9,1)", '"99999.9"', "99999.9"), ("0.1::DOUBLE", "0.1", "0.1"), ("1e300", "1e+300", "1e+300"),
    ("'nan'::DOUBLE", '"NaN"', "NaN"), ("'-inf'::FLOAT", '"-Infinity"', "-Infinity"), ("0.1::FLOAT", "0.1", "0.1"),
    ("'x'", '"x"', "x"), ("''", '""', '""'), ("'ünï 漢字 👍'", '"ünï 漢字 👍"', "ünï 漢字 👍"), ("'a,b'", '"a,b"', '"a,b"'),
    ("'q\"q'", '"q\\"q"', '"q""q"'), ("'a' || chr(10) || 'b'", '"a\\nb"', '"a\nb"'), ("chr(27)", '"\\u001b"', "\x1b"),
    ("DATE '2024-02-29'", '"2024-02-29"', "2024-02-29"), ("DATE '0044-03-15 (BC)'", '"-0043-03-15"', "-0043-03-15"),
    ("TIME '13:05:00.25'", '"13:05:00.250000"', "13:05:00.250000"), ("TIME '24:00:00'", '"24:00:00"', "24:00:00"),
    ("TIMESTAMP '2024-02-29 13:05:00'", '"2024-02-29T13:05:00"', "2024-02-29T13:05:00"),
    ("TIMESTAMP '1969-12-31 23:59:59.999999'", '"1969-12-31T23:59:59.999999"', "1969-12-31T23:59:59.999999"),
    ("TIMESTAMP_S '2024-02-29 13:05:00'", '"2024-02-29T13:05:00"', "2024-02-29T13:05:00"),
    ("TIMESTAMP_MS '2024-02-29 13:05:00.25'", '"2024-02-29T13:05:00.250"', "2024-02-29T13:05:00.250"),
    ("TIMESTAMP_NS '2024-02-29 13:05:00.123456789'", '"2024-02-29T13:05:00.123456789"', "2024-02-29T13:05:00.123456789"),
    ("TIMESTAMPTZ '2024-02-29 13:05:00+02'", '"2024-02-29T11:05:00Z"', "2024-02-29T11:05:00Z"),
    ("'\\x00ab\\xFF'::BLOB", '"AGFi/w=="', "AGFi/w=="), ("'b'::ENUM('a','b')", '"b"', "b"), ("NULL::ENUM('a')", "null", ""),
    ("UUID '550e8400-e29b-41d4-a716-446655440000'", '"550e8400-e29b-41d4-a716-446655440000"', "550e8400-e29b-41d4-a716-446655440000"),
    ("INTERVAL '1 year 2 months 3 days 04:05:06.5'", '"P1Y2M3DT4H5M6.5S"', "P1Y2M3DT4H5M6.5S"), ("INTERVAL '-90 minutes'", '"PT-1H-30M"', "PT-1H-30M"),
    ("INTERVAL 0 DAY", '"PT0S"', "PT0S"), ("NULL::INTERVAL", "null", ""),
    ("[1, NULL, 3]", "[1,null,3]", '"[1,null,3]"'), ("[]::INTEGER[]", "[]", "[]"), ("[[1], [], NULL]", "[[1],[],null]", '"[[1],[],null]"'),
    ("[1, 2, 3]::INTEGER[3]", "[1,2,3]", '"[1,2,3]"'), ("NULL::INTEGER[3]", "null", ""),
    ("{'a': 1, 'b': 'x', 'c': NULL}", '{"a":1,"b":"x","c":null}', '"{""a"":1,""b"":""x"",""c"":null}"'),
    ("MAP {'k': 1, 'l': 2}", '[{"key":"k","value":1},{"key":"l","value":2}]', '"[{""key"":""k"",""value"":1},{""key"":""l"",""value"":2}]"'),
    ("['b'::ENUM('a','b'), NULL]", '["b",null]', '"[""b"",null]"'), ("{'i': [INTERVAL 1 DAY]}", '{"i":["P1D"]}', '"{""i"":[""P1D""]}"'),
    ("'{\"a\": 1}'::JSON", '"{\\"a\\": 1}"', '"{""a"": 1}"'),
]


class Sql(Case):
    def test_where_sql_comes_from(self):
        want = "x\n1\n"
        self.write("q.sql", "-- a comment\nSELECT 1 AS x;\n")
        for words, data in ((["SELECT 1 AS x"], None), (["--file", "q.sql"], None), ([], b"SELECT 1 AS x"), (["-"], b"SELECT 1 AS x;\n"),
                            (["CREATE TABLE t AS SELECT 1 AS x; SELECT * FROM t"], None)):
            with self.subTest(words=words):
                self.assertEqual(self.ok("query", "--format", "csv", *words, data=data), want)
        self.fails(1, ["query", "--file", "nothing.sql"], "nothing.sql: No such file")
        self.fails(1, ["query", "--file", "."], "Is a directory")
        for empty in (b"", b" \n;\t", b"SELECT\x001"):
            self.fails(1, ["query"], "SQL", data=empty)

    def test_every_type_in_every_format(self):
        sql = "SELECT " + ", ".join(f"{v} AS c{i}" for i, (v, _, _) in enumerate(VALUES))
        row = "{" + ",".join(f'"c{i}":{v}' for i, (_, v, _) in enumerate(VALUES)) + "}"
        self.assertEqual(self.ok("query", "-f", "ndjson", sql), row + "\n")
        self.assertEqual(self.ok("query", "-f", "json", sql), f"[\n{row}\n]\n")
        json.loads(row)
        names = ",".join(f"c{i}" for i in range(len(VALUES)))
        self.assertEqual(self.ok("query", "-f", "csv", sql), names + "\n" + ",".join(v for _, _, v in VALUES) + "\n")
        for i, (value, _, _) in enumerate(VALUES):  # and each alone, so that a failure names it
            with self.subTest(value=value):
                table = self.ok("query", f"SELECT {value} AS c").split("\n")
                self.assertRegex(table[3], r"^1 row, ")
                self.assertEqual(self.ok("query", "-f", "markdown", f"SELECT {value} AS c").count("\n"), 3)
        text = self.ok("query", "SELECT INTERVAL 1 DAY AS i, [1] AS l, [1]::INTEGER[1] AS a, {'x': 1} AS s, MAP {'k': 1} AS m, NULL::VARCHAR AS n")
        self.assertEqual([re.split("  +", line.strip()) for line in text.split("\n")[:3]],
                         [["i", "l", "a", "s", "m", "n"],
                          ["INTERVAL", "INTEGER[]", "INTEGER[1]", "STRUCT(x INTEGER)", "MAP(VARCHAR, INTEGER)", "VARCHAR"],
                          ["P1D", "[1]", "[1]", '{"x":1}', '[{"key":"k","value":1}]', "NULL"]])

    def test_what_would_come_out_wrong_is_refused(self):
        for value in ("340282366920938463463374607431768211455::UHUGEINT", "TIMETZ '13:05:00+02'", "'101'::BIT", "'12345678901234567890'::BIGNUM"):
            with self.subTest(value=value):
                self.fails(1, ["query", f"SELECT {value} AS c"], "column 'c' is a ", "CAST(… AS VARCHAR)")
                self.ok("query", f"SELECT CAST({value} AS VARCHAR) AS c")
                for inside in (f"[{value}]", f"{{'a': {{'b': {value}}}}}", f"MAP {{1: [{value}]}}"):
                    self.fails(1, ["query", f"SELECT {inside} AS c"], "column 'c' holds a ", "CAST(… AS VARCHAR)")

    def test_tables_stay_in_shape(self):
        text = self.ok("query", "SELECT '漢字' AS a, 'x' || chr(10) || chr(9) || chr(27) || 'y' AS b, 'é' AS \"c\nd\", 7 AS n")
        lines = text.split("\n")
        self.assertEqual(len(lines), 5)
        self.assertNotIn("\x1b", text)
        self.assertEqual(lines[0], "a        b        c d            n")
        self.assertEqual(lines[2], "漢字     x   y    é              7")

    def test_csv_and_markdown_quote(self):
        sql = "SELECT 'a|b' AS \"x|y\", NULL AS n, '' AS e, 1.5 AS d"
        self.assertEqual(self.ok("query", "-f", "markdown", sql), "| x\\|y | n | e | d |\n| --- | ---: | --- | ---: |\n| a\\|b |  |  | 1.5 |\n")
        self.assertEqual(self.ok("query", "-f", "csv", sql), 'x|y,n,e,d\na|b,,"",1.5\n')

    def test_no_rows_and_many(self):
        self.assertRegex(self.ok("query", "SELECT 1 AS x WHERE false"), r"^ +x\nINTEGER\n0 rows, ")
        self.assertEqual(self.ok("query", "-f", "json", "SELECT 1 AS x WHERE false"), "[]\n")
        self.assertEqual(self.ok("query", "-f", "csv", "SELECT 1 AS x WHERE false"), "x\n")
        self.assertRegex(self.ok("query", "CREATE TABLE t(x INT)"), r"^done, ")
        text = self.ok("query", "--max-rows", "3", "SELECT * FROM range(10)")
        self.assertEqual(text.count("\n"), 2 + 3 + 1)
        self.assertIn("the first 3 rows are shown; --max-rows 0 shows all of them", text)
        self.assertRegex(self.ok("query", "--max-rows", "3", "SELECT * FROM range(3)"), r"\n3 rows, ")
        self.assertIn("the first 1000 rows are shown", self.ok("query", "SELECT * FROM range(1001)"))
        self.assertRegex(self.ok("query", "--max-rows", "0", "SELECT * FROM range(5000)"), r"\n5000 rows, ")
        self.assertEqual(self.ok("query", "-f", "csv", "--max-rows", "1", "SELECT * FROM range(100000)").count("\n"), 100001)
        self.assertEqual(self.ok("query", "-f", "csv", "--threads", "1", "SELECT sum(range)::BIGINT AS s FROM range(1000)"), "s\n499500\n")

    def test_files_and_catalogs(self):
        self.ok("generate", "parts")
        self.write("t.yaml", CATALOG)
        rows = [dict(zip(HEADER.split(","), p)) for p in PARTS]
        self.assertEqual(json.loads(self.ok("query", "-f", "json", "SELECT * FROM 'parts.parquet'")), rows)
        self.assertEqual(json.loads(self.ok("query", "-f", "json", "-c", "t.yaml", "SELECT * FROM db.parts")), rows)
        if shutil.which("cc"):
            self.write("t.c", C_CATALOG)
            self.assertEqual(json.loads(self.ok("query", "-f", "json", "-c", "t.c", "SELECT * FROM db.parts")), rows)
        self.assertEqual(json.loads(self.ok("query", "-f", "json", "SELECT * FROM db.parts", env=dict(self.env, NEURALAKE_CATALOG="t.yaml"))), rows)
        self.write("neuralake.yaml", CATALOG)
        self.assertEqual(json.loads(self.ok("query", "-f", "json", "FROM db.parts")), rows)
        for words, wanted in ((["SELECT * FROM db.prts"], "parts"), (["SELECT p_nam FROM db.parts"], "p_name"), (["SELECT * FROM 'gone.parquet'"], "gone.parquet"),
                              (["SELEC 1"], "SELEC"), (["SELECT"], "SELECT"), (["SELECT 1/0::INTEGER + 'x'::INTEGER"], "x"),
                              (["-c", "gone.yaml", "SELECT 1"], "gone.yaml"), (["SELECT union_value(a := 1)"], "CAST")):
            with self.subTest(words=words):
                self.assertEqual(self.fails(1, ["query", *words], wanted).stdout, b"")

    def test_without_the_library(self):
        for root in ("/nowhere", self.folder):
            self.fails(1, ["query", "SELECT 1"], root, "unset DUCKDB_ROOT", env=dict(self.env, DUCKDB_ROOT=root))
        alone = os.path.join(self.folder, "neuralake")
        shutil.copy(PROGRAM, alone)
        for words, code in ((["query", "SELECT 1"], 1), (["generate", "parts"], 0), (["parquet", "cat", "parts.parquet"], 0)):
            r = subprocess.run([alone, *words], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual(r.returncode, code, r.stderr)
            if code:
                self.check_error(code, r.stderr, words, "npm", "DuckDB")

    def test_the_library_is_loaded_here(self):
        """What cli.py looks for, and must not find, is found here."""
        r = self.run_raw("query", "SELECT 1", env=dict(self.env, LD_DEBUG="files"))
        self.assertEqual(r.returncode, 0)
        self.assertIn(b"duckdb", r.stderr)

    def test_a_closed_or_full_output_is_an_error(self):
        for form in ("table", "csv", "json", "ndjson", "markdown"):
            with self.subTest(format=form):
                with open("/dev/full", "wb") as full:
                    self.fails(1, ["query", "-f", form, "SELECT 1"], "No space left", stdout=full, stderr=subprocess.PIPE, capture_output=False)
                p = self.start("query", "-f", form, "--max-rows", "0", "SELECT * FROM range(300000)")
                p.stdout.readline()
                p.stdout.close()
                errors = p.stderr.read()
                self.assertEqual(p.wait(LIMIT), 1)
                self.check_error(1, errors, form, "Broken pipe")


# Of row i: nulls and empties at every level, texts within a view and beyond it.
NESTED = {
    "l": "CASE WHEN i % 7 <> 3 THEN list_transform(range(i % 5), lambda x: CASE WHEN x % 3 <> 1 THEN i + x END) END",
    "t": "CASE WHEN i % 11 <> 3 THEN list_transform(range(i % 4), lambda x: CASE WHEN x <> 1 THEN 'a text of row ' || i || '.' || x END) END",
    "s": "CASE WHEN i % 5 <> 1 THEN {'a': i, 'b': CASE WHEN i % 3 <> 0 THEN 'name of ' || i END, 'c': {'d': i / 4, 'e': [i]}} END",
    "m": "CASE WHEN i % 6 <> 5 THEN map(list_transform(range(i % 4), lambda x: 'the key number ' || x), list_transform(range(i % 4), lambda x: CASE WHEN x <> 2 THEN x + i END)) END",
    "ls": "CASE WHEN i % 9 <> 4 THEN list_transform(range(i % 3), lambda x: CASE WHEN x <> 1 THEN {'p': x, 'q': list_transform(range(x), lambda y: 'deep ' || i)} END) END",
    "ll": "[[[i::INTEGER], []], NULL, [NULL, [NULL]]]",
    "ms": "MAP {i: {'v': [DATE '2020-01-01' + i::INTEGER]}}",
    "big": "CASE WHEN i % 5000 = 17 THEN range(6000) ELSE [] END",
}
QUESTIONS = [
    "SELECT * FROM {} ORDER BY i",
    "SELECT count(*), sum(len(l)), sum(list_sum(l)), max(len(t)), sum(len(big)) FROM {}",
    "SELECT s.a, s.b, s.c.d, s.c.e[1] FROM {} WHERE s.a > 100 AND s.a < 140 ORDER BY i",
    "SELECT count(*) FROM {} WHERE s.b = 'name of 1000' OR s.c.d = 500",
    "SELECT m['the key number 2'], m['the key number 1'], map_keys(m), cardinality(m) FROM {} WHERE i BETWEEN 3000 AND 3020 ORDER BY i",
    "SELECT i, unnest(t) AS x FROM {} WHERE i < 60 ORDER BY ALL",
    "SELECT p, q, count(*) FROM (SELECT unnest(ls, recursive := true) FROM {}) GROUP BY ALL ORDER BY ALL LIMIT 40",
    "SELECT i % 10 AS k, list(t ORDER BY i)[:3], max(s), min(ll) FROM {} GROUP BY k ORDER BY k",
    "SELECT a.i, a.t, b.m FROM {} a JOIN {} b ON a.i = b.i + 7 WHERE a.i % 997 = 3 ORDER BY a.i",
    "SELECT ms, ll FROM {} LIMIT 5 OFFSET 7000",
    "SELECT i, l FROM {} WHERE len(l) IS NULL AND i > 5000 LIMIT 7",
    "SELECT s IS NULL AS n, count(*), count(s.c), count(s.c.e[1]) FROM {} GROUP BY n ORDER BY n",
    "SELECT count(*) FROM (FROM {} EXCEPT ALL FROM {} WHERE i <> 77)",
]


# Columns of few and of many values, in runs and in no order, with nulls: dictionaries, dictionaries that are given up, and none.
FLAT = {
    "few": "(i * 7919) % 11", "run": "i // 3000", "many": "(i::BIGINT * 7919) % 100003", "tiny": "((i * 31) % 200 - 100)::TINYINT",
    "small": "CASE WHEN i % 3 > 0 THEN (i % 50000)::USMALLINT END", "f": "CASE WHEN i % 41 = 0 THEN 'nan'::FLOAT ELSE (i % 97) / 8::FLOAT END",
    "x": "CASE WHEN i % 5 > 0 THEN ((i * 13) % 1009) / 4::DOUBLE END", "price": "((i * 17) % 9001)::DECIMAL(15,2) / 4", "wide": "(i % 70)::DECIMAL(30,3)",
    "day": "DATE '1992-01-01' + (i % 2500)::INT", "moment": "TIMESTAMP '2020-01-01' + to_seconds(i * 61 % 90001)", "b": "CASE WHEN i % 4 > 0 THEN i % 3 = 0 END",
    "mode": "['AIR', 'MAIL', 'a mode with a long name', NULL, 'SHIP', ''][1 + (i * 7) % 6]", "text": "'number ' || (i * 7919) % 100003", "bin": "(i % 300)::VARCHAR::BLOB",
}
FILTERS = [
    "few = 3", "few = 3 AND run = 5", "run BETWEEN 2 AND 3 AND few <> 4", "many = 7919", "many < 50 OR few = 10 AND run > 8", "tiny > 95 OR tiny < -95", "tiny >= -128",
    "small = 7", "small IS NULL AND few = 1", "small > 49990", "f = 'nan'::FLOAT AND few = 1", "f > 12", "f >= 12::FLOAT AND f < 12.1::FLOAT", "f < 0.2", "x = 0.25", "x IS NULL AND run = 1",
    "x > 251 AND x <= 252", "price = 12.25", "price BETWEEN 5 AND 5.5", "wide IN (3, 5, 9) AND few IN (1, 2)", "day = DATE '1995-03-01'",
    "day >= DATE '1994-01-01' AND day < DATE '1994-02-01' AND price < 100", "moment = TIMESTAMP '2020-01-01 00:01:01'", "moment > TIMESTAMP '2020-01-02 00:59:00'", "b", "NOT b AND few = 0", "b IS NULL AND few = 0",
    "mode = 'AIR'", "mode IN ('MAIL', 'SHIP') AND many < 1000", "mode IS NULL AND few = 2", "mode = 'a mode with a long name' AND tiny = 5", "mode = '' AND run = 0", "mode > 'a' AND few = 7", "mode <> 'AIR' AND x < 2",
    "text = 'number 7919'", "text < 'number 1001'", "text LIKE 'number 99%'", "bin = '42'::BLOB", "few = 3 OR mode = 'MAIL' AND run = 2", "few = 99", "run >= 0", "few + run = 4", "few = tiny",
]


class Filters(Case):
    """Rows are left out before they are decoded: which ones come is what DuckDB's own reader finds, of every column."""
    ROWS = 40000

    def compare(self, name):
        for condition in FILTERS:
            for columns in ("*", "i", "count(*) AS n, sum(i) AS s, count(text) AS t, max(price) AS p"):
                question = f"SELECT {columns} FROM {{}} WHERE {condition}" + ("" if columns[0] == "c" else " ORDER BY i")
                with self.subTest(file=name, question=question):
                    theirs = self.ok("query", "-f", "ndjson", question.replace("{}", f"read_parquet('{name}')"))
                    self.assertEqual(self.ok("query", "-f", "ndjson", question.replace("{}", f"'{name}'")), theirs)

    def rows(self, more=""):
        return "SELECT i, " + ", ".join(f"{v} AS {k}" for k, v in FLAT.items()) + more + f" FROM range({self.ROWS}) r(i)"

    def test_one_row_group(self):
        self.ok("query", f"COPY ({self.rows()}) TO 'one.parquet' (FORMAT parquet)")
        self.compare("one.parquet")

    def test_beside_nested_columns(self):
        self.ok("query", f"COPY ({self.rows(', [i, i + 1][:i % 3] AS l, {{a: i, b: text}} AS s'.format())}) TO 'n.parquet' (FORMAT parquet, ROW_GROUP_SIZE 16384, CODEC zstd, PARQUET_VERSION V2)")
        self.compare("n.parquet")


class Nested(Case):
    """Our reader below DuckDB, and DuckDB's own, over the same file: the same text comes out."""
    ROWS = 20000

    def rows(self):
        return "SELECT i, " + ", ".join(f"{v} AS {k}" for k, v in NESTED.items()) + f" FROM range({self.ROWS}) r(i)"

    def compare(self, name):
        for question in QUESTIONS:
            theirs = self.ok("query", "-f", "ndjson", question.replace("{}", f"read_parquet('{name}')"))
            for threads in ("1", "4"):
                with self.subTest(file=name, question=question, threads=threads):
                    self.assertEqual(self.ok("query", "-f", "ndjson", "--threads", threads, question.replace("{}", f"'{name}'")), theirs)

    def test_files_of_duckdb(self):
        self.ok("query", f"COPY ({self.rows()}) TO 'one.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
        self.ok("query", f"COPY ({self.rows()}) TO 'two.parquet' (FORMAT parquet, ROW_GROUP_SIZE 10000, CODEC zstd, PARQUET_VERSION V2)")
        for name in ("one.parquet", "two.parquet"):
            self.compare(name)

    def test_files_of_pyarrow(self):
        try:
            import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel
        except ImportError as missing:
            self.skipTest(str(missing))
        self.ok("query", f"COPY ({self.rows()}) TO 'd.parquet' (FORMAT parquet)")
        table = pq.read_table(self.path("d.parquet"))
        pq.write_table(table, self.path("v1.parquet"), row_group_size=1500, data_page_size=4096)
        pq.write_table(table, self.path("v2.parquet"), row_group_size=7000, data_page_version="2.0", use_dictionary=False, compression="gzip", write_page_index=True)
        pq.write_table(table, self.path("one.parquet"), compression="none", use_compliant_nested_type=False)
        for name in ("v1.parquet", "v2.parquet", "one.parquet"):
            self.compare(name)

    def test_files_of_one_table_differ(self):
        """The first file's types are the table's: later ones have narrower types, fewer members, another order."""
        os.mkdir(self.path("d"))
        self.ok("query", "COPY (SELECT i::BIGINT AS id, i::DOUBLE AS x, {'a': i::BIGINT, 'b': 'first ' || i} AS s, [i::BIGINT] AS l, i::DECIMAL(12,4) AS d, "
                "TIMESTAMP '2020-01-01' + to_days(i::INT) AS t FROM range(100) r(i)) TO 'd/0.parquet' (FORMAT parquet)")
        self.ok("query", "COPY (SELECT DATE '2020-01-01' + i::INT AS t, [i::SMALLINT, NULL] AS l, {'c': 7, 'a': i::INTEGER} AS s, i::FLOAT AS x, i::DECIMAL(9,2) AS d, "
                "i::INTEGER AS id, 'more' AS note FROM range(100, 300) r(i)) TO 'd/1.parquet' (FORMAT parquet)")
        self.ok("query", "COPY (SELECT i::UTINYINT AS id FROM range(10) r(i)) TO 'd/2.parquet' (FORMAT parquet)")
        for question, want in (
                ("SELECT count(*) AS n, sum(id)::BIGINT AS i, sum(x) AS x, sum(s.a)::BIGINT AS a, count(s.b) AS b, sum(l[1])::BIGINT AS l, sum(d) AS d, max(t) AS t FROM {}",
                 {"n": 310, "i": 44895, "x": 44850.0, "a": 44850, "b": 100, "l": 44850, "d": "44850.0000", "t": "2020-10-26T00:00:00"}),
                ("SELECT id, s, l, t FROM {} WHERE id = 200", {"id": 200, "s": {"a": 200, "b": None}, "l": [200, None], "t": "2020-07-19T00:00:00"}),
                ("SELECT count(*) AS n FROM {} WHERE d = 150", {"n": 1}), ("SELECT count(*) AS n FROM {} WHERE t >= TIMESTAMP '2020-10-26'", {"n": 1}),
                ("SELECT count(*) AS n FROM {} WHERE x = 299 AND s.a = 299", {"n": 1}), ("SELECT count(*) AS n FROM {} WHERE s IS NULL", {"n": 10}),
                ("SELECT typeof(s) AS s, typeof(d) AS d FROM {} LIMIT 1", {"s": "STRUCT(a BIGINT, b VARCHAR)", "d": "DECIMAL(12,4)"})):
            with self.subTest(question=question):
                self.assertEqual(json.loads(self.ok("query", "-f", "ndjson", question.format("'d/*.parquet'"))), want)
        self.ok("query", "COPY (SELECT 1.5 AS id) TO 'd/3.parquet' (FORMAT parquet)")
        self.assertEqual(self.ok("query", "-f", "csv", "SELECT count(*) AS n FROM 'd/*.parquet'"), "n\n311\n")
        self.fails(1, ["query", "SELECT sum(id) FROM 'd/*.parquet'"], "3.parquet: column id is DECIMAL(2,1) here, and BIGINT in the table's first file")

    def test_types_below_lists(self):
        """Every scalar below a list, a struct and a map, in all formats that show it."""
        scalars = ["true", "(-1)::TINYINT", "2::UBIGINT", "1.5::FLOAT", "1.25::DOUBLE", "'x'", "'more than twelve bytes'", "'ab'::BLOB", "DATE '2024-02-29'",
                   "TIME '13:05:00.25'", "TIMESTAMP '2024-02-29 13:05:00'", "TIMESTAMPTZ '2024-02-29 13:05:00+02'", "1.50::DECIMAL(4,2)", "1.50::DECIMAL(30,2)",
                   "UUID '550e8400-e29b-41d4-a716-446655440000'", "'b'::ENUM('a','b')"]
        columns = ", ".join(f"[{v}, NULL] AS l{i}, {{'a': {v}}} AS s{i}, MAP {{{v}: {v}}} AS m{i}" for i, v in enumerate(scalars))
        self.ok("query", f"COPY (SELECT {columns}) TO 't.parquet' (FORMAT parquet)")
        for form in ("csv", "json", "ndjson", "markdown"):
            for i, value in enumerate(scalars):
                names = f"l{i}, s{i}, m{i}"
                with self.subTest(format=form, value=value):
                    self.assertEqual(*(self.ok("query", "-f", form, f"SELECT {names} FROM {table}") for table in ("'t.parquet'", "read_parquet('t.parquet')")))


class Interrupted(Case):
    def test_a_query_that_takes_long(self):
        p = self.start("query", "SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b")

        def loaded():
            with contextlib.suppress(OSError), open(f"/proc/{p.pid}/maps") as maps:
                return "duckdb" in maps.read()
            return False
        wait_for("the engine", loaded)
        self.interrupt(p)

    def test_while_rows_are_printed(self):
        for form in ("csv", "ndjson"):
            p = self.start("query", "-f", form, "SELECT * FROM range(10000000000)")
            p.stdout.readline()
            self.interrupt(p, signal.SIGTERM)

    def test_while_waiting_for_sql(self):
        p = self.start("query", stdin=subprocess.PIPE)
        p.stdin.write(b"SELECT 1")
        p.stdin.flush()
        wait_for("the signals' thread", lambda: len(os.listdir(f"/proc/{p.pid}/task")) >= 2)
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(LIMIT), 130)
        self.check_error(130, p.stderr.read(), "query")


class OnS3(Server):
    def test_objects_are_tables(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("generate", "parts", "--out", "s3://lake/a b/ü.parquet")
        self.assertEqual(self.ok("query", "-f", "csv", "SELECT count(*) AS n, sum(p_retailprice) AS s FROM 's3://lake/a b/ü.parquet'"), "n,s\n5,150.0\n")
        r = self.run_raw("query", "-v", "-f", "csv", "SELECT count(*) AS n FROM 's3://lake/a b/ü.parquet'")
        self.assertRegex(r.stderr, rb"^1 of 1 files, 1 of 1 row groups, 5 rows\n[1-9]\d* requests? \(0 retries\) on [1-9]")
        rows = "SELECT i, " + ", ".join(f"{v} AS {k}" for k, v in NESTED.items()) + " FROM range(6000) r(i)"
        for options in ("COMPRESSION gzip, COMPRESSION_LEVEL 1", "CODEC brotli, PARQUET_VERSION v2, ROW_GROUP_SIZE 1000", "CODEC lz4_raw, ROW_GROUP_SIZE_BYTES '1MB'",
                        "CODEC zstd, STRING_DICTIONARY_PAGE_SIZE_LIMIT 100", "CODEC none, FIELD_IDS {i: 5}, KV_METADATA {who: 'us'}"):
            with self.subTest(options=options):
                self.ok("query", f"COPY ({rows}) TO 's3://lake/nested.parquet' (FORMAT parquet, {options})")
                self.ok("s3", "cp", "s3://lake/nested.parquet", "nested.parquet")
                for table in ("'s3://lake/nested.parquet'", "read_parquet('nested.parquet')"):
                    self.assertEqual(self.ok("query", "-f", "csv", f"SELECT count(*) AS n FROM (({rows}) EXCEPT ALL FROM {table})"), "n\n0\n")
        self.assertEqual(self.ok("query", "-f", "csv", "SELECT field_id AS f FROM parquet_schema('nested.parquet') WHERE name = 'i'"), "f\n5\n")
        self.assertEqual(self.ok("query", "-f", "csv", "SELECT decode(value) AS v FROM parquet_kv_metadata('nested.parquet') WHERE decode(key) = 'who'"), "v\nus\n")
        self.ok("query", "COPY (SELECT 7 AS x) TO 's3://lake/out.parquet'")
        self.assertEqual(self.ok("parquet", "cat", "s3://lake/out.parquet"), "x\n7\n")
        self.fails(1, ["query", "SELECT * FROM 's3://lake/nothing.parquet'"], "s3://lake/nothing.parquet")
        self.fails(1, ["query", "SELECT * FROM 's3://gone/x.parquet'"], "neuralake s3 mb s3://gone")
        self.ok("s3", "cp", "-", "s3://lake/text.parquet", data=b"no Parquet at all\n" * 10)
        self.fails(1, ["query", "SELECT * FROM 's3://lake/text.parquet'"], "s3://lake/text.parquet")
        self.fails(1, ["query", "SELECT * FROM 's3://lake/out.parquet'"], "neuralake s3 serve", env=dict(self.env, AWS_ENDPOINT_URL="http://127.0.0.1:1"))
        self.fails(1, ["query", "SELECT * FROM 's3://lake/out.parquet'"], "SignatureDoesNotMatch", env=dict(self.env, AWS_SECRET_ACCESS_KEY="wrong"))
        self.fails(1, ["query", "COPY (SELECT 7 AS x) TO 's3://gone/out.parquet'"], "gone")


if __name__ == "__main__":
    unittest.main()
