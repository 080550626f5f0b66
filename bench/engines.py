"""Whether planner and pybullet find the same states free: `python -m bench.engines [CELL ...] [--states 10000]`.

Random states of a cell, a sheet in the gripper or a weldment on the table, are asked of the planner's scene and of the world that replays plans. Two
bodies of which one engine says that they touch and the other that they are apart are a disagreement. It lies in the band when the two engines' shapes of
these bodies differ by as much (`Shape`); anything more is a fault of one of the engines.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lxml import etree

from api.bending import load_part
from api.weld_seams import load_weldment
from cells.kinds import shipped_cells
from cells.load import load_cell
from cells.model import Cell
from cells.weld_load import load_weld_cell
from cells.weld_model import WeldCell
from core.frames import Array
from parts.sheet import SheetPart
from parts.weldment import Weldment
from robots.mechanism import Mechanism
from robots.urdf import CYLINDER_SIDES
from sim.cell_reach import full_beam
from sim.cell_scene import build_cell_scene
from sim.grips import candidate_grips
from sim.looking import SKIN
from sim.plan import PartPlacement, State
from sim.scene import Scene
from sim.scene_parts import Groups
from sim.weld.scene import WeldScene
from sim.weld.world import WeldWorld
from sim.world import World
from sim.world_engine import MARGIN, Engine

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
STATES = 10_000
POSES = 100
"""Random states of a bending cell come as so many poses of brake and sheet, and random robot positions at each."""
EVERY = 10
"""In every so many-th state all pairs are compared; else the planner's closest, or all that pybullet finds where the planner finds none."""
ROUNDING = 2 * MARGIN
"""pybullet's distances of hulls are exact to this [m]."""
BULLET_SIDES = 32
"""pybullet makes a cylinder of a URDF a prism with corners on the cylinder."""
HALVINGS = 24
"""Of the way from a free to a colliding state, to get beside the contact."""
SIGHT = 0.05
"""Distances above this are not told apart [m]."""


class Shape(NamedTuple):
    """How a body's shape differs between the engines [m].

    Attributes:
        planner: The planner's stands out of pybullet's by at most this: the radius that a reduced hull carries, the corners of the prism round a cylinder
            beside those of pybullet's prism in it, and the corners of a box that pybullet rounds by its skin.
        pybullet: pybullet's stands out of the planner's by at most this: the skin that it keeps on meshes and cylinders of a URDF.
    """

    planner: float
    pybullet: float


class Disagreement(NamedTuple):
    """Two bodies that touch in one engine and are apart in the other.

    Attributes:
        state: Index of the state.
        bodies: The two, by name.
        planner: Distance [m]; inf: more than `SIGHT`, or never looked at.
        pybullet: The same, of the second engine.
        band: What the shapes explain of the larger distance [m].
    """

    state: int
    bodies: tuple[str, str]
    planner: float
    pybullet: float
    band: float

    @property
    def apart(self) -> float:
        """How far apart the one engine says they are that says so [m]."""
        return max(self.planner, self.pybullet)


