"""From a solid of the geometry kernel to plain arrays: faces, loops, edges with their points. Runs in the reader's own process only. Units: mm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from OCP.Bnd import Bnd_Box
from OCP.BRep import BRep_Builder, BRep_Tool
from OCP.BRepAdaptor import BRepAdaptor_Curve, BRepAdaptor_Surface
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeSolid, BRepBuilderAPI_Sewing
from OCP.BRepGProp import BRepGProp
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.collections import IndexedMap_TopoDS_Shape_TopTools_ShapeMapHasher as ShapeMap
from OCP.GCPnts import GCPnts_TangentialDeflection
from OCP.GeomAbs import GeomAbs_CurveType, GeomAbs_SurfaceType
from OCP.gp import gp_Circ, gp_Cylinder, gp_Lin, gp_Pln, gp_Pnt, gp_Vec
from OCP.GProp import GProp_GProps
from OCP.ShapeAnalysis import ShapeAnalysis_CanonicalRecognition
from OCP.ShapeUpgrade import ShapeUpgrade_UnifySameDomain
from OCP.TopAbs import TopAbs_Orientation, TopAbs_ShapeEnum
from OCP.TopExp import TopExp, TopExp_Explorer
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS, TopoDS_Compound

CHORD = 0.004
"""Largest distance of a curved edge from its chords [mm]."""
SAME = 1e-3
"""A free-form face or edge this close to a plane, cylinder, line or circle is one [mm]."""
MESH = 0.05
"""Fineness of the triangles for pictures [mm]; coarser on large parts."""
FINE_MESH = 0.02
"""Of weldments, where faces are laid against each other [mm]."""
COARSE_MESH, MANY_FACES = 0.2, 300
"""Of their pieces with more faces than this, mostly plates full of holes: the kernel needs the square of the corners in time [mm]."""
_SURFACES = {
    GeomAbs_SurfaceType.GeomAbs_Plane: 0, GeomAbs_SurfaceType.GeomAbs_Cylinder: 1, GeomAbs_SurfaceType.GeomAbs_Cone: 2, GeomAbs_SurfaceType.GeomAbs_Sphere: 3,
    GeomAbs_SurfaceType.GeomAbs_Torus: 4,
}  # fmt: skip
OTHER = 5


def bodies(shape: Any) -> Iterator[Any]:
    """Solids of a shape; where it has none, what can be sewn from its faces to a closed solid."""
    found = list(_each(shape, TopAbs_ShapeEnum.TopAbs_SOLID))
    if found:
        yield from (TopoDS.Solid(solid) for solid in found)
        return
    if not has_faces(shape):
        return
    sewing = BRepBuilderAPI_Sewing(0.01)
    sewing.Add(shape)
    sewing.Perform()
    for shell in _each(sewing.SewedShape(), TopAbs_ShapeEnum.TopAbs_SHELL):
        if shell.Closed() or BRep_Tool.IsClosed_s(shell):
            yield BRepBuilderAPI_MakeSolid(TopoDS.Shell(shell)).Solid()


def has_faces(shape: Any) -> bool:
    """Whether a shape has any surface at all."""
    return next(_each(shape, TopAbs_ShapeEnum.TopAbs_FACE), None) is not None


def unified(solid: Any) -> Any:
    """The solid with faces and edges joined that lie on one surface or curve: cylinders in two halves become one."""
    joining = ShapeUpgrade_UnifySameDomain(solid, True, True, False)
    joining.Build()
    found = list(_each(joining.Shape(), TopAbs_ShapeEnum.TopAbs_SOLID))
    return TopoDS.Solid(found[0]) if len(found) == 1 else solid


def summary(solid: Any) -> dict[str, Any]:
    """Number of faces, volume [mm3] and bounding box [mm]."""
    box = Bnd_Box()
    BRepBndLib.AddOptimal_s(solid, box, False, False)
    low, high = box.CornerMin(), box.CornerMax()
    return {
        "faces": sum(1 for _ in _each(solid, TopAbs_ShapeEnum.TopAbs_FACE)), "volume_mm3": _volume(solid),
        "low_mm": [low.X(), low.Y(), low.Z()], "high_mm": [high.X(), high.Y(), high.Z()],
    }  # fmt: skip


def extract(solid: Any, about: dict[str, Any], *, mesh: bool, fineness: float | None = None) -> dict[str, Any]:
    """Arrays of the boundary representation; their meaning is that of `parts.brep.Brep`, in mm. `about` is its summary; `fineness` of the triangles: by size if not given."""
    sign = 1.0 if about["volume_mm3"] >= 0 else -1.0
    edges, vertices = ShapeMap(), ShapeMap()
    kinds, frames, radii, areas = [], [], [], []
    coedges: list[tuple[int, int, int, int]] = []
    points: list[Any] = []
    triangles: list[tuple[int, int, int]] = []
    triangle_faces: list[int] = []
    if mesh:
        size = float(np.linalg.norm(np.subtract(about["high_mm"], about["low_mm"])))
        shape: Any = solid
        if fineness is None:
            # Planes are left out: the kernel's mesher takes minutes for one with a thousand holes, and sheets are triangulated faster from their edges.
            shape, builder = TopoDS_Compound(), BRep_Builder()
            builder.MakeCompound(shape)
            for item in _each(solid, TopAbs_ShapeEnum.TopAbs_FACE):
                if BRepAdaptor_Surface(TopoDS.Face(item), False).GetType() != GeomAbs_SurfaceType.GeomAbs_Plane:
                    builder.Add(shape, item)
        BRepMesh_IncrementalMesh(shape, fineness or max(MESH, size * 4e-4), False, 0.2 if fineness == FINE_MESH else 0.5, False)
    loop = 0
    for number, item in enumerate(_each(solid, TopAbs_ShapeEnum.TopAbs_FACE)):
        face = TopoDS.Face(item)
        kind, frame, radius = _surface(face)
        frame[9] *= sign * (-1.0 if face.Orientation() == TopAbs_Orientation.TopAbs_REVERSED else 1.0)
        kinds.append(kind)
        frames.append(frame)
        radii.append(radius)
        areas.append(_area(face))
        for wire in _each(face, TopAbs_ShapeEnum.TopAbs_WIRE):
            for edge_item in _each(wire, TopAbs_ShapeEnum.TopAbs_EDGE):
                edge = TopoDS.Edge(edge_item)
                if BRep_Tool.Degenerated_s(edge):
                    continue
                back = edge.Orientation() == TopAbs_Orientation.TopAbs_REVERSED
                coedges.append((number, loop, edges.Add(edge) - 1, int(back != (sign < 0))))
            loop += 1
        if mesh and (kind != 0 or fineness is not None):
            found = _triangles(face, len(points))
            points += found[0]
            triangles += found[1]
            triangle_faces += [number] * len(found[1])
    edge_kinds, edge_ends, edge_circles, edge_points, starts = [], [], [], [], [0]
    for number in range(1, edges.Extent() + 1):
        edge = TopoDS.Edge(edges.FindKey(number)).Oriented(TopAbs_Orientation.TopAbs_FORWARD)
        curve_kind, circle, samples = _curve(TopoDS.Edge(edge))
        ends = [vertices.Add(end(TopoDS.Edge(edge), False)) - 1 for end in (TopExp.FirstVertex_s, TopExp.LastVertex_s)]
        edge_kinds.append(curve_kind)
        edge_ends.append(ends)
        edge_circles.append(circle)
        edge_points.append(samples)
        starts.append(starts[-1] + len(samples))
    out = {
        "face_kind": np.array(kinds, dtype=np.int8), "face_frame": np.array(frames), "face_radius": np.array(radii), "face_area": np.array(areas),
        "coedges": np.array(coedges, dtype=np.int32).reshape(-1, 4), "edge_kind": np.array(edge_kinds, dtype=np.int8),
        "edge_ends": np.array(edge_ends, dtype=np.int32).reshape(-1, 2), "edge_circle": np.array(edge_circles).reshape(-1, 7),
        "points": np.concatenate(edge_points) if edge_points else np.empty((0, 3)), "starts": np.array(starts, dtype=np.int32),
    }  # fmt: skip
    if mesh:
        out |= {
            "mesh_points": np.array(points).reshape(-1, 3), "mesh_triangles": np.array(triangles, dtype=np.int32).reshape(-1, 3),
            "mesh_faces": np.array(triangle_faces, dtype=np.int32),
        }  # fmt: skip
    return out


def _each(shape: Any, kind: Any) -> Iterator[Any]:
    explorer = TopExp_Explorer(shape, kind)
    while explorer.More():
        yield explorer.Current()
        explorer.Next()


def _volume(solid: Any) -> float:
    properties = GProp_GProps()
    BRepGProp.VolumeProperties_s(solid, properties, True, False, False)
    return float(properties.Mass())


def _area(face: Any) -> float:
    properties = GProp_GProps()
    BRepGProp.SurfaceProperties_s(face, properties, True, False)
    return float(properties.Mass())


def _surface(face: Any) -> tuple[int, Any, float]:
    """Kind, frame (10,) and radius. The frame: origin, axis, x direction, and the sign by which axis or radial direction are the normal."""
    adaptor = BRepAdaptor_Surface(face, False)
    kind = _SURFACES.get(adaptor.GetType(), OTHER)
    if kind == OTHER:
        asked = ShapeAnalysis_CanonicalRecognition(face)
        plane, cylinder = gp_Pln(), gp_Cylinder()
        if asked.IsPlane(SAME, plane):
            return 0, _looking(adaptor, _axes(plane), False), 0.0
        if asked.IsCylinder(SAME, cylinder):
            return 1, _looking(adaptor, _axes(cylinder), True), float(cylinder.Radius())
        u, v = _middle(adaptor)
        return OTHER, np.array([*_xyz(adaptor.Value(u, v)), *np.zeros(6), 1.0]), 0.0
    if kind == 0:
        return 0, _axes(adaptor.Plane()), 0.0
    if kind == 1:
        return 1, _axes(adaptor.Cylinder()), float(adaptor.Cylinder().Radius())
    if kind == 2:
        return 2, _axes(adaptor.Cone()), float(adaptor.Cone().RefRadius())
    if kind == 3:
        return 3, _axes(adaptor.Sphere()), float(adaptor.Sphere().Radius())
    return 4, _axes(adaptor.Torus()), float(adaptor.Torus().MinorRadius())


def _axes(shape: Any) -> Any:
    position = shape.Position()
    # The kernel's normal is dU x dV: for a left-handed frame it looks the other way.
    sign = 1.0 if position.Direct() else -1.0
    return np.array([*_xyz(position.Location()), *_xyz(position.Direction()), *_xyz(position.XDirection()), sign])


def _middle(adaptor: Any) -> tuple[float, float]:
    return (adaptor.FirstUParameter() + adaptor.LastUParameter()) / 2, (adaptor.FirstVParameter() + adaptor.LastVParameter()) / 2


def _looking(adaptor: Any, frame: Any, radial: bool) -> Any:
    """Frame of a recognised surface, its sign such that the normal looks where that of the free-form surface looks."""
    point, du, dv = gp_Pnt(), gp_Vec(), gp_Vec()
    adaptor.D1(*_middle(adaptor), point, du, dv)
    away = frame[3:6]
    if radial:
        offset = _xyz(point) - frame[:3]
        away = offset - away * (offset @ away)
    frame[9] = 1.0 if np.cross(_xyz(du), _xyz(dv)) @ away >= 0 else -1.0
    return frame


def _xyz(thing: Any) -> Any:
    return np.array([thing.X(), thing.Y(), thing.Z()])


def _curve(edge: Any) -> tuple[int, Any, Any]:
    """Kind (0 line, 1 circle, 2 other), circle [centre, axis, radius], points from first to last (k, 3)."""
    adaptor = BRepAdaptor_Curve(edge)
    first, last = adaptor.FirstParameter(), adaptor.LastParameter()
    kind, none = adaptor.GetType(), np.zeros(7)
    if kind == GeomAbs_CurveType.GeomAbs_Line:
        return 0, none, np.array([_xyz(adaptor.Value(first)), _xyz(adaptor.Value(last))])
    circle = adaptor.Circle() if kind == GeomAbs_CurveType.GeomAbs_Circle else None
    if circle is None:
        asked, line, round_one = ShapeAnalysis_CanonicalRecognition(edge), gp_Lin(), gp_Circ()
        if asked.IsLine(SAME, line):
            return 0, none, np.array([_xyz(adaptor.Value(first)), _xyz(adaptor.Value(last))])
        if asked.IsCircle(SAME, round_one):
            circle = round_one
    if circle is not None:
        radius = float(circle.Radius())
        step = 2 * float(np.arccos(max(1 - CHORD / max(radius, CHORD), 0.5)))
        way = last - first if kind == GeomAbs_CurveType.GeomAbs_Circle else 2 * np.pi
        count = int(np.ceil(way / step)) + 1
        samples = np.array([_xyz(adaptor.Value(u)) for u in np.linspace(first, last, max(count, 3))])
        return 1, np.array([*_xyz(circle.Location()), *_xyz(circle.Axis().Direction()), radius]), samples
    division = GCPnts_TangentialDeflection(adaptor, first, last, 0.2, CHORD)
    count = division.NbPoints()
    return 2, none, np.array([_xyz(division.Value(i)) for i in range(1, count + 1)])


def _triangles(face: Any, offset: int) -> tuple[list[Any], list[tuple[int, int, int]]]:
    location = TopLoc_Location()
    mesh = BRep_Tool.Triangulation_s(face, location)
    if mesh is None:
        return [], []
    place = location.Transformation()
    points = [_xyz(mesh.Node(i).Transformed(place)) for i in range(1, mesh.NbNodes() + 1)]
    flip = face.Orientation() == TopAbs_Orientation.TopAbs_REVERSED
    corners = [mesh.Triangle(i) for i in range(1, mesh.NbTriangles() + 1)]
    triples = [(c.Value(1) - 1 + offset, c.Value(2) - 1 + offset, c.Value(3) - 1 + offset) for c in corners]
    return points, [(a, c, b) if flip else (a, b, c) for a, b, c in triples]
