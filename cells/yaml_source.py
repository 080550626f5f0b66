"""YAML with line numbers: every value knows where it stands, and bombs are refused before they grow."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from core.errors import InputError

MAX_BYTES = 2_000_000
MAX_NODES = 50_000
Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, model: type[Model]) -> Model:
    """Reads a YAML file into a pydantic model; raises `InputError` with file, line and the valid keys."""
    if not path.is_file():
        raise InputError("no such file", file=path)
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"file has {path.stat().st_size} bytes; the limit is {MAX_BYTES}", file=path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("not a text file in UTF-8", file=path) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            f"not valid YAML: {getattr(error, 'problem', error)}", file=path, place=f"line {mark.line + 1}" if mark else None
        ) from None
    except RecursionError:
        raise InputError("nested too deeply", file=path) from None
    if root is None:
        raise InputError("the file is empty", file=path)
    lines: dict[tuple[str | int, ...], int] = {}
    try:
        data = _plain(root, (), lines, [0], path)
    except RecursionError:
        raise InputError("nested too deeply", file=path) from None
    if not isinstance(data, dict):
        raise InputError(f"the file must be a mapping of keys to values, not {type(data).__name__}", file=path, place="line 1")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explained(error, model, lines, path) from None


def _plain(node: yaml.Node, at: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], count: list[int], path: Path) -> Any:
    """Plain data of a node; counts nodes after aliases are expanded, so that an alias bomb stops early."""
    count[0] += 1
    if count[0] > MAX_NODES:
        raise InputError(f"more than {MAX_NODES} values after expanding aliases", file=path, place=f"line {node.start_mark.line + 1}")
    lines[at] = node.start_mark.line + 1
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
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"value '{node.value}' cannot be read: {error}", file=path, place=f"line {node.start_mark.line + 1}") from None


def _explained(error: ValidationError, model: type[BaseModel], lines: dict[tuple[str | int, ...], int], path: Path) -> InputError:
    """The first schema error with its line; unknown keys with the nearest valid one."""
    # An unknown key often explains a missing one: it is told first. Where a name or a mapping may stand, a mapping is not told that it is no name.
    first = min(
        error.errors(),
        key=lambda item: (item["type"] != "extra_forbidden", item["type"] == "string_type" and isinstance(item.get("input"), dict)),
    )
    loc = tuple(part for part in first["loc"])
    found = loc
    while found and found not in lines:
        found = found[:-1]
    place = f"line {lines.get(found, 1)}"
    name = ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        valid = _fields(model, loc[:-1])
        near = get_close_matches(str(loc[-1]), valid, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        message = f"unknown key '{name}'{hint} Valid: {', '.join(valid)}"
    else:
        value = first.get("input")
        shown = f" (got {value!r})" if not isinstance(value, dict | list) else ""
        message = f"'{name}': {first['msg']}{shown}"
    more = len(error.errors()) - 1
    return InputError(message + (f"; and {more} more" if more else ""), file=path, place=place)


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
