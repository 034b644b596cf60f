"""Reads parts of one file: shapes, each fault with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from onebox.kernel.faults import Fault
from onebox.kernel.problems import problems

if TYPE_CHECKING:
    from onebox.kernel.document import Document, Location

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class DocumentReader:
    """One file on its way to what it means, and what is wrong with it so far. `context` is handed to validators."""

    context: ClassVar[Any] = None

    document: Document
    faults: list[Fault] = field(default_factory=list)

    def fault(self, location: Location, message: str, hint: str | None = None, *, key: bool = False) -> None:
        """Notes what is wrong at a location."""
        line, column = self.document.place(location, key=key)
        self.faults.append(Fault(self.document.file, line, column, message, hint))

    def model(self, model: type[Model], raw: Any, location: Location, owner: str = "") -> Model | None:
        """The checked shape, or None and faults. `owner` is named where something of it is missing."""
        try:
            return model.model_validate(raw, context=self.context)
        except ValidationError as error:
            for problem in problems(error, model, raw, lambda loc: self.document.written(location + loc)):
                message = problem.message
                prefix = owner if message.endswith("is missing") else "" if problem.location else _last_name(location)
                message = f"{prefix}: {message}" if prefix else message
                self.fault(location + problem.location, message, problem.hint, key=problem.at_key)
            return None
        except RecursionError:
            self.fault(location, "nested too deep")
            return None


def _last_name(location: Location) -> str:
    return next((part for part in reversed(location) if isinstance(part, str)), "")
