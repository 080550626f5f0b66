"""YAML with line numbers: every value knows where it stands, and bombs are refused before they grow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.errors import InputError, PliantError
from core.files import checked_size

MAX_BYTES = 300_000
MAX_NODES = 20_000
MAX_DEPTH = 30
Model = TypeVar("Model", bound=BaseModel)
At = tuple[str | int, ...]
NAME_ALTERNATIVES = (("str",), ("constrained-str",))
"""How pydantic calls the alternative of a name, without and with bounds on its length."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a YAML file stand.

    Attributes:
        path: The file.
        lines: Line number by path of keys and indices.
        sha256: Of the text with line ends as \\n, in UTF-8, so that it is the same wherever the file is checked out.
    """

    path: Path
    lines: dict[At, int]
    sha256: str

    def place(self, *at: str | int) -> str:
        """`line 12`, of a key or of the nearest one above it."""
        found = at
        while found and found not in self.lines:
            found = found[:-1]
        return f"line {self.lines.get(found, 1)}"

    @contextmanager
    def at(self, *at: str | int) -> Iterator[None]:
        """Errors raised inside name this file and the line of a key, unless they already name a file."""
        try:
            yield
        except PliantError as error:
            raise error.placed(file=self.path, place=self.place(*at)) from None


def read_model(path: Path, model: type[Model]) -> Model:
    """Reads a YAML file into a pydantic model; raises `InputError` with file, line and the valid keys."""
    return read_source(path, model)[0]


def read_source(path: Path, model: type[Model]) -> tuple[Model, Source]:
    """Reads a YAML file into a pydantic model, with the lines of its values; raises `InputError` with file, line and the valid keys."""
    checked_size(path, MAX_BYTES, "YAML file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError("not a text file in UTF-8", file=path, place=f"byte {error.start}") from None
    _check_brackets(text, path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"not valid YAML: {problem}", file=path, place=f"line {mark.line + 1}" if mark else None) from None
    except RecursionError:
        raise InputError("nested too deeply", file=path) from None
    if root is None:
        raise InputError("the file is empty", file=path)
    lines: dict[At, int] = {}
    data = _plain(root, (), lines, [0], path)
    if not isinstance(data, dict):
        raise InputError(f"the file must be a mapping of keys to values, not {type(data).__name__}", file=path, place="line 1")
    source = Source(path, lines, hashlib.sha256(text.encode()).hexdigest())
    try:
        return model.model_validate(data), source
    except ValidationError as error:
        raise _explained(error, model, source) from None


def _check_brackets(text: str, path: Path) -> None:
    """Refuses deep nesting before the parser sees it, which needs the square of the depth in time."""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for character in line:
            depth += (character in "[{") - (character in "]}")
            if depth > 5 * MAX_DEPTH:
                raise InputError(f"nested more than {MAX_DEPTH} deep", file=path, place=f"line {number}")


def _plain(node: yaml.Node, at: At, lines: dict[At, int], count: list[int], path: Path) -> Any:
    """Plain data of a node; counts nodes after aliases are expanded, so that an alias bomb stops early."""
    count[0] += 1
    if count[0] > MAX_NODES:
        raise InputError(f"more than {MAX_NODES} values after expanding aliases", file=path, place=f"line {node.start_mark.line + 1}")
    if len(at) > MAX_DEPTH:
        raise InputError(
            f"nested more than {MAX_DEPTH} deep, or an alias that holds itself", file=path, place=f"line {node.start_mark.line + 1}"
        )
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in out:
                raise InputError(f"key '{key}' stands twice", file=path, place=f"line {key_node.start_mark.line + 1}")
            out[key] = _plain(value_node, (*at, key), lines, count, path)
            lines[(*at, key)] = key_node.start_mark.line + 1
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*at, i), lines, count, path) for i, child in enumerate(node.value)]
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(
            f"value '{str(node.value)[:60]}' cannot be read: {problem}", file=path, place=f"line {node.start_mark.line + 1}"
        ) from None


def _explained(error: ValidationError, model: type[BaseModel], source: Source) -> InputError:
    """The first schema error with its line; unknown keys with the nearest valid one."""
    # Where a name or a mapping may stand, the complaint about the one that was not meant is left out.
    errors = [
        item for item in error.errors() if not (item["loc"][-1:] in NAME_ALTERNATIVES and isinstance(item.get("input"), dict))
    ] or error.errors()
    # An unknown key often explains a missing one: it is told first.
    first = min(errors, key=lambda item: item["type"] != "extra_forbidden")
    # The names of alternatives ("GripperSpec") are in the path of the error but not in the file.
    loc: At = ()
    for index, part in enumerate(first["loc"]):
        last = index == len(first["loc"]) - 1
        if (*loc, part) in source.lines or (last and first["type"] == "missing"):
            loc = (*loc, part)
    name = ".".join(str(part) for part in loc) or ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        valid = _fields(model, first["loc"][:-1])
        near = get_close_matches(str(loc[-1]) if loc else "", valid, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        message = f"unknown key '{name}'{hint} Valid: {', '.join(valid)}"
    else:
        value = first.get("input")
        shown = f" (got {str(value)[:80]!r})" if not isinstance(value, dict | list) else ""
        message = (f"'{name}': " if name else "") + told(first) + shown
    more = len(errors) - 1
    return InputError(message + (f"; and {more} more" if more else ""), file=source.path, place=source.place(*loc))


def told(item: ErrorDetails) -> str:
    """What a schema error says, without pydantic's prefix for errors of our own."""
    return item["msg"].removeprefix("Value error, ")


def _fields(model: type[BaseModel], at: tuple[str | int, ...]) -> list[str]:
    """Valid keys of the model that a path leads to."""
    current: Any = model
    for part in at:
        candidates = (
            _models(current.model_fields[part].annotation)
            if isinstance(part, str) and current is not None and part in current.model_fields
            else [current]
        )
        current = candidates[0] if candidates else None
    return sorted(current.model_fields) if current is not None else []


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in getattr(annotation, "__args__", ()) for model in _models(arg)]
