"""Whether documents are as their JSON Schemas say, by Python's jsonschema: a line of JSON for each.

    schemas.py SCHEMA DOCUMENT [SCHEMA DOCUMENT ...]

A line is null where the document is valid, or the first complaint.
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

VALIDATORS = {}


def validator(path):
    if path not in VALIDATORS:
        schema = json.loads(Path(path).read_text())
        Draft202012Validator.check_schema(schema)
        VALIDATORS[path] = Draft202012Validator(schema)
    return VALIDATORS[path]


if __name__ == "__main__":
    words = sys.argv[1:]
    for schema, document in zip(words[::2], words[1::2], strict=True):
        found = validator(schema).iter_errors(json.loads(Path(document).read_text()))
        complaint = next(iter(found), None)
        print(json.dumps(None if complaint is None else str(complaint.message)))
