"""Writes the URDFs of the shipped torches, the two-axis positioner and the welding arm from their dimensions: `python -m urdf.make_weld_machines`.

All are designs of our own with usual dimensions, no maker's. Shapes are boxes and cylinders in metres; the files are committed, this script is how they were made.
"""

from __future__ import annotations

from math import atan2, cos, hypot, pi, radians, sin

from urdf.make_machines import DARK, GREY, HERE, LIGHT, ORANGE, RUBBER, STEEL, YELLOW, Machine, Shape, box

COPPER = "0.72 0.45 0.25 1"
BODY = 0.22
"""Flange to where the neck begins [m]."""
BEND = 0.10
"""Radius of the neck's bend [m]."""
STRAIGHT = 0.05
"""Straight end of the neck [m]."""
NOZZLE = 0.070
"""Length of the gas nozzle [m]."""
STICKOUT = 0.013
"""Nozzle's end to wire's end: the contact tip is 2 mm inside, so its distance to the work is 15 mm [m]."""


def torch(name: str, neck_deg: float) -> None:
    """A torch in line with the flange, its neck bent towards the flange's +x; the hose leaves on the other side through its bracket."""
    m = Machine(name)
    a = radians(neck_deg)
    m.link(
        "body",
        [
            Shape((0.032, 0.05), (0, 0, 0.025), DARK),
            Shape((0.022, 0.05), (0, 0, 0.075), STEEL),
            Shape((0.019, BODY - 0.10), (0, 0, (BODY + 0.10) / 2), DARK),
            box(-0.075, -0.015, -0.014, 0.014, 0.115, 0.145, STEEL),
            Shape((0.016, 0.09), (-0.105, 0, 0.13), RUBBER, (0, pi / 2, 0)),
        ],
        1.9,
        (-0.012, 0, 0.10),
        0.008,
    )
    count = 3
    points = [(BEND * (1 - cos(a * k / count)), BEND * sin(a * k / count)) for k in range(count + 1)]
    points.append((points[-1][0] + STRAIGHT * sin(a), points[-1][1] + STRAIGHT * cos(a)))
    pieces = [
        Shape((0.0085, hypot(x1 - x0, z1 - z0) + 0.004), ((x0 + x1) / 2, 0, (z0 + z1) / 2), STEEL, (0, atan2(x1 - x0, z1 - z0), 0))
        for (x0, z0), (x1, z1) in zip(points[:-1], points[1:], strict=True)
    ]
    m.link("neck", pieces, 0.4, (points[1][0], 0, points[1][1]), 0.001)
    m.joint("body-neck", "fixed", "body", "neck", (0, 0, BODY))
    m.link(
        "nozzle",
        [Shape((0.0105, 0.045), (0, 0, 0.0225), COPPER), Shape((0.009, NOZZLE - 0.045), (0, 0, (NOZZLE + 0.045) / 2), COPPER)],
        0.2,
        (0, 0, 0.035),
        0.0002,
    )
    m.joint("neck-nozzle", "fixed", "neck", "nozzle", (points[-1][0], 0, points[-1][1]), rpy=(0, a, 0))
    m.link("wire", [Shape((0.0006, STICKOUT), (0, 0, STICKOUT / 2), YELLOW)])
    m.joint("nozzle-wire", "fixed", "nozzle", "wire", (0, 0, NOZZLE))
    m.write(HERE / "torches" / f"{name}.urdf")
    x, z = points[-1][0] + (NOZZLE + STICKOUT) * sin(a), BODY + points[-1][1] + (NOZZLE + STICKOUT) * cos(a)
    print(f"{name}: tcp: {{xyz_mm: [{x * 1e3:.6f}, 0, {z * 1e3:.6f}], rpy_deg: [0, {neck_deg:g}, 0]}}")


def positioner() -> None:
    """Tilts about a level axis (the root's y) 850 mm above the floor and turns about the table's normal; the table's top is 120 mm above the tilt axis at tilt 0."""
    d = pi / 180
    m = Machine("two-axis-800")
    m.link(
        "base",
        [
            box(-0.35, 0.35, -0.95, -0.55, 0.0, 0.12, DARK),
            box(-0.22, 0.22, -0.90, -0.62, 0.12, 1.05, ORANGE),
            box(-0.30, 0.30, -0.60, 0.10, 0.0, 0.06, DARK),
        ],
        420,
        (0, -0.72, 0.45),
        40,
    )
    m.link(
        "cradle",
        [
            Shape((0.18, 0.06), (0, -0.58, 0), GREY, (pi / 2, 0, 0)),
            box(-0.12, 0.12, -0.55, -0.47, -0.20, 0.16, ORANGE),
            box(-0.12, 0.12, -0.55, 0.16, -0.20, -0.08, ORANGE),
            Shape((0.14, 0.13), (0, 0, -0.015), GREY),
        ],
        130,
        (0, -0.25, -0.10),
        8,
    )
    m.joint("tilt", "revolute", "base", "cradle", (0, 0, 0.85), (0, 1, 0), (-100 * d, 100 * d, 90 * d))
    # The link's origin is the middle of the table's top.
    m.link("table", [Shape((0.40, 0.04), (0, 0, -0.02), LIGHT), Shape((0.10, 0.03), (0, 0, -0.055), DARK)], 60, (0, 0, -0.025), 2.5)
    m.joint("turn", "revolute", "cradle", "table", (0, 0, 0.12), (0, 0, 1), (-360 * d, 360 * d, 150 * d))
    m.write(HERE / "positioners" / "two_axis.urdf")


