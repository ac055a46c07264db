#!/usr/bin/env python3
"""`neuralake parquet`, as a person types it: inspect, head, cat, check and rewrite; flat files of our own, and nested ones by
pyarrow where it is installed; damage, interruption, narrow terminals, S3.
"""
import fcntl
import io
import json
import os
import pty
import random
import re
import struct
import sys
import termios
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
from cli_case import Case, HEADER, LIMIT, PROGRAM, Server, wait_for  # pylint: disable=wrong-import-position

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = None

N = 20000


def nested():
    """A table with a little of everything that people have."""
    return pa.table({
        "id": pa.array(range(N), pa.int64()),
        "name": pa.array([f"name {i % 997}" if i % 7 else None for i in range(N)]),
        "price": pa.array([i / 8 for i in range(N)]),
        "address": pa.array([{"city": f"c{i % 40}", "geo": {"lat": i / 100, "lon": -i / 100}} if i % 5 else None for i in range(N)]),
        "items": pa.array([[{"sku": f"s{k}", "count": k} for k in range(i % 3)] for i in range(N)]),
        "tags": pa.array([[f"t{i % 9}", None][: i % 3] if i % 11 else None for i in range(N)]),
        "m": pa.array([[(f"k{i % 3}", i)] for i in range(N)], pa.map_(pa.string(), pa.int32())),
    })


class Parquet(Case):
    def parts(self, rows=1000, name="parts.parquet", *words):
        self.ok("generate", "parts", "--rows", str(rows), "--out", name, *words)
        return name

    def about(self, name):
        return json.loads(self.ok("parquet", "inspect", "-f", "json", name))

    def csv(self, name, *words):
        return self.ok("parquet", "cat", *words, name).split("\n")[:-1]

    def write_nested(self, name="nested.parquet", **more):
        if not pa:
            self.skipTest("pyarrow is not installed")
        table = nested()
        pq.write_table(table, self.path(name), **{"row_group_size": 7000, "data_page_size": 20000, "write_page_index": True,
                                                  "write_page_checksum": True, "compression": "zstd", **more})
        return table


class Inspect(Parquet):
    def test_text(self):
        self.parts()
        text = self.ok("parquet", "inspect", "parts.parquet")
        for line in (r"  rows +1000 in 1 row group", r"  row group +0: 1000 rows, .* before compression, .* stored", "schema",
                     r"  p_partkey +required INT64", r"  p_name +optional BYTE_ARRAY \(STRING\)",
                     r"column +codec +encodings +pages +size +ratio +nulls +min +max +index",
                     r"p_partkey +SNAPPY +PLAIN.* 1 +\S+ \S*B +\S+ +0 +1 +1000 +column offset"):
            self.assertRegex(text, f"(?m)^{line}$")

    def test_tree(self):
        self.write_nested()
        text = self.ok("parquet", "inspect", "nested.parquet")
        for line in ("  address          optional group", "  ├─ city          optional BYTE_ARRAY (STRING)", "  └─ geo           optional group",
                     "     ├─ lat        optional DOUBLE", "     └─ lon        optional DOUBLE", "  items            optional group (LIST)",
                     "  └─ list          repeated group", "     └─ element    optional group", "        ├─ sku     optional BYTE_ARRAY (STRING)"):
            self.assertRegex(text, "(?m)^" + re.sub(" +", " +", re.escape(line).replace("\\ ", " ")) + "$")
        self.assertRegex(text, r"(?m)^address\.geo\.lat .* 0\.01 +199\.99 +column offset$")

    def test_json_has_everything(self):
        self.write_nested()
        j = self.about("nested.parquet")
        meta = pq.ParquetFile(self.path("nested.parquet")).metadata
        self.assertEqual((j["rows"], len(j["row_groups"]), len(j["columns"]), j["written_by"]),
                         (N, meta.num_row_groups, meta.num_columns, meta.created_by))
        self.assertEqual(j["schema"]["children"][3]["children"][1]["children"][0]["name"], "lat")
        self.assertEqual(j["schema"]["children"][5]["logical_type"], "LIST")
        self.assertEqual([k["key"] for k in j["key_values"]], ["ARROW:schema"])
        for g, group in enumerate(j["row_groups"]):
            self.assertEqual(group["rows"], meta.row_group(g).num_rows)
            for i, c in enumerate(group["chunks"]):
                m = meta.row_group(g).column(i)
                self.assertEqual((c["values"], c["codec"], c["compressed_bytes"], c["uncompressed_bytes"], c["nulls"], c["data_page_offset"]),
                                 (m.num_values, m.compression, m.total_compressed_size, m.total_uncompressed_size,
                                  m.statistics.null_count, m.data_page_offset))
                self.assertEqual(sorted(c["encodings"]), sorted(set(m.encodings)))
                self.assertTrue(c["column_index"] and c["offset_index"] and not c["bloom_filter"])
                self.assertGreater(c["pages"], 0)

    def test_a_narrow_terminal_gets_blocks(self):
        self.parts()
        for width, wanted in ((200, r"(?m)^p_name +SNAPPY"), (60, r"(?m)^p_name\r\n  SNAPPY, ")):
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
            p = self.start("parquet", "inspect", "parts.parquet", stdout=theirs)
            os.close(theirs)
            text = io.BytesIO()
            while True:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                text.write(piece)
            os.close(ours)
            self.assertEqual(p.wait(LIMIT), 0)
            self.assertRegex(text.getvalue().decode(), wanted)
            if width == 60:
                self.assertLessEqual(max(map(len, text.getvalue().decode().split("\r\n")[8:])), 70)


