"""The JSON Schema of test files, for completion in editors, made from the same models that check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from onebox.flows.definition.schema import DIALECT
from onebox.flows.testing.cases import BY_HAND
from onebox.flows.testing.models import CaseFields

if TYPE_CHECKING:
    from onebox.flows.kinds import Catalogue


def schema_of_tests(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of one test file of a box that knows these triggers; JSON Schema 2020-12."""
    schema = TypeAdapter(list[CaseFields]).json_schema()
    given = {"anyOf": [{"type": "object"}, {"type": "null"}]}
    schema["$defs"]["CaseFields"]["properties"]["event"] |= {
        "anyOf": [
            {
                "type": "object",
                "properties": dict.fromkeys(sorted({*catalogue.triggers, *BY_HAND}), given),
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
            {"type": "null"},
        ]
    }
    return {"$schema": DIALECT, "title": "Tests of a flow of Onebox", **schema}
