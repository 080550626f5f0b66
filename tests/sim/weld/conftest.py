"""The fixed-table cell, and beads in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from cells.weld_model import WeldCell
from parts.weldment import Weldment
from sim.weld.job import plan_weld
from sim.weld.plan import WeldPlan
from tests.sim.weld.weld_cases import t_joint, tube_on_plate


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


@pytest.fixture(scope="session")
def tee(kr5: WeldCell) -> tuple[Weldment, WeldPlan]:
    """A T joint with both seams, planned."""
    weldment = t_joint()
    return weldment, plan_weld(weldment, kr5)


@pytest.fixture(scope="session")
def tube(kr5: WeldCell) -> tuple[Weldment, WeldPlan]:
    """A tube on a plate, planned."""
    weldment = tube_on_plate()
    return weldment, plan_weld(weldment, kr5)
