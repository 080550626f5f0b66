"""What is measured: the family, and real parts of others where they are on the machine, with what their drawings do not say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from bench.family import family, write_dxf

REAL_PARTS = Path(__file__).resolve().parents[2] / "shared" / "parts" / "dxf"
"""Flat patterns that nobody on this project drew; licences keep them out of it."""
CELL = "bending-kr120"
# Thickness [mm], material and cell; all bends 90 degrees up, the radius of the tools.
_REAL = {
    "oxygen_dimmer_support_3mm": (3.0, "mild-steel", "bending-irb4600"),
    "oxygen_central_cover_1mm": (1.0, "mild-steel", CELL),
    "oxygen_outer_cover_1mm": (1.0, "mild-steel", CELL),
    "fusion_c_bracket_5mm": (5.0, "mild-steel", CELL),
    "oxygen_base_3mm_NOBENDS": (3.0, "mild-steel", CELL),
    "sw_ocp_timecard_bracket_v3_flat": (0.8, "stainless-304", "bending-irb4600"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One job to measure; the fields after `name` are those of `api.jobs.BendRequest`."""

    name: str
    source: str
    cell: str
    material: str
    thickness_mm: float
    angle_deg: float = 90.0
    direction: str | None = None

    def request(self) -> dict[str, str | float | None]:
        """Keyword arguments of a `BendRequest`."""
        fields = asdict(self)
        del fields["name"]
        return fields


def cases(pattern: str, folder: Path) -> tuple[list[Case], list[str]]:
    """All cases whose name contains `pattern`, real ones first, and what is left out and why; drawings of the family go to `folder`."""
    found, left_out = [], []
    for name, (thickness, material, cell) in _REAL.items():
        path = REAL_PARTS / f"{name}.dxf"
        if pattern not in name:
            continue
        if path.is_file():
            found.append(Case(name, str(path), cell, material, thickness))
        else:
            left_out.append(f"{name}: {path.name} is not in {Path('..') / REAL_PARTS.relative_to(REAL_PARTS.parents[2])}")
    found += [
        Case(member.name, str(write_dxf(member, folder)), CELL, member.material, member.thickness)
        for member in family()
        if pattern in member.name
    ]
    return found, left_out
