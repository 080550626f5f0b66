"""Sheet materials: what folding, bending force and springback need."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnknownNameError
from core.units import MPA


@dataclass(frozen=True, slots=True)
class Material:
    """A sheet material; nominal values of the grade, a certificate is better.

    Attributes:
        name: As given on the command line.
        density: [kg/m3]
        tensile_strength: Rm [Pa].
        yield_strength: [Pa]
        elastic_modulus: [Pa]
        k_factor: Neutral fibre from the inner face over thickness, for air bending with V = 6..10 t.
        springback_90: Springback of a 90 degree air bend with inner radius = thickness [deg].
        radius_ratio: Natural inner radius of an air bend over the V opening.
    """

    name: str
    density: float
    tensile_strength: float
    yield_strength: float
    elastic_modulus: float
    k_factor: float
    springback_90: float
    radius_ratio: float


# Strengths: typical values of the grades (EN 10130/10025, EN 10088, EN 485). Springback: the working rule in docs/bending.md
# (1.5 deg mild, 3 deg 304, 2 deg 5052, 4.5 deg 6061). Radius: 0.16 V mild steel, 13-15 % 5052, 20-22 % 304. K: 0.42, inverted from
# the Amada handbook for V = 6..10 t.
_MATERIALS = {
    material.name: material
    for material in (
        Material("mild-steel", 7850, 420 * MPA, 235 * MPA, 210e9, 0.42, 1.5, 0.16),
        Material("galvanised-steel", 7850, 380 * MPA, 240 * MPA, 210e9, 0.42, 1.5, 0.16),
        Material("stainless-304", 7900, 620 * MPA, 270 * MPA, 200e9, 0.42, 3.0, 0.21),
        Material("stainless-316", 8000, 600 * MPA, 270 * MPA, 200e9, 0.42, 3.0, 0.21),
        Material("aluminium-5052", 2680, 230 * MPA, 160 * MPA, 70e9, 0.42, 2.0, 0.14),
        Material("aluminium-5754", 2670, 220 * MPA, 110 * MPA, 70e9, 0.42, 2.0, 0.14),
        Material("aluminium-6061", 2700, 310 * MPA, 270 * MPA, 69e9, 0.42, 4.5, 0.16),
    )
}


def materials() -> dict[str, Material]:
    """All shipped materials by name."""
    return dict(_MATERIALS)


def material(name: str) -> Material:
    """A shipped material; raises `UnknownNameError` with the valid names."""
    if name not in _MATERIALS:
        raise UnknownNameError("material", name, list(_MATERIALS))
    return _MATERIALS[name]
