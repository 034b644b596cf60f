"""The JSON Schema of flow files, for completion in editors, made from the same models that check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from onebox.flows.definition import models

if TYPE_CHECKING:
    from pydantic import BaseModel

    from onebox.flows.kinds import Catalogue, StepKind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXPRESSION = {"type": "string", "pattern": r"\$\{"}
_FILES: tuple[tuple[str, str, dict[str, Any]], ...] = (("text", "template", {"data": {}}), ("run", "file", {}))
_PARTS: dict[str, type[BaseModel]] = {
    "flow": models.FlowFile,
    "case": models.CaseFields,
    "catch": models.CatchFields,
    "until": models.UntilFields,
    **{f"step_{shape}": model for shape, model in models.SHAPES.items()},
}


def json_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of one flow file of a box that knows these kinds; JSON Schema 2020-12."""
    wanted = dict(_PARTS)
    wanted |= {f"with_{name}": kind.arguments for name, kind in catalogue.steps.items()}
    wanted |= {f"on_{name}": kind.settings for name, kind in catalogue.triggers.items()}
    references, generated = models_json_schema([(model, "validation") for model in wanted.values()], by_alias=True)
    definitions: dict[str, Any] = generated.get("$defs", {})
    for name, model in wanted.items():
        definitions[name] = _definition(references[model, "validation"], definitions)
    for name, kind in catalogue.steps.items():
        definitions[f"with_{name}"] = _arguments(kind, definitions[f"with_{name}"])
    definitions["step"] = {"oneOf": [{"$ref": f"#/$defs/step_{shape}"} for shape in models.SHAPES]}
    definitions["on"] = _triggers(catalogue)
    for shape in ("do", "each"):
        definitions[f"step_{shape}"] = _with_kinds(definitions[f"step_{shape}"], catalogue, shape)
    definitions["case"] |= {"oneOf": [{"required": [key]} for key in ("match", "equals", "when")]}
    return {"$schema": DIALECT, "title": "A flow of Onebox", "$ref": "#/$defs/flow", "$defs": _linked(definitions)}


def _linked(schema: Any) -> Any:
    """With references in place of what stands for them."""
    if isinstance(schema, dict):
        if models.PART in schema:
            rest = {key: value for key, value in schema.items() if key != models.PART}
            return {**rest, "$ref": f"#/$defs/{schema[models.PART]}"}
        return {key: _linked(value) for key, value in schema.items()}
    return [_linked(item) for item in schema] if isinstance(schema, list) else schema


def _definition(reference: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A copy, since several kinds may share a model and each definition is worked on."""
    target = reference.get("$ref", "").removeprefix("#/$defs/")
    return dict(definitions[target] if target else reference)


def _arguments(kind: StepKind, schema: dict[str, Any]) -> dict[str, Any]:
    """Arguments may come from files: `template` gives `text`, `file` gives `run`."""
    for given, instead, more in _FILES:
        fields = kind.arguments.model_fields
        properties = schema.get("properties", {})
        if given not in properties or instead in fields or (instead == "file" and kind.name == "run"):
            continue
        schema["properties"] = {**properties, instead: {"type": "string"}, **more}
        required = schema.get("required", [])
        if given in required:
            schema["required"] = [name for name in required if name != given]
            schema["oneOf"] = [{"required": [given]}, {"required": [instead]}]
    return schema


def _with_kinds(schema: dict[str, Any], catalogue: Catalogue, shape: str) -> dict[str, Any]:
    properties = {**schema["properties"], "do": {"enum": sorted(catalogue.steps)}}
    chosen = [_when_kind(name, kind) for name, kind in sorted(catalogue.steps.items())]
    either = {"oneOf": [{"required": ["do"]}, {"required": ["steps"]}]} if shape == "each" else {}
    return {**schema, "properties": properties, "allOf": chosen, **either}


def _when_kind(name: str, kind: StepKind) -> dict[str, Any]:
    arguments = {"properties": {"with": {"anyOf": [{"$ref": f"#/$defs/with_{name}"}, _EXPRESSION]}}}
    if any(field.is_required() for field in kind.arguments.model_fields.values()):
        arguments["required"] = ["with"]  # type: ignore[assignment]
    return {"if": {"properties": {"do": {"const": name}}, "required": ["do"]}, "then": arguments}


def _triggers(catalogue: Catalogue) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name in sorted(catalogue.triggers):
        one = {"$ref": f"#/$defs/on_{name}"}
        properties[name] = {"anyOf": [one, {"type": "array", "items": one}, {"type": "null"}]}
    return {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