class Rows(Parquet):
    def test_ranges(self):
        self.parts(1000)
        lines = self.csv("parts.parquet")
        self.assertEqual(lines[0], HEADER)
        for word, rows in (("0:3", lines[1:4]), ("5:6", lines[6:7]), (":2", lines[1:3]), ("998:", lines[999:]), ("0:0", []), ("2000:3000", []),
                           ("0:99999", lines[1:]), (":", lines[1:])):
            with self.subTest(rows=word):
                self.assertEqual(self.csv("parts.parquet", "--rows", word), [HEADER, *rows])
                self.assertEqual(self.csv("parts.parquet", "--rows", word, "--threads", "3"), [HEADER, *rows])
        for word in ("3", "a:b", "3:2", "-1:2", "1:2:3", "1.5:2"):
            self.fails(2, ["parquet", "cat", "--rows", word, "parts.parquet"], f"'{word}' is not FROM:TO")
        self.fails(2, ["parquet", "cat", "--threads", "0", "parts.parquet"], "--threads")

    def test_ranges_across_pages_and_row_groups(self):
        self.parts(1000)
        self.ok("parquet", "rewrite", "--row-group-rows", "300", "--page-rows", "50", "parts.parquet", "small.parquet")
        lines = self.csv("parts.parquet")
        draw = random.Random(seed := random.randrange(2**32))
        for _ in range(20):
            a, b = sorted(draw.randrange(1001) for _ in range(2))
            self.assertEqual(self.csv("small.parquet", "--rows", f"{a}:{b}"), [HEADER, *lines[1 + a:1 + b]], f"seed {seed}")

    def test_columns_inside_of_columns(self):
        table = self.write_nested()
        rows = [json.loads(line) for line in self.csv("nested.parquet", "-f", "ndjson", "--columns", "address.geo.lat,id,items.sku,m", "--rows", "13:29")]
        for i, row in zip(range(13, 29), rows):
            want = table.slice(i, 1).to_pylist()[0]
            geo = want["address"] and {"geo": {"lat": want["address"]["geo"]["lat"]}}
            self.assertEqual(row, {"address": geo, "id": i, "items": [{"sku": x["sku"]} for x in want["items"]],
                                   "m": [{"key": k, "value": v} for k, v in want["m"]]})
        for word, near in (("address.ctiy", "address.city"), ("adress", "address"), ("items.cuont", "items.count")):
            self.fails(1, ["parquet", "cat", "--columns", word, "nested.parquet"], f"there is no column '{word}', did you mean '{near}'?")

    def test_null_prints_nothing(self):
        self.parts(1000)
        self.assertEqual(self.ok("parquet", "cat", "--format", "null", "parts.parquet"), "")
        r = self.run_raw("parquet", "cat", "-v", "--format", "null", "--rows", "10:110", "parts.parquet")
        self.assertEqual((r.returncode, r.stdout), (0, b""))
        self.assertRegex(r.stderr.decode(), r"(?m)^100 rows in ")
        good = self.read("parts.parquet")
        self.write("cut.parquet", good[:100] + b"\xff" * 50 + good[150:])
        self.fails(1, ["parquet", "cat", "--format", "null", "cut.parquet"], "cut.parquet", "row group 0, column p_partkey")


