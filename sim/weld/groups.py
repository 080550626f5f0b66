"""What may touch what in a welding cell, as data: groups of bodies, pairs that never matter, and what a torch may come near while it welds.

Groups: `robot`; `torch`, `nozzle`, `wire` (parts of the torch); `stand`, `cradle`, `table` (a positioner's links that stand still, that turn, and the one that carries the
workpiece; a fixed table is `table` too); `piece-NAME` (pieces of the weldment); `fixture`; and those of the cell's bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from cells.weld_machines import NOZZLE, WIRE
from cells.weld_model import Positioner, WeldCell
from parts.weldment import Weldment
from sim.scene_parts import SELF_MARGIN, Groups

TORCH = ("torch", "nozzle", "wire")
NOZZLE_MARGIN = 0.5e-3
"""While a seam is welded, the nozzle keeps this from the two pieces of the seam [m]. A nozzle of 18 mm whose end is 13 mm from the root of a fillet has 2.8 mm left when it stands in
the bisector, and this when it leans by 8 deg."""

CLEANING: Groups = frozenset({("wire", "cleaner"), ("nozzle", "cleaner")})
"""What may touch while the torch is cleaned, and on the last straight way to it."""


def torch_group(link: str) -> str:
    """Group of a torch's link."""
    return {NOZZLE: "nozzle", WIRE: "wire"}.get(link, "torch")


def piece_group(name: str) -> str:
    """Group of a piece of the weldment."""
    return f"piece-{name}"


def positioner_groups(positioner: Positioner) -> dict[str, str]:
    """Group by link name."""
    mechanism = positioner.mechanism
    moves = {0: False}
    for joint in mechanism.joints:
        moves[joint.child] = moves[joint.parent] or joint.kind != "fixed"
    groups = {link.name: "cradle" if moves[index] else "stand" for index, link in enumerate(mechanism.links)}
    return groups | {positioner.table_link: "table"}


def fixed_groups(cell: WeldCell) -> frozenset[str]:
    """Groups of what never moves."""
    return frozenset(body.group for body in cell.bodies) | {"stand"}


def never_checked(cell: WeldCell, weldment: Weldment) -> Groups:
    """Pairs of groups that are never looked at: what is bolted down or clamped together, the positioner and the torch with themselves."""
    held = {piece_group(piece.name) for piece in weldment.pieces} | {"fixture", "table"}
    together = (fixed_groups(cell), held, {"stand", "cradle", "table"}, set(TORCH))
    return frozenset(pair for one in together for pair in product(one, one))


def margins() -> dict[tuple[str, str], float]:
    """Clearances that differ from the cell's in any move: the arm with itself and its torch."""
    return {("robot", other): SELF_MARGIN for other in ("robot", *TORCH)}


def welding_margins(cell: WeldCell, others: Iterable[str], own: Iterable[str]) -> Mapping[tuple[str, str], float]:
    """Clearances while a seam is welded, and on the last straight way to it.

    Args:
        others: All groups of the scene.
        own: Names of the seam's pieces.
    """
    out = {(part, other): cell.weld_margin for part in TORCH for other in others if other not in ("robot", *TORCH)}
    return out | {("nozzle", piece_group(name)): NOZZLE_MARGIN for name in own}


def welding_contacts(weldment: Weldment) -> Groups:
    """What may touch while a seam is welded: the wire's end stands in the seam, and at its ends a third piece may stand as near."""
    return frozenset(("wire", piece_group(piece.name)) for piece in weldment.pieces)
