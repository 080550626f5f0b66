"""What the tests of parts share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import step_folder


@pytest.fixture(scope="session")
def labelled_step() -> Path:
    """Folder of synthetic folded parts with their answers."""
    return step_folder("step_labelled")
