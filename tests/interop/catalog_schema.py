#!/usr/bin/env python3
"""The JSON Schema of YAML catalogs accepts the example and refuses what the loader refuses. Needs jsonschema and PyYAML."""
import copy
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

root = pathlib.Path(__file__).resolve().parents[2]
schema = json.loads((root / "share/neuralake.schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
example = yaml.safe_load((root / "examples/demo/neuralake.yaml").read_text())
failures = []


def table(**changes):
    """A sound catalog of one table, changed; None takes a key away."""
    t = {"name": "t", "kind": "parquet", "uri": "x", "partitioning": "none"}
    t.update(changes)
    return {"databases": [{"name": "d", "tables": [{k: v for k, v in t.items() if v is not None}]}]}


def values(**changes):
    columns = [{"name": "a", "type": "BIGINT"}]
    return table(**{"kind": "values", "uri": None, "partitioning": None, "columns": columns, "rows": [[1], [None]], **changes})


hive = {"scheme": "hive", "columns": [{"name": "day", "type": "DATE"}]}
good = {
    "the example": example,
    "no version": {"databases": []},
    "a table": table(),
    "hive": table(partitioning=hive),
    "types in lower case": table(columns=[{"name": "a", "type": "bigint"}]),
    "values": values(),
}
bad = {
    "no databases": {"neuralake": 1},
    "another version": {"neuralake": 2, "databases": []},
    "unknown key": {"databases": [], "tables": []},
    "unknown key of a table": table(comand="x"),
    "credentials": table(access_key="x"),
    "no name": table(name=None),
    "a name with a dot": table(name="a.b"),
    "no kind": table(kind=None),
    "function": table(kind="function"),
    "forgotten partitioning": table(partitioning=None),
    "forgotten uri": table(uri=None),
    "partitioning is a word": table(partitioning="hive"),
    "no columns of the partitioning": table(partitioning={"scheme": "hive"}),
    "an empty list of columns": table(partitioning={"scheme": "hive", "columns": []}),
    "a partition column without a type": table(partitioning={"scheme": "hive", "columns": [{"name": "day"}]}),
    "an unknown type": table(columns=[{"name": "a", "type": "BIGNT"}]),
    "a number for a text": table(owner=42),
    "an empty text": table(owner=""),
    "a text for a list": table(tags="a"),
    "rows of a Parquet table": table(rows=[[1]]),
    "values with a uri": values(uri="x"),
    "values without rows": values(rows=None),
    "values without types": values(columns=[{"name": "a"}]),
    "a row that is none": values(rows=[1]),
}
for name, document in good.items():
    for error in validator.iter_errors(copy.deepcopy(document)):
        failures.append(f"{name}: refused: {error.message}")
for name, document in bad.items():
    if validator.is_valid(document):
        failures.append(f"{name}: accepted")
print("\n".join(failures) or f"{len(good)} accepted, {len(bad)} refused")
sys.exit(bool(failures))
