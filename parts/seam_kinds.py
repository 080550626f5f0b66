"""From a contact to a kind of joint: T, lap, corner or butt, by how broad the faces are that lie on each other and by what opens beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.frames import Array
from parts.seam import SeamKind
from parts.seam_contacts import Contact
from parts.weld_faces import SKIN, SolidFaces

Breadth = Literal["broad", "bulky", "narrow"]
ABOVE = 20e-3
"""Thickness is measured this far from the edge, or half way to where the material ends [m]."""
STEP_SHARE = 0.4
"""A step between two pieces lower than this share of the thinner one is no fillet's leg: they are welded as flush ones."""


@dataclass(frozen=True, eq=False, slots=True)
class Joint:
    """A contact that can be welded.

    Attributes:
        contact: Where.
        kind: Of the seam.
        points: Of the root: on the face in fillets, midway across the gap otherwise (k, 3) [m].
        normals_a, normals_b: Of the two faces that the weld joins (k, 3).
        opening: Angle of the air between them [rad].
        thickness_a, thickness_b: Of the owner and the other piece [m].
    """

    contact: Contact
    kind: SeamKind
    points: Array
    normals_a: Array
    normals_b: Array
    opening: float
    thickness_a: float
    thickness_b: float


def breadth(width: float, depth: float) -> Breadth:
    """A plate's face is broad, its edge narrow; a cube's faces are neither."""
    return "broad" if width >= 2 * depth else "narrow" if width <= depth / 2 else "bulky"


def joint_of(contact: Contact, solids: list[SolidFaces]) -> Joint | str | None:
    """The joint at a contact; a reason in words where it is none that is welded; None where nothing opens beside it."""
    owner, other = solids[contact.owner], solids[contact.other]
    k = len(contact.points) // 2
    contact = _stepped(contact, other, k, owner)
    n1, n2, nf = contact.contact_normals[k], contact.free_normals[k], contact.face_normals[k]
    depth_a, across_a = _corner(owner, contact.points[k], n1, n2)
    breadth_a = breadth(owner.width(contact.contact_face), depth_a)
    thickness_a = _thinner(depth_a, across_a)
    rim_normals = contact.rim_normals
    if rim_normals is None:
        depth_b, across_b = other.depth(contact.feet[k] - SKIN * nf, nf), 0.0
    else:
        depth_b, across_b = _corner(other, contact.feet[k], nf, rim_normals[k])
    breadth_b = breadth(other.width(contact.face), depth_b)
    if contact.rim is None or rim_normals is None:
        opening = np.pi - _angle(n2, nf)
        thickness_b = depth_b if breadth_b != "narrow" else min(depth_b, other.width(contact.face))
        kind: SeamKind = "fillet" if breadth_a != "broad" else "corner" if breadth_b == "narrow" else "lap"
        return _joint(contact, kind, contact.feet, contact.free_normals, contact.face_normals, opening, thickness_a, thickness_b)
    m = rim_normals[k]
    opening = np.pi + (1.0 if contact.rim_convex else -1.0) * _angle(nf, m) - (np.pi - _angle(n1, n2))
    if opening < np.radians(5.0):
        return None
    thickness_b = _thinner(depth_b, across_b)
    middle = (contact.points + contact.feet) / 2
    if breadth_a == breadth_b == "broad":
        return "the rims of two plates that lie on each other are flush: an edge joint"
    if "broad" in (breadth_a, breadth_b):
        upright, free, across = (owner, contact.free_face, across_a) if breadth_b == "broad" else (other, contact.rim, across_b)
        if breadth(upright.width(free), across) == "narrow":
            return "it runs across the end of a plate"
        return _joint(contact, "corner", middle, contact.free_normals, rim_normals, opening, thickness_a, thickness_b)
    both = _unit(contact.free_normals + rim_normals)
    return _joint(contact, "butt", middle, both, both, opening, thickness_a, thickness_b)


def _corner(solid: SolidFaces, point: Array, contact_normal: Array, free_normal: Array) -> tuple[float, float]:
    """How far the material goes from a convex edge along its free face, and how thick it is below that face [m].

    Along the free face and not square to the contact face, so that pieces that lean are measured as upright ones.
    """
    inward = -(contact_normal + free_normal)
    length = max(float(np.linalg.norm(inward)), 0.2)
    # Half the sum of two unit normals is the cosine between the bisector and either of them: this is `SKIN` below both faces.
    inside = point + inward / length * (2 * SKIN / length)
    along = contact_normal - free_normal * (contact_normal @ free_normal)
    along /= max(float(np.linalg.norm(along)), 1e-9)
    depth = solid.depth(inside, along)
    return depth, solid.depth(inside - along * min(depth / 2, ABOVE), free_normal)


def _thinner(one: float, other: float) -> float:
    return min((value for value in (one, other) if value > 0), default=0.0)


def _stepped(contact: Contact, other: SolidFaces, k: int, owner: SolidFaces) -> Contact:
    """The contact as a flush one where the other piece ends a short step beyond the edge, too short for a fillet's leg."""
    if contact.rim is not None:
        return contact
    nf, n2 = contact.face_normals[k], contact.free_normals[k]
    way = n2 - nf * (n2 @ nf)
    if np.linalg.norm(way) < 0.5:
        return contact
    way /= np.linalg.norm(way)
    thin = _thinner(*_corner(owner, contact.points[k], contact.contact_normals[k], n2))
    step = STEP_SHARE * min(thin, owner.width(contact.contact_face))
    out = other.project(contact.face, (contact.feet[k] + step * way)[None], 1.0)
    if step <= 0 or out is None or out.within[0]:
        return contact
    # The rim lies where the face ends; the face beyond it is the one that looks along the step.
    rims = [int(other.brep.coedges[twin, 0]) for row in other.brep.face_coedges[contact.face] for twin in other.brep.twins(row)]
    found = [
        (float(np.linalg.norm(on.feet[0] - out.feet[0])), face)
        for face in dict.fromkeys(rims)
        if face != contact.face
        and (on := other.project(face, out.feet, 1e-3)) is not None
        and on.distance[0] < 1e-4
        and on.normals[0] @ way > 0.9
    ]
    if not found:
        return contact
    face = min(found)[1]
    return replace(contact, rim=face, rim_normals=other.normals_at(face, contact.feet), rim_convex=True)


def _joint(
    contact: Contact, kind: SeamKind, points: Array, a: Array, b: Array, opening: float, thickness_a: float, thickness_b: float
) -> Joint:
    # Welding direction by the faces, along a x b in a fillet, so that it does not depend on how the file runs its edges.
    turn = np.cross(contact.contact_normals, contact.free_normals)
    if float(np.sum(turn * np.gradient(points, axis=0))) < 0:
        points, a, b = points[::-1], a[::-1], b[::-1]
    return Joint(contact, kind, points, a, b, float(opening), thickness_a, thickness_b)


def _angle(a: Array, b: Array) -> float:
    return float(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
