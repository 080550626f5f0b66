"""The published JSON Schemas are current, describe every key, and accept what the readers accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cells.kinds import SHIPPED, cell_kind
from cells.schema import json_schema as cell_schema
from cells.weld_schema import json_schema as weld_cell_schema
from parts.job import json_schema as job_schema
from parts.weld_job import json_schema as weld_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {"cell": cell_schema, "job": job_schema, "weld-cell": weld_cell_schema, "weld": weld_schema}
MANUALS = {"weld-cell": ("weld_cells.md", "cell_files.md"), "weld": ("weldments.md",)}
KINDS = {"bending": "cell", "welding": "weld-cell"}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_committed_copies_are_current(kind: str) -> None:
    assert json.loads((ROOT / "docs" / "schema" / f"{kind}.json").read_text()) == SCHEMAS[kind](), (
        f"run: pliant schema {kind} > docs/schema/{kind}.json"
    )


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_key_is_described_for_the_editor_and_in_the_manual(kind: str) -> None:
    pages = MANUALS.get(kind, ("cell_files.md",))
    manual = "".join((ROOT / "docs" / page).read_text() for page in pages)
    schema = SCHEMAS[kind]()
    for model in (schema, *schema["$defs"].values()):
        for key, value in model["properties"].items():
            assert value.get("description"), f"{model['title']}.{key}"
            assert f"`{key}`" in manual, f"{model['title']}.{key} is not in {' or '.join(pages)}"


def schema_errors(kind: str, data: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMAS[kind]()).iter_errors(data)]


def test_shipped_files_pass() -> None:
    for path in SHIPPED.glob("*.yaml"):
        assert schema_errors(KINDS[cell_kind(path)], yaml.safe_load(path.read_text())) == []
    assert schema_errors("job", yaml.safe_load((ROOT / "examples" / "parts" / "tray.yaml").read_text())) == []


def test_wrong_files_are_marked() -> None:
    job = yaml.safe_load((ROOT / "examples" / "parts" / "tray.yaml").read_text())
    assert schema_errors("job", {**job, "thicknes_mm": 1})
    assert schema_errors("job", {**job, "thickness_mm": -1})
    cell = yaml.safe_load((SHIPPED / "bending-irb4600.yaml").read_text())
    assert schema_errors("cell", {**cell, "robot": {**cell["robot"], "language": "basic"}})
