"""The fixed-table cell, and beads in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from cells.weld_model import WeldCell


@pytest.fixture(scope="session")
def kr5() -> WeldCell:
    """`welding-kr5`."""
    return load_weld_cell("welding-kr5")


@pytest.fixture(scope="session")
def kr5_far(kr5: WeldCell) -> WeldCell:
    """The same with the workpiece 1.5 m further away."""
    T = kr5.T_holder_workpiece.copy()
    T[:3, 3] += np.array([1.5, 0.0, 0.0])
    return replace(kr5, T_holder_workpiece=T)