@dataclass(slots=True)
class Agreement:
    """What came out for one cell.

    Attributes:
        states, colliding: How many, and how many of them the planner finds colliding.
        compared: Pairs of bodies of which one engine said that they touch.
        inside, outside: Disagreements inside and outside of the band.
        one_sided: Pairs of bodies that only one engine ever looks at, with the engine.
        seconds: All together.
    """

    states: int = 0
    colliding: int = 0
    compared: int = 0
    inside: list[Disagreement] = field(default_factory=list)
    outside: list[Disagreement] = field(default_factory=list)
    one_sided: dict[tuple[str, str], str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Setting:
    """A cell of which only the joints are still free, in both engines.

    Attributes:
        scene: The planner's.
        world: pybullet's.
        place: Puts the world where the scene is with joints q (n,).
        allowed: Groups that may touch; nobody looks at them.
        shapes: By name of the body.
    """

    scene: Scene
    world: Engine
    place: Callable[[Array], None]
    allowed: Groups
    shapes: dict[str, Shape]


def bending_settings(cell: Cell, part: SheetPart, rng: np.random.Generator, poses: int = POSES) -> Iterator[Setting]:
    """The cell with its first punch and die over the whole beam, the part in the first gripper that can hold it; brake, gripper and bends at random."""
    setup = full_beam(cell)
    gripper, grip = next((gripper, grips[0]) for gripper in cell.grippers if (grips := candidate_grips(part, gripper)))
    placement = PartPlacement("tcp", grip.flange, grip.T_tcp_flange, "gripper")
    allowed = frozenset({(f"flange-{grip.flange}", "gripper")})
    whole = build_cell_scene(cell, setup, gripper, part)
    shapes = machine_shapes(cell.robot.model.mechanism, "") | machine_shapes(cell.brake.mechanism, "brake ")
    shapes["gripper"] = Shape(max(link.hull_gap for link in gripper.mechanism.links), 0.0)
    brake, jaws = cell.brake.mechanism, gripper.mechanism
    full = np.array([bend.angle for bend in part.bends])
    with World(cell, setup, part, gripper) as world:
        for _ in range(poses):
            q_brake, q_gripper = rng.uniform(brake.lower, brake.upper), rng.uniform(jaws.lower, jaws.upper)
            fold = full * rng.uniform(0.0, 1.0, len(full))

            def place(q: Array, q_brake: Array = q_brake, q_gripper: Array = q_gripper, fold: Array = fold) -> None:
                world.set_state(State(0.0, q, q_gripper, q_brake, fold, placement, gripped=True))

            scene = whole.posed(brake=q_brake, gripper=q_gripper, placement=placement, fold=fold, allowed=allowed)
            yield Setting(scene, world, place, allowed, shapes)


def welding_settings(cell: WeldCell, weldment: Weldment) -> Iterator[Setting]:
    """The cell with the weldment; robot and positioner both move."""
    shapes = machine_shapes(cell.robot.model.mechanism, "")
    if cell.positioner is not None:
        shapes |= machine_shapes(cell.positioner.mechanism, "positioner ")
    shapes |= {f"torch {link.name}": Shape(link.hull_gap, 0.0) for link in cell.torch.mechanism.links}
    count = len(cell.robot.model.lower)
    with WeldWorld(cell, weldment) as world:
        yield Setting(
            WeldScene(cell, weldment).together(),
            world,
            lambda q: world.set_joints(q[:count], q[count:] if cell.positioner is not None else None),
            frozenset(),
            shapes,
        )


def machine_shapes(mechanism: Mechanism, prefix: str) -> dict[str, Shape]:
    """Of a machine that pybullet reads from its URDF; the planner has reduced hulls with a radius, and prisms round cylinders."""
    found = {}
    root = etree.fromstring(mechanism.urdf_text.encode())
    corners = 1 / np.cos(np.pi / CYLINDER_SIDES) - np.cos(np.pi / BULLET_SIDES)
    for link in mechanism.links:
        (element,) = root.xpath("link[@name=$name]", name=link.name)
        radii = [float(cylinder.get("radius")) for cylinder in element.findall("collision/geometry/cylinder")]
        rounded = (np.sqrt(3) - 1) * SKIN if element.find("collision/geometry/box") is not None else 0.0
        found[f"{prefix}{link.name}"] = Shape(max([link.hull_gap, rounded, *(radius * corners for radius in radii)]), SKIN)
    return found


def anywhere(scene: Scene, count: int, rng: np.random.Generator) -> Array:
    """Joints uniform between their limits (count, n)."""
    return rng.uniform(scene.lower, scene.upper, (count, len(scene.lower)))


def at_contact(scene: Scene, count: int, rng: np.random.Generator) -> Array:
    """States just beside a contact and just in it (k, n), k at most `count`: the way from a free to a colliding one, halved to a hair."""
    if scene.static_distance(SIGHT).distance <= 0.0:
        return np.zeros((0, len(scene.lower)))
    some = anywhere(scene, 2 * count, rng)
    collides = scene.distances(some, SIGHT) <= 0.0
    found = []
    for free, colliding in zip(some[~collides][: count // 2], some[collides][: count // 2], strict=False):
        for _ in range(HALVINGS):
            middle = (free + colliding) / 2
            if scene.distance(middle, SIGHT).distance <= 0.0:
                colliding = middle
            else:
                free = middle
        found += [free, colliding]
    return np.array(found).reshape(-1, len(scene.lower))


Draw = Callable[[Scene, int, np.random.Generator], Array]


def compare(settings: Iterable[Setting], states: int, rng: np.random.Generator, draw: Draw = anywhere) -> Agreement:
    """Both engines in random states, `states` in each setting, drawn as `draw` does."""
    out = Agreement()
    begin = time.perf_counter()
    engines = None
    for setting in settings:
        if engines is None:
            engines = _Engines(setting)
            out.one_sided = engines.one_sided()
        engines.setting = setting
        for q in draw(setting.scene, states, rng):
            engines.compare(q, out)
    out.seconds = time.perf_counter() - begin
    return out


Pair = tuple[str, str]


class _Engines:
    """Both engines in settings of one world, asked by the names of bodies; a gripper is one body."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        world = setting.world
        # Bend zones come into being with the first state.
        setting.place(setting.scene.lower)
        self.by_pair: dict[Pair, list[Array]] = defaultdict(list)
        for pair in world.pairs:
            one, two = (world.bodies[index] for index in pair)
            if not {(one.group, two.group), (two.group, one.group)} & setting.allowed:
                self.by_pair[_named(one.name, one.group, two.name, two.group)].append(pair)
        self.pairs = np.array(list(chain.from_iterable(self.by_pair.values())))

    def one_sided(self) -> dict[Pair, str]:
        """Pairs that one engine never looks at, and the engine that does."""
        planner, pybullet = self._planner(self.setting.scene.lower, np.inf).keys(), self.by_pair.keys()
        return dict.fromkeys(planner - pybullet, "planner") | dict.fromkeys(pybullet - planner, "pybullet")

    def compare(self, q: Array, out: Agreement) -> None:
        """Adds one state."""
        scene = self.setting.scene
        self.setting.place(q)
        closest = min(scene.distance(q, SIGHT), scene.static_distance(SIGHT), key=lambda one: one.distance)
        collides = closest.distance <= 0.0
        touching = {_named(closest.body_a, closest.group_a, closest.body_b, closest.group_b)} if collides else set()
        if not collides or out.states % EVERY == 0:
            touching |= self._planner(q, 0.0).keys() | self._pybullet(self.pairs, 0.0).keys()
        for pair in touching:
            self._judge(q, pair, out)
        out.states += 1
        out.colliding += collides

    def _judge(self, q: Array, pair: Pair, out: Agreement) -> None:
        out.compared += 1
        theirs = self._pybullet(np.array(self.by_pair.get(pair, []), dtype=int).reshape(-1, 2), SIGHT).get(pair, np.inf)
        ours = self._planner(q, SIGHT).get(pair, np.inf)
        if (ours <= 0.0) == (theirs <= 0.0):
            return
        shapes = [self.setting.shapes.get(name, Shape(0.0, 0.0)) for name in pair]
        band = ROUNDING + sum(shape.planner if ours <= 0.0 else shape.pybullet for shape in shapes)
        found = Disagreement(out.states, pair, ours, theirs, band)
        (out.inside if found.apart <= band else out.outside).append(found)

    def _planner(self, q: Array, within: float) -> dict[Pair, float]:
        found: dict[Pair, float] = {}
        for one in self.setting.scene.near(q, within):
            pair = _named(one.body_a, one.group_a, one.body_b, one.group_b)
            found[pair] = min(one.distance, found.get(pair, np.inf))
        return found

    def _pybullet(self, pairs: Array, within: float) -> dict[Pair, float]:
        bodies = self.setting.world.bodies
        found: dict[Pair, float] = {}
        for contact in self.setting.world.near_pairs(pairs, within):
            one, two = bodies[contact.a], bodies[contact.b]
            pair = _named(one.name, one.group, two.name, two.group)
            found[pair] = min(contact.distance, found.get(pair, np.inf))
        return found


def _named(name_a: str, group_a: str, name_b: str, group_b: str) -> Pair:
    a, b = sorted("gripper" if group == "gripper" else name for name, group in ((name_a, group_a), (name_b, group_b)))
    return a, b


def agreement(name: str, states: int = STATES, draw: Draw = anywhere) -> Agreement:
    """Of a shipped cell with the part of an example."""
    rng = np.random.default_rng(11)
    if name in shipped_cells("welding"):
        weldment = load_weldment(EXAMPLES / "weld" / "t_joint.step").weldment
        return compare(welding_settings(load_weld_cell(name), weldment), states, rng, draw)
    cell = load_cell(name)
    tray, bracket = (load_part(EXAMPLES / "parts" / f"{part}.yaml") for part in ("tray", "bracket"))
    part = tray if any(candidate_grips(tray, gripper) for gripper in cell.grippers) else bracket
    return compare(bending_settings(cell, part, rng), states // POSES, rng, draw)


def main() -> None:
    """Prints a table, and every disagreement outside of the band."""
    shipped = (*shipped_cells("bending"), *shipped_cells("welding"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", default=shipped, metavar="CELL", help=f"shipped cells; default: {', '.join(shipped)}")
    parser.add_argument("--states", type=int, default=STATES)
    parser.add_argument("--at-contact", action="store_true", help="states beside a contact, halved between free and colliding ones")
    asked = parser.parse_args()
    heads = (
        "cell",
        "states",
        "colliding",
        "pairs compared",
        "in the band",
        "largest, mm",
        "outside",
        "largest, mm",
        "looked at by one",
        "s",
    )
    print(f"| {' | '.join(heads)} |\n|---|{'--:|' * (len(heads) - 1)}")
    told = []
    for name in asked.cells:
        found = agreement(name, asked.states, at_contact if asked.at_contact else anywhere)
        figures = []
        for some in (found.inside, found.outside):
            figures += [str(len(some)), f"{1e3 * max(one.apart for one in some):.2f}" if some else "-"]
        share = f"{100 * found.colliding / found.states:.0f} %"
        cells = (name, f"{found.states:,}", share, f"{found.compared:,}", *figures, str(len(found.one_sided)), f"{found.seconds:.1f}")
        print(f"| {' | '.join(cells)} |", flush=True)
        told += [f"{name}: only {engine} looks at {one} and {two}" for (one, two), engine in sorted(found.one_sided.items())]
        told += [
            f"{name}, state {one.state}: {' and '.join(one.bodies)}: planner {1e3 * one.planner:.2f} mm, pybullet {1e3 * one.pybullet:.2f} mm, "
            f"band {1e3 * one.band:.2f} mm"
            for one in found.outside
        ]
        worst = Counter(one.bodies for one in found.inside).most_common(3)
        told += [f"{name}: {count} in the band between {one} and {two}" for (one, two), count in worst]
    print("", *told, sep="\n")


if __name__ == "__main__":
    main()
