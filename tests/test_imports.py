"""Imports point one way, and heavy libraries stay where they belong."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY = {
    "core": set(),
    "parts": {"core"},
    "robots": {"core"},
    "cells": {"core", "parts", "robots"},
    "sim": {"core", "parts", "robots", "cells"},
    "api": {"core", "parts", "robots", "cells", "sim"},
}
ONLY_API = {"fastapi", "typer", "rich"}
FILES = [path for folder in MAY for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    names = set(imported(path))
    assert not (names & set(MAY)) - MAY[own] - {own}
    if own != "api":
        assert not names & ONLY_API
    if not (own == "sim" and path.name.startswith("world")):
        assert not names & {"pybullet", "pybullet_data"}
