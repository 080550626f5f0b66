"""URDF and xacro files to `Mechanism`: strict, no network, no way out of the description's folders."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import trimesh
from lxml import etree

from core.errors import InputError
from core.files import checked_size
from core.frames import Array, from_xyz_rpy
from core.mesh_file import read_mesh
from robots.hulls import reduced_hull
from robots.mechanism import Joint, JointKind, Link, Mechanism, Visual
from robots.xacro_file import expand_xacro

MAX_BYTES = 20_000_000
MAX_LINKS = 100
"""pybullet keeps 127 links and drops the rest in silence; stay well below."""
MAX_SHAPES = 500
CYLINDER_SIDES = 16
_KINDS: dict[str, JointKind] = {"fixed": "fixed", "revolute": "revolute", "continuous": "revolute", "prismatic": "prismatic"}


def load_urdf(
    path: str | Path,
    *,
    packages: Mapping[str, Path] | None = None,
    xacro_args: Mapping[str, str] | None = None,
    max_hull_vertices: int = 128,
    inside: Path | None = None,
) -> Mechanism:
    """Reads a robot or machine description.

    Args:
        path: `.urdf` or `.xacro`.
        packages: Folder of each `package://NAME`; a package that is not named is looked for in the folders above the file.
        xacro_args: Arguments of a xacro file.
        max_hull_vertices: Collision hulls are reduced to this many vertices; the gap is kept in `Link.hull_gap`.
        inside: Folder that no mesh may lie outside of; None: the folder above the file, and the packages' folders.

    Raises:
        InputError: With file and line, for anything that is not a sound description.
    """
    file = Path(path)
    checked_size(file, MAX_BYTES, "robot description")
    known = dict(packages or {})
    text = expand_xacro(file, known, xacro_args) if file.suffix == ".xacro" else file.read_bytes()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"not well-formed XML: {error.msg}", file=file, place=f"line {error.lineno}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("a document type or entities in a robot description are not read", file=file, place="line 1")
    if root.tag != "robot":
        raise InputError(f"the root element is <{root.tag}>, not <robot>", file=file, place=f"line {root.sourceline}")
    return _Reader(file, root, known, max_hull_vertices, inside).mechanism()


class _Reader:
    """One pass over one description."""

    def __init__(self, file: Path, root: etree._Element, packages: dict[str, Path], max_hull_vertices: int, inside: Path | None) -> None:
        self.file = file
        self.root = root
        self.packages = packages
        self.max_hull_vertices = max_hull_vertices
        self.inside = None if inside is None else inside.resolve()
        self.materials = {m.get("name", ""): self._rgba(m) for m in root.findall("material") if m.find("color") is not None}

    def error(self, message: str, element: etree._Element) -> InputError:
        link = next((it.get("name", "") for it in element.iterancestors("link")), None)
        place = f"line {element.sourceline}" if link is None else f"line {element.sourceline}, link '{link}'"
        return InputError(message, file=self.file, place=place)

    def mechanism(self) -> Mechanism:
        links: dict[str, etree._Element] = {}
        for element in self.root.findall("link"):
            name = self._attribute(element, "name")
            if name in links:
                raise self.error(f"link '{name}' is described twice", element)
            links[name] = element
        if not links:
            raise self.error("no links", self.root)
        if len(links) > MAX_LINKS:
            raise self.error(f"{len(links)} links; the limit is {MAX_LINKS}", self.root)
        shapes = sum(1 for _ in self.root.iter("geometry"))
        if shapes > MAX_SHAPES:
            raise self.error(f"{shapes} shapes; the limit is {MAX_SHAPES}", self.root)
        joints: dict[str, tuple[etree._Element, str]] = {}
        names: set[str] = set()
        for element in self.root.findall("joint"):
            name = self._attribute(element, "name")
            if name in names:
                raise self.error(f"joint '{name}' is described twice", element)
            names.add(name)
            parent, child = (self._attribute(self._child(element, tag), "link") for tag in ("parent", "child"))
            for end in (parent, child):
                if end not in links:
                    raise self.error(f"joint '{name}' names link '{end}', which is not described", element)
            if child in joints:
                raise self.error(f"link '{child}' has two parents: joints '{joints[child][0].get('name')}' and '{name}'", element)
            joints[child] = (element, parent)
        roots = [name for name in links if name not in joints]
        if len(roots) != 1:
            what = f"{len(roots)} root links ({', '.join(roots)})" if roots else "no root link: its joints form a ring"
            raise self.error(f"the description has {what}; it must be one tree", self.root)
        children: dict[str, list[str]] = {}
        for child, (_, parent) in joints.items():
            children.setdefault(parent, []).append(child)
        order = [roots[0]]
        built: list[Joint] = []
        for at, name in enumerate(order):
            for child in children.get(name, []):
                built.append(self._joint(joints[child][0], at, len(order)))
                order.append(child)
        if len(order) != len(links):
            raise self.error(f"links {sorted(set(links) - set(order))} hang on a ring of joints", self.root)
        # Order of `order` is breadth first; joint i moves link i + 1 by construction.
        text = etree.tostring(self.root, encoding="unicode")
        built_links = tuple(self._link(links[name]) for name in order)
        return Mechanism(self.root.get("name", self.file.stem), built_links, tuple(built), self._absolute(text))

    def _joint(self, element: etree._Element, parent: int, child: int) -> Joint:
        name, kind = element.get("name", ""), element.get("type", "")
        if element.find("mimic") is not None:
            raise self.error(
                f"joint '{name}' mimics another; a closed or coupled linkage is not supported, model it as a serial chain", element
            )
        if kind not in _KINDS:
            raise self.error(f"joint '{name}' is of type '{kind}'; valid: {', '.join(_KINDS)}", element)
        T = self._origin(element)
        axis_element = element.find("axis")
        axis = np.array([1.0, 0.0, 0.0]) if axis_element is None else self._numbers(axis_element, "xyz", 3)
        length = float(np.linalg.norm(axis))
        if length < 1e-9:
            raise self.error(f"joint '{name}' has axis 0 0 0", element)
        joint = Joint(name, _KINDS[kind], parent, child, T, axis / length)
        limit = element.find("limit")
        if kind == "continuous":
            joint = replace(joint, lower=-4 * math.pi, upper=4 * math.pi)
        if _KINDS[kind] == "fixed":
            return joint
        if limit is None:
            if kind == "continuous":
                return joint
            raise self.error(f"joint '{name}' has no <limit>", element)
        values = {
            key: self._number(limit, key, default) for key, default in (("lower", 0.0), ("upper", 0.0), ("velocity", 0.0), ("effort", 0.0))
        }
        for key in ("velocity", "effort"):
            if values[key] < 0:
                raise self.error(f"joint '{name}': {key} {values[key]:g} is negative", limit)
        if kind != "continuous":
            if values["lower"] >= values["upper"]:
                raise self.error(f"joint '{name}': lower limit {values['lower']:g} is not below upper limit {values['upper']:g}", limit)
            joint = replace(joint, lower=values["lower"], upper=values["upper"])
        return replace(joint, velocity=values["velocity"] or math.inf, effort=values["effort"] or math.inf)

    def _link(self, element: etree._Element) -> Link:
        mass, com, inertia = 0.0, np.zeros(3), np.zeros((3, 3))
        inertial = element.find("inertial")
        if inertial is not None:
            T = self._origin(inertial)
            mass_element = inertial.find("mass")
            mass = 0.0 if mass_element is None else self._number(mass_element, "value", 0.0)
            if mass < 0:
                raise self.error(f"link '{element.get('name', '')}': mass {mass:g} kg is negative", inertial)
            com = T[:3, 3]
            i = inertial.find("inertia")
            if i is not None:
                xx, xy, xz, yy, yz, zz = (self._number(i, key, 0.0) for key in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz"))
                inertia = T[:3, :3] @ np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) @ T[:3, :3].T
        hulls, gap = [], 0.0
        for collision in element.findall("collision"):
            mesh = self._geometry(collision)
            points = np.asarray(mesh.vertices)
            if collision.find("geometry/cylinder") is not None:
                # Circumscribed: the prism that stands for a cylinder must contain it.
                points = points * (1 / np.cos(np.pi / CYLINDER_SIDES), 1 / np.cos(np.pi / CYLINDER_SIDES), 1.0)
            vertices, more = reduced_hull(points, self.max_hull_vertices)
            T = self._origin(collision)
            hulls.append(vertices @ T[:3, :3].T + T[:3, 3])
            gap = max(gap, more)
        visuals = tuple(self._visual(visual) for visual in element.findall("visual"))
        return Link(element.get("name", ""), mass, com, inertia, tuple(hulls), visuals, gap)

    def _visual(self, element: etree._Element) -> Visual:
        mesh = self._geometry(element)
        material = element.find("material")
        color = (0.7, 0.7, 0.7, 1.0)
        if material is not None:
            color = self._rgba(material) if material.find("color") is not None else self.materials.get(material.get("name", ""), color)
        elif (main := _main_color(mesh)) is not None:
            color = main
        return Visual(mesh, self._origin(element), color)

    def _geometry(self, element: etree._Element) -> trimesh.Trimesh:
        geometry = self._child(element, "geometry")
        shape = next(iter(geometry), None)
        if shape is None:
            raise self.error("empty <geometry>", geometry)
        if shape.tag == "box":
            return trimesh.creation.box(extents=self._positive(shape, "size", 3))
        if shape.tag == "cylinder":
            return trimesh.creation.cylinder(
                radius=self._positive(shape, "radius", 1)[0], height=self._positive(shape, "length", 1)[0], sections=CYLINDER_SIDES
            )
        if shape.tag == "sphere":
            return trimesh.creation.icosphere(subdivisions=2, radius=self._positive(shape, "radius", 1)[0])
        if shape.tag != "mesh":
            raise self.error(f"geometry <{shape.tag}> is unknown; valid: box, cylinder, sphere, mesh", shape)
        path = self._mesh_path(self._attribute(shape, "filename"), shape)
        try:
            mesh = read_mesh(path, path.name)
        except InputError as error:
            raise self.error(error.message, shape) from None
        if shape.get("scale") is not None:
            mesh.apply_transform(np.diag([*self._numbers(shape, "scale", 3), 1.0]))
        return mesh

    def _mesh_path(self, name: str, element: etree._Element) -> Path:
        if name.startswith("package://"):
            package, _, rest = name.removeprefix("package://").partition("/")
            if package in ("", ".", ".."):
                raise self.error(f"mesh '{name}' names no package", element)
            root = self.packages.get(package) or self._find_package(package)
            if root is None:
                raise self.error(f"package '{package}' of mesh '{name}' is not known; name its folder under `packages:`", element)
            base, path = root, root / rest
        elif "://" in name:
            raise self.error(f"mesh '{name}': only relative and package:// paths are read", element)
        else:
            base, path = self.file.parent.parent, self.file.parent / name
        folders = [base.resolve(), *([] if self.inside is None else [self.inside])]
        if Path(name).is_absolute() or not all(path.resolve().is_relative_to(folder) for folder in folders):
            raise self.error(f"mesh path '{name}' leaves the description's folder", element)
        if not path.is_file():
            raise self.error(f"mesh '{name}' does not exist; looked for {path}", element)
        return path.resolve()

    def _find_package(self, package: str) -> Path | None:
        above = [folder for folder in self.file.resolve().parents if self.inside is None or folder.is_relative_to(self.inside)]
        return next((folder / package for folder in above if (folder / package).is_dir()), None)

    def _absolute(self, text: str) -> str:
        root = etree.fromstring(text.encode())
        for mesh in root.iter("mesh"):
            mesh.set("filename", str(self._mesh_path(mesh.get("filename", ""), mesh)))
        absolute: str = etree.tostring(root, encoding="unicode")
        return absolute

    def _origin(self, element: etree._Element) -> Array:
        origin = element.find("origin")
        if origin is None:
            return np.eye(4)
        xyz = self._numbers(origin, "xyz", 3) if origin.get("xyz") else np.zeros(3)
        rpy = self._numbers(origin, "rpy", 3) if origin.get("rpy") else np.zeros(3)
        return from_xyz_rpy(xyz, rpy)

    def _child(self, element: etree._Element, tag: str) -> etree._Element:
        child = element.find(tag)
        if child is None:
            raise self.error(f"<{element.tag} name='{element.get('name', '')}'> has no <{tag}>", element)
        return child

    def _attribute(self, element: etree._Element, key: str) -> str:
        value = element.get(key)
        if not value:
            raise self.error(f"<{element.tag}> has no attribute '{key}'", element)
        return str(value)

    def _number(self, element: etree._Element, key: str, default: float | None = None) -> float:
        if default is not None and element.get(key) is None:
            return default
        return float(self._numbers(element, key, 1)[0])

    def _numbers(self, element: etree._Element, key: str, count: int) -> Array:
        text = self._attribute(element, key)
        try:
            values = np.array([float(word) for word in text.split()])
        except ValueError:
            raise self.error(f"<{element.tag} {key}='{text}'> is not {count} numbers", element) from None
        if len(values) != count or not np.all(np.isfinite(values)) or np.any(np.abs(values) > 1e6):
            raise self.error(f"<{element.tag} {key}='{text}'> is not {count} finite numbers", element)
        return values

    def _positive(self, element: etree._Element, key: str, count: int) -> Array:
        values = self._numbers(element, key, count)
        if np.any(values <= 0):
            raise self.error(f"<{element.tag} {key}='{element.get(key)}'> must be greater than zero", element)
        return values

    def _rgba(self, material: etree._Element) -> tuple[float, float, float, float]:
        r, g, b, a = self._numbers(self._child(material, "color"), "rgba", 4)
        return float(r), float(g), float(b), float(a)


def _main_color(mesh: trimesh.Trimesh) -> tuple[float, float, float, float] | None:
    """The colour most of a coloured mesh's surface has."""
    visual = mesh.visual
    if not isinstance(visual, trimesh.visual.ColorVisuals) or visual.kind not in ("face", "vertex"):
        return None
    colors, index = np.unique(visual.face_colors, axis=0, return_inverse=True)
    area = np.bincount(index.ravel(), weights=mesh.area_faces)
    r, g, b, a = colors[int(np.argmax(area))] / 255.0
    return float(r), float(g), float(b), float(a)
