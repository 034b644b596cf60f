"""What the people of a sandbox can be told to do, by name; and what they cannot."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import inspect
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

from pydantic import ConfigDict, Field, ValidationError, validate_call

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.sandbox.talk import Talk
    from onebox.sandbox.times import Time
    from onebox.sandbox.trouble import Trouble


_CHECKED = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)
_LONGEST_FORWARD = 10 * 366 * 86_400.0


class CannotAct(OneboxError):
    """A person of the sandbox was to do what is not possible, such as to press a button that is not there."""

    code: ClassVar[str] = "sandbox_act"


class Switch(Protocol):
    """Flood control, that can be turned off."""

    on: bool


class Sandbox(Protocol):
    """What both sandboxes have. `ACTS`: the names of what people can do, each a method."""

    ACTS: ClassVar[tuple[str, ...]]
    talk: Talk
    time: Time
    trouble: Trouble

    @property
    def flood(self) -> Switch:
        """Flood control."""
        ...

    @property
    def sent(self) -> Sequence[Any]:
        """What was sent, each a dataclass with a `chat`."""
        ...

    def stats(self) -> dict[str, Any]:
        """What was counted."""
        ...

    def reset(self) -> None:
        """Forgets what was said, sent and counted."""
        ...


class Acts:
    """The acts of one sandbox, and those that change the sandbox itself: `trouble`, `flood`, `forward`, `reset`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        own = {name: getattr(sandbox, name) for name in (*sandbox.ACTS, "reset")}
        self._acts: dict[str, Callable[..., Any]] = {
            **own, "trouble": self._trouble, "flood": self._flood, "forward": self._forward,
        }  # fmt: skip

    async def act(self, name: str, given: dict[str, Any]) -> Any:
        """Lets someone do something; `given` are the arguments, `content` in base64. What it gives, as JSON. Raises CannotAct."""
        if name not in self._acts:
            meant = nearest(name, self._acts)
            advice = f"did you mean {meant!r}? " if meant else ""
            raise CannotAct(f"there is no act {name!r}; {advice}there are {', '.join(sorted(self._acts))}")
        given = dict(given)
        if isinstance(given.get("content"), str):
            given["content"] = _decoded(given["content"])
        try:
            result = validate_call(config=_CHECKED)(self._acts[name])(**given)
            return _plain(await result if inspect.isawaitable(result) else result)
        except ValidationError as error:
            first = error.errors()[0]
            raise CannotAct(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None

    def _trouble(self, **shares: float) -> None:
        try:
            self._sandbox.trouble.change(**shares)
        except ValueError as error:
            raise CannotAct(str(error)) from None

    def _flood(self, *, on: bool) -> None:
        self._sandbox.flood.on = on

    def _forward(self, seconds: Annotated[float, Field(ge=0, le=_LONGEST_FORWARD)]) -> None:
        self._sandbox.time.forward(seconds)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise CannotAct("content must be base64") from None


def _plain(value: Any) -> Any:
    """What is JSON of a result; of an object that is waited for, its id alone."""
    if hasattr(value, "answer"):
        return {"id": value.id}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value
