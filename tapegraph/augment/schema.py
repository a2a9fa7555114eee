"""The format of files of random machines as a JSON Schema (draft 7) for editors.

Whatever the loader accepts suits the schema. Whether graphs have the targets, and take the values, the loader alone
checks.
"""

from __future__ import annotations

from tapegraph.augment.recipe import keys
from tapegraph.document.form import Schema
from tapegraph.document.schema import key_schema


def schema() -> Schema:
    """Return the schema as plain data."""
    table = keys()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tapegraph-random",
        "type": "object",
        "required": [key.name for key in table if key.required],
        "properties": {key.name: key_schema(key) for key in table},
        "additionalProperties": False,
    }
