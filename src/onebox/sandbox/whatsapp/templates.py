"""Templates: the only messages for people who did not write within a day."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from onebox.sandbox.whatsapp.refusals import INVALID, MISSING, TEMPLATE_COUNT, TEMPLATE_UNKNOWN, Refused
from onebox.sandbox.whatsapp.world import Button

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Template:
    """One that Meta approved. `body` and `header` hold `{{1}}` or `{{name}}`; `buttons` are quick replies."""

    name: str
    language: str
    body: str
    header: str = ""
    buttons: tuple[str, ...] = field(default_factory=tuple)

    def filled(self, content: dict[str, Any]) -> tuple[str, dict[str, Button]]:
        """The text, and the buttons by their payload. Raises Refused."""
        header, body, payloads = _components(content)
        text = "\n".join(
            part for part in (_fill(self.header, header, "header"), _fill(self.body, body, "body")) if part
        )
        buttons = {}
        for index, title in enumerate(self.buttons):
            payload = payloads.get(index, title)
            buttons[payload] = Button(payload, title, "button")
        if unknown := payloads.keys() - set(range(len(self.buttons))):
            raise Refused(INVALID, f"template {self.name} has no button with the index {min(unknown)}")
        return text, buttons


def template_of(templates: dict[tuple[str, str], Template], content: Any) -> Template:
    """The template that a message names. Raises Refused."""
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise Refused(MISSING, "Parameter 'template.name' is missing")
    language = content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(code, str):
        raise Refused(MISSING, "Parameter 'template.language.code' is missing")
    template = templates.get((content["name"], code))
    if template is None:
        raise Refused(TEMPLATE_UNKNOWN, f"template name ({content['name']}) does not exist in {code}")
    return template


def _components(content: dict[str, Any]) -> tuple[list[Any], list[Any], dict[int, str]]:
    components = content.get("components", [])
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise Refused(INVALID, "template.components must be a list of objects")
    filled: dict[str, list[Any]] = {"header": [], "body": []}
    payloads: dict[int, str] = {}
    for one in components:
        kind, parameters = str(one.get("type", "")).lower(), one.get("parameters", [])
        if not isinstance(parameters, list) or not all(isinstance(parameter, dict) for parameter in parameters):
            raise Refused(INVALID, "template.components.parameters must be a list of objects")
        if kind in filled:
            filled[kind] += parameters
        elif kind == "button":
            index = str(one.get("index", ""))
            if not re.fullmatch(r"\d", index, re.ASCII):
                raise Refused(INVALID, "template.components.index must be a number from 0 to 9")
            payloads[int(index)] = str((parameters or [{}])[0].get("payload", ""))
        else:
            raise Refused(INVALID, f"template.components.type must be header, body or button, and is {kind!r}")
    return filled["header"], filled["body"], payloads


def _fill(text: str, parameters: list[Any], where: str) -> str:
    names = list(dict.fromkeys(_PLACE.findall(text)))
    texts = [one for one in parameters if one.get("type", "text") in {"text", "currency", "date_time"}]
    if len(texts) != len(names):
        given = (
            f"number of localizable_params ({len(texts)}) does not match the expected number of params ({len(names)})"
        )
        raise Refused(TEMPLATE_COUNT, f"{where}: {given}")
    named = {str(one.get("parameter_name")): one for one in texts if "parameter_name" in one}
    values = {}
    for name, in_order in zip(names, texts, strict=True):
        one = named.get(name, in_order)
        kind = one.get("type", "text")
        inner = one.get(kind)
        values[name] = str(inner.get("fallback_value", "")) if isinstance(inner, dict) else str(inner or "")
        if not values[name]:
            raise Refused(INVALID, f"{where}: parameter {name} is empty")
    return _PLACE.sub(lambda match: values[match[1]], text)
