"""What stands under `with` of a sql step, as `onebox check` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from onebox.connectors.sql.statement import parameters, read_statement
from onebox.flows.definition.fields import FlowModel, Given, Verbatim
from onebox.flows.kinds import StepKind
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class SqlArguments(FlowModel):
    """One statement with named parameters (`:name`), on the box's own database unless another is named."""

    run: Verbatim
    """the statement (or `file`: a file that holds it); values come in by parameters alone, never by `${…}`"""
    args: Given[dict[str, Any]] | None = None
    """a value for each parameter"""
    database: Verbatim | None = None
    """one of those named under `databases` in box.yaml"""
    limit: Given[Annotated[int, Field(ge=1, le=100_000)]] = 1000
    """rows that are read at most"""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        check_statement(self.run, self.args)
        return self


def check_statement(text: str, args: Any) -> None:
    """Whether it is one statement, and `args`, where they are written out, are its parameters.

    Raises PydanticCustomError.
    """
    statement = read_statement(text)
    if not statement.words:
        raise PydanticCustomError("statement", "there is no statement")
    if statement.more:
        raise PydanticCustomError("statement", "there is more than one statement; use a step for each")
    if statement.positional is not None:
        found = {"found": statement.positional}
        raise PydanticCustomError("parameter", "{found} is a parameter without a name; write :name", found)
    if args is None or isinstance(args, dict):
        _check_args(parameters(text), args or {})


def _check_args(names: set[str], args: dict[str, Any]) -> None:
    missing = sorted(names - set(args))
    if missing:
        found = {"missing": ", ".join(f":{name}" for name in missing)}
        raise PydanticCustomError(
            "parameter_missing", "the statement asks for {missing}, which args does not give", found
        )
    extra = sorted(set(args) - names)
    if extra:
        found = {"extra": extra[0], "near": did_you_mean(extra[0], names)}
        raise PydanticCustomError("parameter_unknown", "the statement has no parameter :{extra}{near}", found)


def sql_kind(databases: Collection[str] | None = None) -> StepKind:
    """`sql`; on a named database performed by `SqlConnector`, on the box's own by the engine. With the names of the
    box's `databases`, a wrong one is found before anything runs."""

    def fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
        name = arguments.get("database")
        if databases is None or not isinstance(name, str) or "${" in name or name in databases:
            return None
        known = ", ".join(sorted(databases)) or "none"
        near = did_you_mean(name, databases) or f"; box.yaml names: {known}"
        return "database", f"there is no database {name!r}{near}"

    return StepKind("sql", SqlArguments, results=("rows", "row", "count"), fault=fault)