class Check(Parquet):
    def test_ours_and_theirs_have_no_findings(self):
        self.parts()
        text = self.ok("parquet", "check", "parts.parquet")
        self.assertRegex(text, r"^parts\.parquet: 0 errors, 0 warnings; \d+ pages, 4000 values, .*\n$")
        self.write_nested(data_page_version="2.0", bloom_filter_options={"name": {"ndv": 1000}})
        j = json.loads(self.ok("parquet", "check", "-f", "json", "nested.parquet", "parts.parquet"))
        self.assertEqual([(f["file"], f["errors"], f["warnings"], f["findings"]) for f in j],
                         [("nested.parquet", 0, 0, []), ("parts.parquet", 0, 0, [])])
        self.assertEqual(j[0]["checksums"], j[0]["pages"])
        self.assertEqual((j[0]["page_indexes"], j[0]["bloom_filters"]), (2 * j[0]["chunks"], 3))

    def test_a_finding_says_where(self):
        self.parts()
        self.ok("parquet", "rewrite", "--checksums", "--codec", "none", "parts.parquet", "sums.parquet")
        good = self.read("sums.parquet")
        at = good.index(b"Part#500")
        self.write("sums.parquet", good[:at] + b"Qart#500" + good[at + 8:])
        r = self.run_raw("parquet", "check", "sums.parquet")
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stdout.decode().split("\n")[0],
                         r"^sums\.parquet: error: row group 0, column p_name, byte \d+: the page's checksum is [0-9A-F]{8}, its header says")
        self.assertEqual(r.stderr, b"neuralake parquet check: 1 error in 1 file\n")
        r = self.run_raw("parquet", "check", "-f", "json", "sums.parquet")
        [one] = json.loads(r.stdout)[0]["findings"]
        self.assertEqual((r.returncode, one["severity"], one["row_group"], one["column"]), (1, "error", 0, "p_name"))

    def test_what_is_no_parquet_file(self):
        self.parts()
        self.write("text.parquet", "this is no Parquet file\n" * 10)
        r = self.run_raw("parquet", "check", "text.parquet", "parts.parquet")  # the others are checked all the same
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stdout.decode(), r"^text\.parquet: error: .*PAR1")
        self.assertIn("parts.parquet: 0 errors", r.stdout.decode())
        self.fails(1, ["parquet", "check", "none.parquet"], "none.parquet", "No such file")

    def test_any_damage_is_survived(self):
        self.parts(300, "flat.parquet")
        names = ["flat.parquet"]
        if pa:
            self.write_nested(compression="none", write_page_checksum=False)
            self.ok("parquet", "rewrite", "--bloom", "name", "nested.parquet", "again.parquet")
            names.append("again.parquet")
        draw = random.Random(seed := random.randrange(2**32))
        for name in names:
            good = self.read(name)
            for _ in range(60):
                bad = bytearray(good)
                for _ in range(draw.randrange(1, 4)):
                    bad[draw.randrange(len(bad))] = draw.randrange(256)
                self.write("bad.parquet", bytes(bad))
                r = self.run_raw("parquet", "check", "bad.parquet")
                self.assertIn(r.returncode, (0, 1), (seed, r.stderr))
                self.assertNotIn(b"Sanitizer", r.stderr, seed)


