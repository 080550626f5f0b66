"""Seams from the boundary representation: contacts of pieces, the edges around them, what kind of joint they are, and whether a torch comes there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import MM, to_deg, to_mm
from parts.brep import mm3
from parts.seam import Seam
from parts.seam_access import accessible_share
from parts.seam_chains import Chain, chained, polyline_length, seam_of
from parts.seam_contacts import Contact, FaceContacts
from parts.seam_kinds import Joint, joint_of
from parts.seam_options import SeamOptions
from parts.weld_faces import SolidFaces, WedgeEdge, wedge_edge

ENOUGH = 0.5
"""A seam of which a torch reaches less than this share is left out."""
MOST_PAIRS = 60_000
"""Edges laid on faces at most, so that the time is bounded."""


def find_seams(solids: list[SolidFaces], options: SeamOptions) -> tuple[tuple[Seam, ...], tuple[Finding, ...]]:
    """All seams between the pieces, numbered from 1 by pieces and edges; findings say what was left out and why.

    The numbering depends on the file's order only, not on where the weldment lies.

    Raises:
        InputError: When there are more contacts or seams than are looked at.
    """
    joints: list[Joint] = []
    refused: list[tuple[Contact, str]] = []
    for contact, joint in _joints(solids, options):
        if isinstance(joint, Joint):
            joints.append(joint)
        else:
            refused.append((contact, joint))
    findings = _refusals(refused, solids, options)
    chains = _without_twins([chain for chain in chained(joints) if chain.length >= options.min_length])
    everything = np.concatenate([solid.triangles for solid in solids])
    seams: list[Seam] = []
    for chain in chains:
        contact = chain.joints[0].contact
        seam = seam_of(chain, str(len(seams) + 1), (solids[contact.owner].name, solids[contact.other].name))
        opening = float(np.median([joint.opening for joint in chain.joints]))
        if seam.length > options.max_length or not options.min_angle <= opening <= options.max_angle:
            findings.append(_filtered(seam, opening, options))
            continue
        share = accessible_share(seam, everything, options)
        if share < ENOUGH:
            findings.append(_unreached(seam, share))
            continue
        if len(seams) >= options.most:
            raise InputError(f"the weldment has more than {options.most} seams; raise min_length_mm, or give a part of it")
        seams.append(seam)
        findings += _remarks(seam, share, options)
    return tuple(seams), tuple(findings)


def _joints(solids: list[SolidFaces], options: SeamOptions) -> Iterator[tuple[Contact, Joint | str]]:
    faces: dict[tuple[int, int], FaceContacts] = {}
    edges: dict[tuple[int, int], WedgeEdge | None] = {}
    pairs = 0
    for i, owner in enumerate(solids):
        for j, other in enumerate(solids):
            if i == j or not _overlap(owner.low, owner.high, other.low, other.high, options.max_gap):
                continue
            for edge, face in _near_pairs(owner, other, options.max_gap):
                pairs += 1
                if pairs > MOST_PAIRS:
                    raise InputError(f"the weldment has more than {MOST_PAIRS} places where edges come near faces; give a part of it")
                if (i, edge) not in edges:
                    edges[i, edge] = wedge_edge(owner, edge)
                wedge = edges[i, edge]
                if wedge is None:
                    continue
                laid = faces.setdefault((j, face), FaceContacts(other, face))
                for contact in laid.stretches(i, j, owner, wedge, options.max_gap):
                    joint = joint_of(contact, solids)
                    if joint is not None:
                        yield contact, joint


def _refusals(refused: list[tuple[Contact, str]], solids: list[SolidFaces], options: SeamOptions) -> list[Finding]:
    """What is no joint that is welded, each place once although both pieces' edges are there."""
    told: list[tuple[set[int], Array]] = []
    out = []
    for contact, why in refused:
        middle, pair = (contact.points[0] + contact.points[-1]) / 2, {contact.owner, contact.other}
        if polyline_length(contact.points) < options.min_length or any(p == pair and np.linalg.norm(m - middle) < 5 * MM for p, m in told):
            continue
        told.append((pair, middle))
        words = _words(solids[contact.owner].name, solids[contact.other].name, middle[None])
        out.append(Finding("info", "seam-left-out", f"{words} is left out: {why}.", "Give it as an own seam if it is to be welded."))
    return out


def _near_pairs(owner: SolidFaces, other: SolidFaces, reach: float) -> Iterator[tuple[int, int]]:
    """Edges of one piece and faces of another whose boxes come near each other, in order of the edges."""
    brep = owner.brep
    starts, ends = brep.starts[:-1], brep.starts[1:]
    full = np.flatnonzero(ends > starts)
    if len(full) == 0:
        return
    low = np.minimum.reduceat(brep.points, starts[full], axis=0)
    high = np.maximum.reduceat(brep.points, starts[full], axis=0)
    near = np.all((low <= other.high + reach) & (high >= other.low - reach), axis=1)
    boxes = [other.face_box(face) for face in range(other.brep.n_faces)]
    face_low, face_high = np.array([box[0] for box in boxes]), np.array([box[1] for box in boxes])
    faces = np.flatnonzero(np.all((face_low <= owner.high + reach) & (face_high >= owner.low - reach), axis=1))
    for row in np.flatnonzero(near):
        hit = np.all((face_low[faces] <= high[row] + reach) & (face_high[faces] >= low[row] - reach), axis=1)
        for face in faces[hit]:
            yield int(full[row]), int(face)


