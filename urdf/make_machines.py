"""Writes the URDFs of the shipped brakes, grippers and the IRB 4600 from their dimensions: `python urdf/make_machines.py`.

Shapes are boxes and cylinders in metres; the files are committed, this script is how they were made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
STEEL, DARK, BLUE, LIGHT, YELLOW, RUBBER, ORANGE, GREY = (
    "0.62 0.65 0.68 1",
    "0.22 0.24 0.27 1",
    "0.16 0.33 0.52 1",
    "0.85 0.87 0.88 1",
    "0.95 0.75 0.1 1",
    "0.15 0.15 0.16 1",
    "0.93 0.45 0.12 1",
    "0.75 0.75 0.73 1",
)


@dataclass
class Shape:
    """A box (x, y, z sizes) or a cylinder (radius, length) at xyz, turned by rpy."""

    size: tuple[float, ...]
    xyz: tuple[float, float, float]
    color: str
    rpy: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def xml(self) -> str:
        geometry = (
            f"<box size='{_n(self.size)}'/>" if len(self.size) == 3 else f"<cylinder radius='{self.size[0]:g}' length='{self.size[1]:g}'/>"
        )
        origin = f"<origin xyz='{_n(self.xyz)}' rpy='{_n(self.rpy)}'/>"
        return f"    <visual>{origin}<geometry>{geometry}</geometry><material name=''><color rgba='{self.color}'/></material></visual>\n    <collision>{origin}<geometry>{geometry}</geometry></collision>\n"


def _n(values: tuple[float, ...]) -> str:
    return " ".join(f"{v:.6g}" for v in values)


@dataclass
class Machine:
    """Links with shapes, and joints."""

    name: str
    text: list[str] = field(default_factory=list)

    def link(
        self, name: str, shapes: list[Shape], mass: float = 0.0, com: tuple[float, float, float] = (0.0, 0.0, 0.0), inertia: float = 0.0
    ) -> None:
        inertial = ""
        if mass:
            i = inertia or mass * 0.02
            inertial = f"    <inertial><origin xyz='{_n(com)}'/><mass value='{mass:g}'/><inertia ixx='{i:g}' ixy='0' ixz='0' iyy='{i:g}' iyz='0' izz='{i:g}'/></inertial>\n"
        self.text.append(f"  <link name={quoteattr(name)}>\n{inertial}{''.join(s.xml() for s in shapes)}  </link>\n")

    def joint(
        self,
        name: str,
        kind: str,
        parent: str,
        child: str,
        xyz: tuple[float, float, float],
        axis: tuple[float, float, float] = (0, 0, 1),
        limit: tuple[float, float, float] | None = None,
        rpy: tuple[float, float, float] = (0, 0, 0),
    ) -> None:
        bounds = "" if limit is None else f"<limit lower='{limit[0]:.8g}' upper='{limit[1]:.8g}' velocity='{limit[2]:.8g}' effort='0'/>"
        axis_text = "" if kind == "fixed" else f"<axis xyz='{_n(axis)}'/>"
        self.text.append(
            f"  <joint name='{name}' type='{kind}'><parent link='{parent}'/><child link='{child}'/><origin xyz='{_n(xyz)}' rpy='{_n(rpy)}'/>{axis_text}{bounds}</joint>\n"
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"<?xml version='1.0'?>\n<!-- made by urdf/make_machines.py -->\n<robot name='{self.name}'>\n{''.join(self.text)}</robot>\n"
        )


def box(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float, color: str) -> Shape:
    """A box by its bounds."""
    return Shape((x1 - x0, y1 - y0, z1 - z0), ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2), color)


def brake(
    name: str,
    *,
    length: float,
    seat: float,
    half: float,
    daylight: float,
    stroke: float,
    throat: float,
    gauge_x: tuple[float, float],
    column: float,
) -> None:
    """A press brake. The root frame is the middle of the lower tool seat; `seat` is its height above the floor."""
    m = Machine(name)
    end = length / 2
    top = daylight + 1.0
    shapes = [
        box(-end, end, -half * 0.7, half * 0.7, -0.06, 0.0, STEEL),
        box(-end, end, -half, half, -seat + 0.02, -0.06, BLUE),
    ]
    for side in (-1, 1):
        x0, x1 = sorted((side * (end + 0.01), side * (end + 0.01 + column)))
        shapes += [
            box(x0, x1, -half, throat + 0.6, -seat, -0.25, BLUE),
            box(x0, x1, throat, throat + 0.6, -0.25, top - 0.35, BLUE),
            box(x0, x1, -half, throat + 0.6, top - 0.35, top, BLUE),
        ]
    shapes.append(box(-end - 0.01, end + 0.01, half + 0.05, throat + 0.4, top - 0.35, top, LIGHT))
    m.link("frame", shapes)
    m.link("ram", [box(-end, end, -0.033, 0.033, 0.0, 0.10, STEEL), box(-end, end, -half, half, 0.10, 0.62, LIGHT)])
    m.joint("ram", "prismatic", "frame", "ram", (0, 0, daylight), (0, 0, -1), (0, stroke, 0.2))
    m.link("gauge", [])
    m.joint("gauge_x", "prismatic", "frame", "gauge", (0, 0, 0), (0, 1, 0), (*gauge_x, 0.5))
    m.link("gauge_beam", [box(-end * 0.95, end * 0.95, 0.20, 0.30, -0.13, -0.04, DARK)])
    m.joint("gauge_r", "prismatic", "gauge", "gauge_beam", (0, 0, 0), (0, 0, 1), (0.04, 0.25, 0.1))
    for index in (1, 2):
        m.link(
            f"finger_{index}", [box(-0.015, 0.015, 0.0, 0.07, -0.004, 0.004, YELLOW), box(-0.015, 0.015, 0.07, 0.22, -0.04, 0.004, DARK)]
        )
        m.joint(f"gauge_z{index}", "prismatic", "gauge_beam", f"finger_{index}", (0, 0, 0), (1, 0, 0), (-end, end, 1.0))
    m.write(HERE / "brakes" / f"{name}.urdf")


def vacuum_frame(
    name: str, *, size: tuple[float, float], cups: tuple[int, int], radius: float, height: float, mass: float
) -> list[tuple[float, float]]:
    """A straight vacuum frame: the flange's z axis runs through its middle to the cups' plane at `height`."""
    m = Machine(name)
    cup = 0.05
    shapes = [
        Shape((0.063, 0.02), (0, 0, 0.01), DARK),
        Shape((0.035, height - cup - 0.03), (0, 0, 0.01 + (height - cup) / 2 - 0.005), STEEL),
        Shape((size[0], size[1], 0.02), (0, 0, height - cup - 0.01), STEEL),
    ]
    places = cup_places(size, cups, radius)
    shapes += [Shape((radius, cup), (x, y, height - cup / 2), RUBBER) for x, y in places]
    m.link(name, shapes, mass, (0, 0, height * 0.6), mass * 0.01)
    m.write(HERE / "grippers" / f"{name}.urdf")
    return [(round(x, 4), round(y, 4)) for x, y in places]


def cup_places(size: tuple[float, float], cups: tuple[int, int], radius: float) -> list[tuple[float, float]]:
    """Middles (x, y) of a grid of cups that just lie within a frame."""
    xs, ys = (
        [(i / (count - 1) - 0.5) * (extent - 2 * radius) for i in range(count)] if count > 1 else [0.0]
        for count, extent in zip(cups, size, strict=True)
    )
    return [(x, y) for x in xs for y in ys]


def vacuum_arm(
    name: str,
    *,
    size: tuple[float, float],
    cups: tuple[int, int],
    radius: float,
    reach: float,
    height: float,
    neck: float,
    mass: float,
    arm: float = 0.06,
    cup: float = 0.05,
    plate: float = 0.02,
) -> None:
    """A vacuum frame on an arm of `arm` square: the wrist stands beside the sheet instead of above it.

    The flange is tilted by `neck` [rad] against the arm, so that the wrist stays bent (far from its singularity) with the arm along the forearm.
    In the arm's frame: z along it, x the way the cups look; the cups' plane is at x = `height`, their middle at z = `reach`.
    """
    m = Machine(name)
    half = arm / 2
    m.link(name, [Shape((0.063, 0.02), (0, 0, 0.01), DARK), Shape((0.05, 0.06), (0, 0, 0.05), DARK)], 2.0, (0, 0, 0.03), 0.02)
    end = height - cup
    shapes = [
        box(-half, half, -half, half, 0.06, reach + half, STEEL),
        *([box(half, end - plate, -half, half, reach - half, reach + half, STEEL)] if end - plate > half + 1e-6 else []),
        box(end - plate, end, -size[0] / 2, size[0] / 2, reach - size[1] / 2, reach + size[1] / 2, STEEL),
    ]
    shapes += [Shape((radius, cup), (height - cup / 2, x, reach + y), RUBBER, (0, pi / 2, 0)) for x, y in cup_places(size, cups, radius)]
    m.link("arm", shapes, mass - 2.0, (end / 2, 0, reach * 0.7), mass * 0.02)
    m.joint("neck", "fixed", name, "arm", (0, 0, 0), rpy=(0, -neck, 0))
    m.write(HERE / "grippers" / f"{name}.urdf")


def clamp(
    name: str,
    *,
    width: float,
    depth: float,
    opening: float,
    height: float,
    mass: float,
    body: float = 0.06,
    throat: float = 0.03,
    neck: float = 0.0,
) -> None:
    """A parallel clamp with a body of `body` square; each jaw moves by half the opening.

    The TCP is at `height` from the flange, the jaws reach from `throat` behind it to `depth` beyond it. A clamp for level sheets is tilted by `neck` [rad]
    about the jaws' width, so that the wrist stays bent (far from its singularity) with the forearm behind the sheet.
    """
    m = Machine(name)
    stem = [
        Shape((0.03, 0.06), (0, 0, 0.05), STEEL),
        box(-body / 2, body / 2, -body / 2, body / 2, 0.08, height - throat - 0.005, BLUE),
    ]
    plate = Shape((0.063, 0.02), (0, 0, 0.01), DARK)
    if neck:
        m.link(name, [plate], mass * 0.2, (0, 0, 0.01))
        m.link("stem", stem, mass * 0.8, (0, 0, height / 2), mass * 0.005)
        m.joint("neck", "fixed", name, "stem", (0, 0, 0), rpy=(neck, 0, 0))
    else:
        m.link(name, [plate, *stem], mass, (0, 0, height / 2), mass * 0.005)
    holder = "stem" if neck else name
    for jaw, sign in (("jaw_a", 1), ("jaw_b", -1)):
        y0, y1 = sorted((0.0, sign * 0.008))
        m.link(jaw, [box(-width / 2, width / 2, y0, y1, height - throat, height + depth, STEEL)], 0.2)
        m.joint(jaw, "prismatic", holder, jaw, (0, 0, 0), (0, sign, 0), (0.0, opening / 2, 0.05))
    m.write(HERE / "grippers" / f"{name}.urdf")


def irb4600() -> None:
    """ABB IRB 4600-40/2.55 by the dimensions of its data sheet; shapes are ours."""
    m = Machine("irb4600_40_255")
    d = pi / 180
    m.link(
        "base_link",
        [
            Shape((0.28, 0.12), (0, 0, 0.06), GREY),
            box(-0.38, 0.2, -0.22, 0.22, 0.0, 0.14, ORANGE),
            Shape((0.21, 0.13), (0, 0, 0.20), ORANGE),
        ],
        130,
        (-0.05, 0, 0.12),
        5,
    )
    m.link(
        "link_1",
        [
            Shape((0.23, 0.16), (0, 0, -0.14), ORANGE),
            box(-0.16, 0.34, -0.20, 0.20, -0.08, 0.10, ORANGE),
            Shape((0.15, 0.30), (0.175, 0, 0.0), ORANGE, (pi / 2, 0, 0)),
        ],
        110,
        (0.08, 0, -0.02),
        4,
    )
    m.joint("joint_1", "revolute", "base_link", "link_1", (0, 0, 0.495), (0, 0, 1), (-180 * d, 180 * d, 175 * d))
    m.link(
        "link_2",
        [
            box(-0.11, 0.11, -0.24, -0.155, -0.12, 1.0, ORANGE),
            Shape((0.125, 0.085), (0, -0.1975, 0.9), ORANGE, (pi / 2, 0, 0)),
            Shape((0.14, 0.085), (0, -0.1975, 0), ORANGE, (pi / 2, 0, 0)),
        ],
        65,
        (0, -0.19, 0.42),
        6,
    )
    m.joint("joint_2", "revolute", "link_1", "link_2", (0.175, 0, 0), (0, 1, 0), (-90 * d, 150 * d, 175 * d))
    m.link(
        "link_3",
        [box(-0.22, 0.24, -0.145, 0.13, -0.11, 0.29, ORANGE), Shape((0.115, 0.18), (0.32, 0, 0.175), ORANGE, (0, pi / 2, 0))],
        60,
        (0.05, 0, 0.12),
        3,
    )
    m.joint("joint_3", "revolute", "link_2", "link_3", (0, 0, 0.9), (0, 1, 0), (-180 * d, 75 * d, 175 * d))
    m.link(
        "link_4",
        [Shape((0.085, 0.44), (0.62, 0, 0), ORANGE, (0, pi / 2, 0)), box(0.82, 1.02, -0.10, 0.10, -0.07, 0.07, ORANGE)],
        30,
        (0.65, 0, 0),
        1.5,
    )
    m.joint("joint_4", "revolute", "link_3", "link_4", (0, 0, 0.175), (1, 0, 0), (-400 * d, 400 * d, 250 * d))
    m.link(
        "link_5",
        [Shape((0.07, 0.10), (0, 0, 0), GREY, (pi / 2, 0, 0)), Shape((0.055, 0.09), (0.06, 0, 0), GREY, (0, pi / 2, 0))],
        8,
        (0.02, 0, 0),
        0.05,
    )
    m.joint("joint_5", "revolute", "link_4", "link_5", (0.96, 0, 0), (0, 1, 0), (-125 * d, 120 * d, 250 * d))
    m.link("link_6", [Shape((0.055, 0.028), (0.121, 0, 0), DARK, (0, pi / 2, 0))], 1, (0.12, 0, 0), 0.005)
    m.joint("joint_6", "revolute", "link_5", "link_6", (0, 0, 0), (1, 0, 0), (-400 * d, 400 * d, 360 * d))
    m.link("tool0", [])
    m.joint("flange", "fixed", "link_6", "tool0", (0.135, 0, 0), rpy=(0, pi / 2, 0))
    m.write(HERE / "robots" / "irb4600_40_255" / "irb4600_40_255.urdf")


if __name__ == "__main__":
    brake(
        "brake-100t-3100", length=3.1, seat=1.05, half=0.060, daylight=0.400, stroke=0.245, throat=0.42, gauge_x=(0.004, 0.80), column=0.18
    )
    brake(
        "brake-40t-1250", length=1.25, seat=0.85, half=0.045, daylight=0.360, stroke=0.205, throat=0.25, gauge_x=(0.004, 0.50), column=0.12
    )
    print(vacuum_frame("vacuum-frame-320", size=(0.32, 0.12), cups=(4, 2), radius=0.02, height=0.20, mass=6.0))
    print(vacuum_frame("vacuum-frame-160", size=(0.16, 0.06), cups=(4, 2), radius=0.0125, height=0.20, mass=3.0))
    vacuum_arm("vacuum-arm-320", size=(0.32, 0.12), cups=(4, 2), radius=0.02, reach=0.40, height=0.20, neck=pi / 4, mass=8.0)
    # Low arms: what is under the sheet stays above the foot of a slim die.
    low = {"reach": 0.40, "height": 0.0215, "neck": pi / 4, "mass": 3.0, "arm": 0.015, "cup": 0.01, "plate": 0.004}
    vacuum_arm("vacuum-arm-120", size=(0.12, 0.02), cups=(4, 1), radius=0.01, **low)
    vacuum_arm("vacuum-arm-36", size=(0.036, 0.036), cups=(2, 2), radius=0.008, **low)
    clamp("clamp-60", width=0.06, depth=0.025, opening=0.024, height=0.20, mass=3.5)
    clamp("clamp-30", width=0.03, depth=0.015, opening=0.016, height=0.32, mass=2.5, body=0.04, throat=0.08, neck=pi / 4)
    irb4600()
