"""Files that must be refused, by reader: name, how to make it in a folder, words that the message must hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ezdxf

from cells.load import SHIPPED

Make = Callable[[Path], None]
ROOT = Path(__file__).resolve().parents[2]
CELL = (SHIPPED / "bending-irb4600.yaml").read_text()
JOB = "part: part.dxf\ncell: bending-irb4600\nmaterial: mild-steel\nthickness_mm: 1\n"
URDF = """<robot name='r'>
<link name='a'/><link name='b'><collision><geometry><box size='1 1 1'/></geometry></collision></link>
<joint name='j' type='revolute'><parent link='a'/><child link='b'/><axis xyz='0 0 1'/>
<limit lower='-1' upper='1' velocity='1' effort='1'/></joint>
</robot>"""
OWN = "robot:\n  urdf: robot.urdf\n  flange: b\n  home_deg: [0]\n  language: krl\n"


def good_dxf(path: Path) -> None:
    document = ezdxf.new(units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 60), (0, 60)], close=True)
    space.add_line((50, 0), (50, 60), dxfattribs={"layer": "BEND"})
    document.saveas(path)


def text(name: str, content: str | bytes) -> Make:
    data = content.encode() if isinstance(content, str) else content

    def make(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return make


def sparse(name: str) -> Make:
    def make(folder: Path) -> None:
        with (folder / name).open("wb") as stream:
            stream.truncate(200_000_000)

    return make


def one_after_the_other(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for one in makes:
            one(folder)

    return make


def own_robot(urdf: str | bytes, robot_entry: str = OWN) -> Make:
    def make(folder: Path) -> None:
        robot = CELL[CELL.index("robot:") : CELL.index("grippers:")]
        (folder / "cell.yaml").write_text(CELL.replace(robot, robot_entry))
        (folder / "robot.urdf").write_bytes(urdf.encode() if isinstance(urdf, str) else urdf)

    return make


def cell(old: str, new: str) -> Make:
    assert old in CELL, old
    return text("cell.yaml", CELL.replace(old, new, 1))


def tracked(track: str, base: str = "xyz_mm: [0, -2650, 0], rpy_deg: [0, 0, 90]") -> Make:
    """The shipped cell with the robot on a track; the track's keys begin on line 7."""
    lines = CELL.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("  base:"))
    keys = "".join(f"    {line}\n" for line in track.split("; "))
    return text("cell.yaml", "".join([*lines[:at], f"  base: {{{base}}}\n  track:\n", keys, *lines[at + 1 :]]))


def body(mesh: str, content: bytes | None = None) -> Make:
    def make(folder: Path) -> None:
        (folder / "cell.yaml").write_text(CELL.replace("bodies:\n", f"bodies:\n  - {{name: thing, mesh: {mesh}}}\n", 1))
        if content is not None:
            (folder / mesh).write_bytes(content)

    return make


def link_out(folder: Path) -> None:
    """A mesh path that stays in the folder by its letters and leaves it by a link."""
    outside = folder.parent / f"{folder.name}-outside.stl"
    outside.write_bytes(b"solid a\nendsolid a\n")
    (folder / "a.stl").symlink_to(outside)
    body("a.stl")(folder)


def ascii_stl(x: str) -> bytes:
    return f"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex {x} 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid a\n".encode()


def line_dxf(x: str) -> bytes:
    return f"0\nSECTION\n2\nENTITIES\n0\nLINE\n8\n0\n10\n0\n20\n0\n11\n{x}\n21\n1\n0\nENDSEC\n0\nEOF\n".encode()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{i}: &b{i} [{', '.join(['*a' if i == 0 else f'*b{i - 1}'] * 9)}]\n" for i in range(9)
)
LAUGHS = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)
)  # fmt: skip

TRACK = "length_mm: 4000; speed_mm_s: 1500; acceleration_mm_s2: 2000; carriage_height_mm: 200"
PUNCH = "{name: my-punch, section: p.dxf, angle_deg: 85, radius_mm: 0.8, rating_kn_m: 600}"
GRIPPER = (
    "{name: g, kind: vacuum, urdf: g.urdf, tcp: {xyz_mm: [0, 0, 1]}, mass_kg: 1, com_mm: [0, 0, 1], cup_radius_mm: 5, cups_mm: [[0, 0]]}"
)

