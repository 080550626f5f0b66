"""Shared parts for tests: small sheets with known answers, and where the real files lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shapely import box

from cells.load import load_cell
from parts.build import BendSpec, build_sheet
from parts.dxf import read_dxf
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from parts.sheet import SheetPart
from sim.bending import BendingOptions, plan_bending

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def real_dxf() -> Path:
    """Folder of real flat patterns; the tests that need it skip where it is absent."""
    folder = SHARED / "parts" / "dxf"
    if not folder.is_dir():
        pytest.skip("the folder of real parts (../shared/parts/dxf) is not on this machine")
    return folder


def step_folder(name: str) -> Path:
    """A folder of real STEP parts; the tests that need it skip where it, or the kernel, is absent."""
    pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")
    folder = SHARED / "parts" / name
    if not folder.is_dir():
        pytest.skip(f"the folder of real parts (../shared/parts/{name}) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def real_step() -> Path:
    """Folder of real folded parts."""
    return step_folder("step")


def strip(
    lines: list[float],
    length: float,
    width: float,
    signs: list[int] | None = None,
    *,
    t: float = 2e-3,
    r: float = 2e-3,
    angle: float = np.pi / 2,
) -> SheetPart:
    """A strip along x with bend lines across it at `lines` [m]."""
    signs = signs or [1] * len(lines)
    bends = tuple(BendLine(np.array([x, 0.0]), np.array([x, width])) for x in lines)
    flat = FlatPattern("strip", box(0.0, 0.0, length, width), bends)
    return build_sheet(flat, thickness=t, material=material("mild-steel"), specs=[BendSpec(s * angle, r) for s in signs], collision=False)


def folded_points(part: SheetPart, angles: np.ndarray) -> np.ndarray:
    """All corners of the folded flanges (n, 3)."""
    Ts = part.fold(angles)
    return np.concatenate([hull @ Ts[f.index][:3, :3].T + Ts[f.index][:3, 3] for f in part.flanges for hull in part.flange_hulls(f.index)])


@pytest.fixture(scope="session")
def dimmer(real_dxf):
    """The oxygen dimmer support, bent from 3 mm in the shipped IRB 4600 cell: a whole plan."""
    flat = read_dxf(real_dxf / "oxygen_dimmer_support_3mm.dxf")
    part = build_sheet(flat, thickness=3e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 4e-3)] * 2)
    return plan_bending(part, load_cell("bending-irb4600"), BendingOptions())