class Rewrite(Parquet):
    def same_rows(self, a, b):
        self.assertEqual(self.csv(a, "-f", "ndjson"), self.csv(b, "-f", "ndjson"))

    def test_every_codec(self):
        self.parts(3000)
        for codec, name in (("snappy", "SNAPPY"), ("zstd", "ZSTD"), ("zstd:19", "ZSTD"), ("gzip", "GZIP"), ("gzip:9", "GZIP"),
                            ("brotli:5", "BROTLI"), ("lz4", "LZ4_RAW"), ("none", "UNCOMPRESSED")):
            with self.subTest(codec=codec):
                text = self.ok("parquet", "rewrite", "--codec", codec, "parts.parquet", "out.parquet")
                self.assertRegex(text, r"^wrote 3000 rows to out\.parquet: .*B before, .*B after, ratio \d+\.\d\d, in .*s\n$")
                self.assertEqual({c["codec"] for c in self.about("out.parquet")["row_groups"][0]["chunks"]}, {name})
                self.same_rows("parts.parquet", "out.parquet")
                self.ok("parquet", "check", "out.parquet")
                self.parts(100, "made.parquet", "--codec", codec)
                self.assertEqual(self.about("made.parquet")["row_groups"][0]["chunks"][0]["codec"], name)
        for word, wanted in (("zip", "is no codec"), ("zstd:23", "levels of zstd are 1 to 22"), ("snappy:3", "snappy has no levels")):
            self.fails(2, ["parquet", "rewrite", "--codec", word, "parts.parquet", "none.parquet"], wanted)
            self.fails(2, ["generate", "parts", "--codec", word], wanted)
        self.ok("parquet", "rewrite", "out.parquet", "kept.parquet")  # the file's own codec
        self.assertEqual(self.about("kept.parquet")["row_groups"][0]["chunks"][0]["codec"], "UNCOMPRESSED")

    def test_shape(self):
        self.parts(3000)
        self.ok("parquet", "rewrite", "--row-group-rows", "1000", "--page-rows", "100", "--data-page", "2", "--checksums", "--bloom", "p_name,p_partkey",
                "--encoding", "p_partkey=delta-binary-packed", "--encoding", "p_name=DELTA_BYTE_ARRAY", "--encoding", "p_retailprice=byte_stream_split",
                "--threads", "2", "parts.parquet", "out.parquet")
        j = self.about("out.parquet")
        self.assertEqual([g["rows"] for g in j["row_groups"]], [1000] * 3)
        for g in j["row_groups"]:
            self.assertEqual([c["pages"] for c in g["chunks"]], [10] * 4)
            self.assertEqual([c["bloom_filter"] for c in g["chunks"]], [True, True, False, False])
            for c, e in zip(g["chunks"], ("DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY", None, "BYTE_STREAM_SPLIT")):
                self.assertTrue(e is None or e in c["encodings"], c)
        check = json.loads(self.ok("parquet", "check", "-f", "json", "out.parquet"))[0]
        self.assertEqual((check["checksums"], check["bloom_filters"]), (check["pages"], 6))
        self.same_rows("parts.parquet", "out.parquet")

    def test_sort(self):
        self.parts(2000)
        self.ok("parquet", "rewrite", "--sort", "p_brand:desc,p_partkey", "--row-group-rows", "700", "parts.parquet", "out.parquet")
        j = self.about("out.parquet")
        self.assertEqual(j["row_groups"][0]["sorting"], [{"column": 2, "descending": True, "nulls_first": False},
                                                         {"column": 0, "descending": False, "nulls_first": False}])
        self.ok("parquet", "check", "out.parquet")  # it holds the promise
        rows = [json.loads(line) for line in self.csv("parts.parquet", "-f", "ndjson")]
        rows.sort(key=lambda r: (-int(r["p_brand"][-1]), r["p_partkey"]))
        self.assertEqual([json.loads(line) for line in self.csv("out.parquet", "-f", "ndjson")], rows)
        self.fails(1, ["parquet", "rewrite", "--sort", "p_brand", "--memory", "1KiB", "parts.parquet", "no.parquet"], "1.0 KiB", "--memory")
        self.assertFalse(os.path.exists(self.path("no.parquet")))

    def test_sort_of_nested_rows(self):
        table = self.write_nested()
        self.ok("parquet", "rewrite", "--sort", "address.city:desc,name", "nested.parquet", "out.parquet")
        got = pq.read_table(self.path("out.parquet"))
        rows = sorted(table.to_pylist(), key=lambda r: (r["address"] is None, [-ord(c) for c in (r["address"] or {"city": ""})["city"]] + [1],
                                                        r["name"] is None, r["name"] or ""))
        self.assertEqual(got.to_pylist(), rows)
        self.assertTrue(got.schema.equals(table.schema))
        self.ok("parquet", "check", "out.parquet")
        for word, wanted in (("items.sku", "lies in a list"), ("address", "has columns in it"), ("nme", "did you mean 'name'")):
            self.fails(1, ["parquet", "rewrite", "--sort", word, "nested.parquet", "no.parquet"], wanted)

    def test_nested_rows_field_ids_and_key_values_are_kept(self):
        if not pa:
            self.skipTest("pyarrow is not installed")
        schema = pa.schema([pa.field("a", pa.int32(), metadata={"PARQUET:field_id": "7"}),
                            pa.field("b", pa.list_(pa.field("element", pa.string(), metadata={"PARQUET:field_id": "9"})), metadata={"PARQUET:field_id": "8"})],
                           metadata={"who": "me", "what": "ä thing"})
        pq.write_table(pa.table([[1, 2, None], [["x"], [], None]], schema=schema), self.path("in.parquet"))
        self.ok("parquet", "rewrite", "--codec", "zstd", "in.parquet", "out.parquet")
        a, b = (pq.ParquetFile(self.path(name)) for name in ("in.parquet", "out.parquet"))
        self.assertEqual(a.read().to_pylist(), b.read().to_pylist())
        self.assertTrue(a.schema_arrow.equals(b.schema_arrow, check_metadata=True), b.schema_arrow.to_string())
        self.write_nested()
        self.ok("parquet", "rewrite", "--auto-encoding", "--page-bytes", "4KiB", "nested.parquet", "again.parquet")
        self.assertTrue(pq.read_table(self.path("again.parquet")).equals(nested()))
        self.ok("parquet", "rewrite", "--columns", "items.count,id", "nested.parquet", "some.parquet")
        self.assertEqual(pq.read_schema(self.path("some.parquet")).names, ["items", "id"])

    def test_words_that_make_no_sense(self):
        self.parts(10)
        for words, wanted in ((["--encoding", "p_name"], "is not COLUMN=ENCODING"), (["--encoding", "p_name=dlta_byte_array"], "did you mean 'DELTA_BYTE_ARRAY'"),
                              (["--page-bytes", "many"], "is not a size"), (["--row-group-rows", "0"], "--row-group-rows"), (["--data-page", "3"], "none of 1, 2")):
            self.fails(2, ["parquet", "rewrite", *words, "parts.parquet", "no.parquet"], wanted)
        for words, wanted in ((["--encoding", "p_nam=plain"], "did you mean 'p_name'"), (["--bloom", "x"], "there is no column 'x'"),
                              (["--encoding", "p_name=delta-binary-packed"], "p_name"), (["--columns", "p_partky"], "did you mean 'p_partkey'")):
            self.fails(1, ["parquet", "rewrite", *words, "parts.parquet", "no.parquet"], wanted)
        self.assertEqual(os.listdir(self.folder), ["parts.parquet"])

    def test_onto_itself(self):
        self.parts(2000)
        before = self.csv("parts.parquet")
        self.ok("parquet", "rewrite", "--codec", "zstd", "--sort", "p_partkey:desc", "parts.parquet", "parts.parquet")
        self.assertEqual(self.csv("parts.parquet"), before[:1] + before[:0:-1])
        self.assertEqual(os.listdir(self.folder), ["parts.parquet"])

    def test_interrupted_leaves_nothing(self):
        self.parts(400000)
        os.mkdir(self.path("out"))
        for words in (["--codec", "brotli:11"], ["--codec", "zstd:22", "--sort", "p_name"]):
            p = self.start("parquet", "rewrite", *words, "parts.parquet", "out/big.parquet")
            wait_for("the temporary file", lambda: os.listdir(self.path("out")))
            p.send_signal(2)
            p.communicate(timeout=LIMIT)
            self.assertEqual((p.returncode, os.listdir(self.path("out"))), (130, []))
        good = self.read("parts.parquet")
        self.write("bad.parquet", good[:5000] + b"\xff" * 5000 + good[10000:])
        self.fails(1, ["parquet", "rewrite", "bad.parquet", "out/big.parquet"], "bad.parquet", "row group 0")
        self.assertEqual(os.listdir(self.path("out")), [])


class OnS3(Server):
    def test_there_and_back(self):
        self.ok("s3", "mb", "s3://lake")
        self.ok("generate", "parts", "--rows", "5000", "--out", "s3://lake/parts.parquet")
        rows = self.ok("parquet", "cat", "s3://lake/parts.parquet")
        self.ok("parquet", "rewrite", "--codec", "zstd", "--page-rows", "100", "s3://lake/parts.parquet", "s3://lake/parts.parquet")
        self.assertEqual(self.ok("parquet", "cat", "s3://lake/parts.parquet"), rows)
        self.assertEqual(self.ok("parquet", "cat", "--rows", "1200:1203", "s3://lake/parts.parquet").split("\n")[1:], rows.split("\n")[1201:1204] + [""])
        self.assertIn("0 errors, 0 warnings", self.ok("parquet", "check", "s3://lake/parts.parquet"))
        self.assertIn("s3://lake/parts.parquet", self.ok("parquet", "inspect", "s3://lake/parts.parquet"))
        self.fails(1, ["parquet", "check", "s3://lake/none.parquet"], "s3://lake/none.parquet")


if __name__ == "__main__":
    assert PROGRAM
    unittest.main()
