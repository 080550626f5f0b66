"""What the tests of parts share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def _folder(name: str) -> Path:
    pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")
    folder = SHARED / "parts" / name
    if not folder.is_dir():
        pytest.skip(f"the folder of real parts (../shared/parts/{name}) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def real_step() -> Path:
    """Folder of real folded parts."""
    return _folder("step")


@pytest.fixture(scope="session")
def labelled_step() -> Path:
    """Folder of synthetic folded parts with their answers."""
    return _folder("step_labelled")
