"""Whether a weldment lies on what holds it, and not inside of it: everything that it may touch while it is welded is looked at once, at rest."""

from __future__ import annotations

import numpy as np

from cells.weld_model import WeldCell
from parts.weldment import Weldment
from sim.rest_checks import INSIDE
from sim.scene_parts import ARM
from sim.weld.groups import piece_group, torch_group
from sim.weld.world import WeldWorld

SUNK = 1e-3
"""Pieces that are further inside of a table or a fixture were put there by mistake [m]."""


def stands_inside(cell: WeldCell, weldment: Weldment) -> tuple[str, str, float] | None:
    """(piece, body, depth [m]) of the deepest overlap of a weldment with what does not move by itself, the positioner at home; None: it lies free."""
    pieces = {piece_group(piece.name): piece.name for piece in weldment.pieces}
    torch = {torch_group(link.name) for link in cell.torch.mechanism.links}
    with WeldWorld(cell, weldment) as world:
        world.set_joints(cell.robot.q_home)
        own = [k for k, body in enumerate(world.bodies) if body.group in pieces]
        others = [
            k for k, body in enumerate(world.bodies) if body.group not in pieces and body.group not in ARM and body.group not in torch
        ]
        pairs = np.array([(a, b) for a in own for b in others], dtype=int).reshape(-1, 2)
        found = []
        for contact in world.near_pairs(pairs, 0.0):
            one, other = world.bodies[contact.a], world.bodies[contact.b]
            piece, body = (one, other) if one.group in pieces else (other, one)
            if -contact.distance > (INSIDE if body.name.startswith("positioner ") else SUNK):
                found.append((-contact.distance, pieces[piece.group], body.name))
    if not found:
        return None
    depth, piece_name, body_name = max(found)
    return piece_name, body_name, depth
