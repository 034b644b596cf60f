"""What a person cannot do in the sandbox."""

from __future__ import annotations

from typing import ClassVar

from onebox.kernel.errors import OneboxError


class CannotAct(OneboxError):
    """A person of the sandbox was to do what is not possible, such as to press a button that is not there."""

    code: ClassVar[str] = "sandbox_act"
