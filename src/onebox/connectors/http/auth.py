"""How a request says who it is: by a secret that the flow names and never holds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import StepFailed
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.connectors.http.request import Request

FORMS = (
    "the name of a secret, {bearer: NAME}, {basic: {user: TEXT, password: NAME}}, {header: HEADER, secret: NAME}"
    " or {query: PARAMETER, secret: NAME}"
)


def apply_auth(request: Request, auth: Any, secrets: Mapping[str, str]) -> None:
    """Adds what `auth` asks for. Raises StepFailed where it asks for nothing known."""
    if isinstance(auth, str):
        _bearer(request, _secret(auth, secrets))
        return
    match auth:
        case {"bearer": str(name)}:
            _bearer(request, _secret(name, secrets))
        case {"basic": {"user": user, "password": str(name)}}:
            password = _secret(name, secrets)
            request.headers["Authorization"] = basic(str(user), password)
            request.secrets.append(password)
        case {"header": str(header), "secret": str(name)}:
            request.headers[header] = value = _secret(name, secrets)
            request.secrets.append(value)
        case {"query": str(parameter), "secret": str(name)}:
            value = _secret(name, secrets)
            request.secret_query = (parameter, value)
            request.secrets.append(value)
        case _:
            raise StepFailed("bad_argument", f"auth: expected {FORMS}; got {auth!r}", passing=False)


def is_auth(auth: Any) -> bool:
    """Whether `auth` has one of the forms; the texts in it may still be expressions."""
    match auth:
        case str() | {"bearer": str()} | {"basic": {"user": _, "password": str()}}:
            return bool(auth) and (isinstance(auth, str) or len(auth) == 1)
        case {"header": str(), "secret": str()} | {"query": str(), "secret": str()}:
            return len(auth) == len(("header", "secret"))
    return False


def basic(user: str, password: str) -> str:
    """
    >>> basic("ana", "pw")
    'Basic YW5hOnB3'
    """
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _bearer(request: Request, token: str) -> None:
    request.headers["Authorization"] = f"Bearer {token}"
    request.secrets.append(token)


def _secret(name: str, secrets: Mapping[str, str]) -> str:
    value = secrets.get(name)
    if value is not None:
        if "\n" in value or "\r" in value:
            raise StepFailed("bad_secret", f"auth: the secret {name!r} holds a line break", passing=False)
        return value
    near = did_you_mean(name, secrets) or "; add it to the box's secrets"
    raise StepFailed("secret_missing", f"auth: this box has no secret {name!r}{near}", passing=False)