def _without_twins(chains: list[Chain]) -> list[Chain]:
    """Chains without those that are another one seen from the other piece: same two pieces, same place, same side."""
    kept: list[Chain] = []
    for chain in sorted(chains, key=lambda chain: -chain.length):
        mine = chain.joints[0].contact
        if not any(
            {mine.owner, mine.other} == {one.joints[0].contact.owner, one.joints[0].contact.other} and _same(chain, one) for one in kept
        ):
            kept.append(chain)
    order = {id(chain): (min(_pieces(chain)), max(_pieces(chain)), number) for number, chain in enumerate(chains)}
    return sorted(kept, key=lambda chain: order[id(chain)])


def _pieces(chain: Chain) -> tuple[int, int]:
    return chain.joints[0].contact.owner, chain.joints[0].contact.other


def _same(short: Chain, long: Chain) -> bool:
    k = len(short.points) // 2
    away = np.linalg.norm(long.points - short.points[k], axis=1)
    nearest = int(np.argmin(away))
    # Roots of twins differ by the gap at most, samples by their spacing.
    spacing = long.length / max(len(long.points) - 1, 1)
    side_a, side_b = short.normals_a[k] + short.normals_b[k], long.normals_a[nearest] + long.normals_b[nearest]
    alike = side_a @ side_b > np.cos(np.radians(25.0)) * np.linalg.norm(side_a) * np.linalg.norm(side_b)
    before, after = max(nearest - 1, 0), min(nearest + 1, len(long.points) - 1)
    way = long.points[after] - long.points[before]
    offset = short.points[k] - long.points[nearest]
    across = offset - way * (offset @ way) / max(float(way @ way), 1e-18)
    gap = max(chain.joints[0].contact.gap for chain in (short, long))
    return bool(alike and away[nearest] <= spacing + gap + MM and np.linalg.norm(across) <= gap + 0.2 * MM)


def _filtered(seam: Seam, opening: float, options: SeamOptions) -> Finding:
    if options.min_angle <= opening <= options.max_angle:
        why = f"its length of {to_mm(seam.length):.1f} mm is over the limit of {to_mm(options.max_length):.1f} mm"
    else:
        why = f"its faces open by {to_deg(opening):.0f} deg; the limits are {to_deg(options.min_angle):.0f} to {to_deg(options.max_angle):.0f} deg"
    return Finding(
        "info", "seam-left-out", f"{_words(*seam.pieces, seam.points)} is left out: {why}.", "Widen the filter if it is to be welded."
    )


def _unreached(seam: Seam, share: float) -> Finding:
    return Finding(
        "info", "seam-inaccessible",
        f"{_words(*seam.pieces, seam.points)} ({seam.kind}, {to_mm(seam.length):.1f} mm) is left out: a torch reaches {share:.0%} of it.",
        "Weld it from the other side, before the piece in the way is put on, or with a narrower torch (torch_width_mm).",
    )  # fmt: skip


def _remarks(seam: Seam, share: float, options: SeamOptions) -> Iterator[Finding]:
    step = f"seam {seam.name}"
    if share < 1.0:
        yield Finding("warning", "seam-partly-inaccessible", f"A torch reaches {share:.0%} of the seam between '{seam.pieces[0]}' and '{seam.pieces[1]}'.", "Split it, or leave out what cannot be reached.", step)  # fmt: skip
    if seam.gap > options.allowed_gap + 1e-6:
        middle = mm3(seam.points[len(seam.points) // 2])
        yield Finding(
            "warning", "gap-wide", f"The gap between '{seam.pieces[0]}' and '{seam.pieces[1]}' is {to_mm(seam.gap):.2f} mm at {middle}; allowed are {to_mm(options.allowed_gap):.2f} mm.",
            "Close it, or choose a procedure that bridges it.", step, {"gap_mm": round(to_mm(seam.gap), 3)},
        )  # fmt: skip


def _words(one: str, other: str, points: Array) -> str:
    return f"What lies between '{one}' and '{other}' at {mm3(points[len(points) // 2])}"


def _overlap(low_a: Array, high_a: Array, low_b: Array, high_b: Array, reach: float) -> bool:
    return bool(np.all((low_a <= high_b + reach) & (high_a >= low_b - reach)))


def renumbered(seams: tuple[Seam, ...]) -> tuple[Seam, ...]:
    """Seams named 1, 2, ... in their order."""
    return tuple(replace(seam, name=str(number)) for number, seam in enumerate(seams, start=1))


__all__ = ["find_seams", "renumbered"]