# name -> (what is read, how it is made, words of the message)
DXF: dict[str, tuple[Make, str]] = {
    "missing": (lambda folder: None, "no such file"),
    "empty": (text("part.dxf", b""), "empty"),
    "a folder": (lambda folder: (folder / "part.dxf").mkdir(), "folder"),
    "huge": (sparse("part.dxf"), "limit is"),
    "binary": (text("part.dxf", bytes(range(256)) * 50), "not a DXF"),
    "text": (text("part.dxf", "hello"), "not a DXF"),
    "only a head": (text("part.dxf", "0\nSECTION\n2\nENTITIES\n0\nENDSEC\n0\nEOF\n"), "no visible lines"),
    "nan": (text("part.dxf", line_dxf("nan")), "LINE"),
    "1e300": (text("part.dxf", line_dxf("1e300")), "LINE"),
    "a million entities": (text("part.dxf", b"0\nSECTION\n2\nENTITIES\n" + b"0\nLINE\n8\n0\n" * 1_000_000), "limit is"),
    "blanks without end": (text("part.dxf", b"0\nSECTION\n" + b" \n" * 5_000_000), "part.dxf"),
}
JOBS: dict[str, tuple[Make, str]] = {
    "missing": (lambda folder: None, "no such file"),
    "empty": (text("job.yaml", ""), "empty"),
    "a folder": (lambda folder: (folder / "job.yaml").mkdir(), "folder"),
    "huge": (sparse("job.yaml"), "limit is"),
    "binary": (text("job.yaml", b"\x00\xff\xfe" * 100), "UTF-8"),
    "latin-1": (text("job.yaml", JOB.encode() + "title: Bügel\n".encode("latin-1")), "UTF-8"),
    "truncated": (text("job.yaml", JOB + "bends: {default: {angle_deg: 9"), "line"),
    "unknown key": (text("job.yaml", JOB + "thicknes_mm: 2\n"), "line 5: unknown key 'thicknes_mm'; did you mean 'thickness_mm'?"),
    "key twice": (text("job.yaml", JOB + "material: mild-steel\n"), "line 5: key 'material' stands twice"),
    "bomb": (text("job.yaml", BOMB), "aliases"),
    "ring": (text("job.yaml", JOB + "bends: &a {default: *a}\n"), "line 5"),
    "deep": (text("job.yaml", "a: " + "[" * 5000), "job.yaml"),
    "deep and closed": (text("job.yaml", "a: " + "[" * 200 + "]" * 200), "nested"),
    "python object": (text("job.yaml", JOB + "gripper: !!python/object/apply:os.system ['ls']\n"), "line 5"),
    "bad tag value": (text("job.yaml", JOB + "quantity: !!int ''\n"), "line 5"),
    "a list": (text("job.yaml", "[1, 2]"), "mapping"),
    "wrong type": (text("job.yaml", JOB.replace("thickness_mm: 1", "thickness_mm: thick")), "line 4: 'thickness_mm'"),
    "nan": (text("job.yaml", JOB.replace("thickness_mm: 1", "thickness_mm: .nan")), "line 4"),
    "1e300": (text("job.yaml", JOB.replace("thickness_mm: 1", "thickness_mm: 1.0e+300")), "line 4"),
    "negative seed": (text("job.yaml", JOB + "seed: -1\n"), "line 5"),
    "material": (
        text("job.yaml", JOB.replace("mild-steel", "unobtainium")),
        "line 3: unknown material 'unobtainium'; valid: aluminium-5052",
    ),
    "cell": (text("job.yaml", JOB.replace("bending-irb4600", "bending-nowhere")), "line 2: unknown cell"),
    "gripper": (text("job.yaml", JOB + "gripper: claw\n"), "line 5: unknown gripper 'claw'; valid: clamp-60"),
    "layer role": (text("job.yaml", JOB + "layers: {RED: fold}\n"), "'bend-up'"),
    "part above": (text("job.yaml", JOB.replace("part.dxf", "../part.dxf")), "line 1: part '../part.dxf' leaves"),
    "part absolute": (text("job.yaml", JOB.replace("part.dxf", "/etc/passwd")), "leaves"),
    "zero byte": (text("job.yaml", JOB.replace("part.dxf", '"a\\0b.dxf"')), "line 1"),
    "long name": (text("job.yaml", JOB.replace("part.dxf", "a" * 400 + ".dxf")), "File name too long"),
    "part missing": (text("job.yaml", JOB), "no such file"),
}
CELLS: dict[str, tuple[Make, str]] = {
    "unknown robot": (cell("abb-irb4600-40-255", "abb-9999"), "line 4: unknown robot 'abb-9999'; valid: abb-irb4600-40-255, kuka-kr120"),
    "unknown brake": (cell("brake-40t-1250", "brake-x"), "unknown brake 'brake-x'; valid: brake-100t-3100, brake-40t-1250"),
    "unknown gripper": (cell("grippers: [", "grippers: [claw, "), "unknown gripper 'claw'"),
    "unknown punch": (cell("punches: [", "punches: [P-x, "), "unknown punch 'P-x'"),
    "unknown die": (cell("dies: [", "dies: [D-x, "), "unknown die 'D-x'"),
    "language": (cell("robot:\n", "robot:\n  language: basic\n"), "'krl', 'rapid', 'fanuc', 'inform' or 'urscript'"),
    "slow bending": (cell("  model: brake-40t-1250\n", "  model: brake-40t-1250\n  bending_speed_mm_s: 0.5\n"), "from 1 mm/s on"),
    "home count": (cell("home_deg: [", "home_deg: [0, "), "has 7 values"),
    "home outside": (cell("home_deg: [0,", "home_deg: [999,"), "outside its limits"),
    "station kind": (cell("kind: stack", "kind: heap"), "'stack', 'presenter'"),
    "gripper twice": (cell("grippers: [", "grippers: [clamp-60, "), "stands twice"),
    "own gripper outside": (
        cell("grippers: [", f"grippers: [{GRIPPER.replace('g.urdf', '../g.urdf')}, "),
        "line 7: gripper urdf '../g.urdf' leaves the folder",
    ),
    "own gripper key": (cell("grippers: [", "grippers: [{name: g, kind: vacuum, udrf: g.urdf}, "), "did you mean 'urdf'"),
    "own gripper tcp": (cell("grippers: [", f"grippers: [{GRIPPER.replace('tcp: {xyz_mm: [0, 0, 1]}, ', '')}, "), "line 7: 'grippers.0.tcp': Field required"),
    "own gripper mass centre": (cell("grippers: [", f"grippers: [{GRIPPER.replace('com_mm: [0, 0, 1]', 'com_mm: [0, 1]')}, "), "line 7: 'grippers.0.com_mm.2'"),
    "own gripper old key": (cell("grippers: [", f"grippers: [{GRIPPER.replace('com_mm', 'com_z_mm')}, "), "'grippers.0.com_z_mm'; did you mean 'com_mm'?"),
    "track home": (tracked(TRACK + "; home_mm: 2500"), "line 11: robot.track.home_mm = 2500 is outside -2000..2000"),
    "track zero": (tracked(TRACK + "; zero_mm: 4500"), "line 11: robot.track.zero_mm = 4500 lies behind"),
    "track carriage": (tracked(TRACK.replace("200", "100")), "line 6: carriage_height_mm is 100"),
    "track speed": (tracked(TRACK.replace("1500", "-1")), "line 8: 'robot.track.speed_mm_s'"),
    "track key": (tracked(TRACK + "; axs: x"), "line 11: unknown key 'robot.track.axs'; did you mean 'axis'?"),
    "track leans": (tracked(TRACK, "xyz_mm: [0, -2650, 0], rpy_deg: [0, 10, 90]"), "line 5: a robot on a track stands upright"),
    "track under the fence": (tracked(TRACK), "line 6: 'fence 1' stands where the rail"),
    "own punch angle": (cell("punches: [", f"punches: [{PUNCH.replace('85', '5')}, "), "line 11: 'tooling.punches.0.angle_deg'"),
    "own punch nan": (cell("punches: [", f"punches: [{PUNCH.replace('0.8', '.nan')}, "), "line 11: 'tooling.punches.0.radius_mm'"),
    "own punch missing": (cell("punches: [", f"punches: [{PUNCH}, "), "p.dxf: no such file"),
    "own punch outside": (cell("punches: [", f"punches: [{PUNCH.replace('p.dxf', '../p.dxf')}, "), "line 11: section '../p.dxf' leaves the folder"),
    "tool twice": (cell("dies: [", "dies: [D-v6-84, "), "line 12: the tool 'D-v6-84' stands twice"),
    "urdf outside": (cell("  model: abb-irb4600-40-255\n", "  urdf: ../r.urdf\n"), "leaves the folder"),
    "urdf absolute": (cell("  model: abb-irb4600-40-255\n", "  urdf: /etc/passwd\n"), "leaves the folder"),
    "package outside": (cell("  model: abb-irb4600-40-255\n", "  urdf: r.urdf\n  packages: {p: ../..}\n"), "leaves the folder"),
    "model and urdf": (cell("  model: abb-irb4600-40-255\n", "  model: abb-irb4600-40-255\n  urdf: r.urdf\n"), "exactly one"),
    "mesh above": (body("../a.stl"), "leaves the folder"),
    "mesh by link": (link_out, "leaves the folder"),
    "mesh missing": (body("a.stl"), "no such file"),
    "mesh empty": (body("a.stl", b""), "empty"),
    "mesh garbage": (body("a.stl", b"\x93garbage\xff" * 40), "thing"),
    "mesh format": (body("a.exe", b"MZ"), "valid: .stl"),
    "mesh nan": (body("a.stl", ascii_stl("nan")), "thing"),
    "mesh 1e300": (body("a.stl", ascii_stl("1e300")), "thing"),
    "mesh lies about its size": (body("a.stl", b"\0" * 80 + b"\xff\xff\xff\xff" + b"\0" * 50), "thing"),
    "dae with entities": (body("a.dae", (LAUGHS + "]><COLLADA>&j;</COLLADA>").encode()), "entities"),
    "glb of lies": (body("a.glb", b"glTF\x02\0\0\0\xff\xff\xff\x7f\xff\xff\xff\x7fJSON{}"), "thing"),
    "urdf empty": (own_robot(""), "robot.urdf: the file is empty"),
    "urdf truncated": (own_robot(URDF[:200]), "robot.urdf: line 3: not well-formed"),
    "urdf binary": (own_robot(b"\0\xff" * 100), "robot.urdf"),
    "urdf huge": (one_after_the_other(own_robot(URDF), sparse("robot.urdf")), "limit is"),
    "urdf wrong root": (own_robot("<model/>"), "not <robot>"),
    "urdf entities": (own_robot(LAUGHS + "]><robot name='r'>&j;</robot>"), "robot.urdf"),
    "urdf file entity": (own_robot("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><robot name='&x;'><link name='a'/></robot>"), "robot.urdf"),
    "urdf deep": (own_robot("<robot name='r'>" + "<link>" * 5000), "robot.urdf"),
    "urdf limits reversed": (own_robot(URDF.replace("lower='-1'", "lower='2'")), "line 4: joint 'j': lower limit 2 is not below upper limit 1"),
    "urdf axis": (own_robot(URDF.replace("0 0 1", "0 0 0")), "line 3: joint 'j' has axis 0 0 0"),
    "urdf nan": (own_robot(URDF.replace("1 1 1", "1 nan 1")), "line 2"),
    "urdf negative box": (own_robot(URDF.replace("1 1 1", "1 -1 1")), "greater than zero"),
    "urdf ring": (own_robot(URDF.replace("</robot>", "<joint name='k' type='fixed'><parent link='b'/><child link='a'/></joint></robot>")), "ring"),
    "urdf two roots": (own_robot(URDF.replace("</robot>", "<link name='c'/></robot>")), "2 root links (a, c)"),
    "urdf two parents": (
        own_robot(URDF.replace("</robot>", "<link name='c'/><joint name='k' type='fixed'><parent link='c'/><child link='b'/></joint></robot>")),
        "two parents",
    ),
    "urdf mesh missing": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='a.stl'/>")), "line 2, link 'b': mesh 'a.stl' does not exist"),
    "urdf mesh above": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='../a.stl'/>")), "leaves"),
    "urdf mesh absolute": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='/etc/passwd'/>")), "leaves"),
    "urdf mesh by file://": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='file:///etc/passwd'/>")), "only relative and package://"),
    "urdf mesh package above": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='package://../a.stl'/>")), "names no package"),
    "urdf package unknown": (own_robot(URDF.replace("<box size='1 1 1'/>", "<mesh filename='package://p/a.stl'/>")), "package 'p'"),
    "urdf flange": (own_robot(URDF.replace("name='b'", "name='bb'").replace("link='b'", "link='bb'")), "'b'"),
    "urdf no language": (own_robot(URDF, OWN.replace("  language: krl\n", "")), "krl, rapid"),
}  # fmt: skip