def arm() -> None:
    """A slim arm of six axes with a spherical wrist: 1.74 m from axis 1 to the wrist centre, 8 kg."""
    d = pi / 180
    m = Machine("weld-arm-1740")
    m.link("base_link", [Shape((0.20, 0.10), (0, 0, 0.05), GREY), Shape((0.15, 0.16), (0, 0, 0.18), ORANGE)], 70, (0, 0, 0.12), 2)
    m.link(
        "link_1",
        [
            Shape((0.15, 0.13), (0, 0, -0.115), ORANGE),
            box(-0.10, 0.24, -0.10, 0.10, -0.06, 0.08, ORANGE),
            Shape((0.11, 0.22), (0.15, 0, 0), ORANGE, (pi / 2, 0, 0)),
        ],
        55,
        (0.07, 0, -0.02),
        1.5,
    )
    m.joint("joint_1", "revolute", "base_link", "link_1", (0, 0, 0.45), (0, 0, 1), (-170 * d, 170 * d, 190 * d))
    m.link(
        "link_2",
        [
            box(-0.075, 0.075, -0.19, -0.12, -0.09, 0.86, ORANGE),
            Shape((0.10, 0.07), (0, -0.155, 0), ORANGE, (pi / 2, 0, 0)),
            Shape((0.085, 0.07), (0, -0.155, 0.78), ORANGE, (pi / 2, 0, 0)),
        ],
        28,
        (0, -0.15, 0.38),
        2,
    )
    m.joint("joint_2", "revolute", "link_1", "link_2", (0.15, 0, 0), (0, 1, 0), (-90 * d, 150 * d, 180 * d))
    m.link(
        "link_3",
        [box(-0.10, 0.13, -0.11, 0.08, -0.08, 0.20, ORANGE), Shape((0.075, 0.12), (0.19, 0, 0.12), ORANGE, (0, pi / 2, 0))],
        22,
        (0.04, -0.02, 0.08),
        0.6,
    )
    m.joint("joint_3", "revolute", "link_2", "link_3", (0, 0, 0.78), (0, 1, 0), (-170 * d, 85 * d, 190 * d))
    m.link(
        "link_4",
        [
            Shape((0.055, 0.42), (0.47, 0, 0), ORANGE, (0, pi / 2, 0)),
            box(0.66, 0.84, -0.065, -0.045, -0.045, 0.045, ORANGE),
            box(0.66, 0.84, 0.045, 0.065, -0.045, 0.045, ORANGE),
            box(0.64, 0.70, -0.065, 0.065, -0.045, 0.045, ORANGE),
        ],
        11,
        (0.5, 0, 0),
        0.6,
    )
    m.joint("joint_4", "revolute", "link_3", "link_4", (0, 0, 0.12), (1, 0, 0), (-200 * d, 200 * d, 400 * d))
    m.link(
        "link_5",
        [Shape((0.04, 0.085), (0, 0, 0), GREY, (pi / 2, 0, 0)), Shape((0.035, 0.05), (0.045, 0, 0), GREY, (0, pi / 2, 0))],
        2.5,
        (0.02, 0, 0),
        0.01,
    )
    m.joint("joint_5", "revolute", "link_4", "link_5", (0.80, 0, 0), (0, 1, 0), (-130 * d, 130 * d, 400 * d))
    m.link("link_6", [Shape((0.032, 0.02), (0.085, 0, 0), DARK, (0, pi / 2, 0))], 0.4, (0.085, 0, 0), 0.001)
    m.joint("joint_6", "revolute", "link_5", "link_6", (0, 0, 0), (1, 0, 0), (-360 * d, 360 * d, 600 * d))
    m.link("tool0", [])
    m.joint("flange", "fixed", "link_6", "tool0", (0.095, 0, 0), rpy=(0, pi / 2, 0))
    m.write(HERE / "robots" / "weld_arm_1740" / "weld_arm_1740.urdf")


if __name__ == "__main__":
    for angle in (22, 35, 45):
        torch(f"torch-{angle}", angle)
    positioner()
    arm()
