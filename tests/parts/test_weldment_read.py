"""Weldments from files: masses, hulls, own seams on meshes, and faults that are planted and must be named."""

from __future__ import annotations

import math
import struct
import time

import numpy as np
import pytest
import trimesh
from scipy.spatial import ConvexHull

from core.errors import InputError
from parts.own_seams import OwnSeam, arc_points
from parts.piece_hulls import convex_hulls
from parts.piece_overlaps import overlaps
from parts.weldment_read import WeldmentOptions, read_weldment


def plate(size, at):
    """A box in mm with its lowest corner at `at`."""
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(np.add(at, np.array(size) / 2))
    return mesh


@pytest.fixture
def t_mesh(tmp_path):
    path = tmp_path / "t.stl"
    trimesh.util.concatenate([plate((200, 120, 10), (0, 0, 0)), plate((200, 8, 80), (0, 56, 10))]).export(path)
    return path


def seam(name, *points, **more):
    return OwnSeam(name, np.array(points, dtype=float) / 1e3, **more)


def codes(weldment):
    return [(finding.code, finding.step) for finding in weldment.findings]


def test_t_joint_of_two_bodies_in_one_mesh(t_mesh):
    weldment = read_weldment([t_mesh], own=[seam("left", (0, 56, 10), (200, 56, 10)), seam("right", (200, 64, 10), (0, 64, 10))])
    assert weldment.findings == ()
    # 200 x 120 x 10 and 200 x 8 x 80 mm of steel.
    np.testing.assert_allclose([piece.mass for piece in weldment.pieces], [240e-6 * 7850, 128e-6 * 7850], rtol=1e-4)
    for one, y in zip(weldment.seams, (-1.0, 1.0), strict=True):
        assert (one.kind, one.curve, len(one.points)) == ("fillet", "line", 2)
        assert one.pieces == (weldment.pieces[1].name, weldment.pieces[0].name)
        np.testing.assert_allclose(one.normals_a, [[0, y, 0]] * 2, atol=1e-6)
        np.testing.assert_allclose(one.normals_b, [[0, 0, 1]] * 2, atol=1e-6)
        assert one.thickness_a == pytest.approx(8e-3, abs=1e-6) and one.thickness_b == pytest.approx(10e-3, abs=1e-6)


def test_circle_around_a_tube_of_an_own_file(tmp_path):
    base, tube = plate((200, 200, 10), (0, 0, 0)), trimesh.creation.annulus(33, 38, 90, sections=180)
    tube.apply_translation((100, 100, 55))
    base.export(tmp_path / "base.obj")
    tube.export(tmp_path / "tube.stl")
    start, via, end = np.array([[138, 100, 10], [100, 138, 10], [62, 100, 10]]) / 1e3
    points = arc_points(start, via, end, True)
    assert points is not None
    weldment = read_weldment([tmp_path / "base.obj", tmp_path / "tube.stl"], own=[OwnSeam("ring", points, True)])
    (one,) = weldment.seams
    assert one.closed and one.curve == "arc" and one.pieces == ("tube", "base")
    assert one.length == pytest.approx(2 * math.pi * 0.038, abs=2e-5)
    arms = (one.points - [0.1, 0.1, 0.01]) / 0.038
    # A tube of 180 facets turns by two degrees from one to the next.
    assert np.min(np.sum(arms * one.normals_a, axis=1)) > math.cos(math.radians(3))


def test_own_seams_that_are_none(t_mesh):
    weldment = read_weldment(
        [t_mesh],
        own=[
            seam("zero", (5, 56, 10), (5, 56, 10)), seam("inside", (50, 60, 10), (150, 60, 10)), seam("away", (50, 60, 300), (150, 60, 300)),
            seam("flat", (50, 20, 10), (150, 20, 10)),
        ],
    )  # fmt: skip
    assert weldment.seams == ()
    assert codes(weldment) == [("seam-without-length", "seam zero"), ("seam-inside", "seam inside"), ("seam-away", "seam away"), ("seam-without-faces", "seam flat")]  # fmt: skip
    assert all(finding.level == "error" and "mm" in finding.message for finding in weldment.findings)
    assert "210.0 mm" in weldment.findings[2].message


def test_gap_under_an_own_seam(tmp_path):
    path = tmp_path / "gap.stl"
    trimesh.util.concatenate([plate((200, 120, 10), (0, 0, 0)), plate((200, 8, 80), (0, 56, 11.4))]).export(path)
    weldment = read_weldment([path], own=[seam("a", (0, 56, 10), (200, 56, 10))])
    assert weldment.seams[0].gap == pytest.approx(1.4e-3, abs=1e-6)
    assert codes(weldment) == [("gap-wide", "seam a")] and "1.40 mm" in weldment.findings[0].message


def test_overlaps_are_named_with_their_depth():
    meshes = [
        plate((200, 120, 10), (0, 0, 0)),
        plate((200, 8, 80), (0, 56, 7)),
        plate((50, 50, 5), (0, 0, 10)),
        plate((20, 20, 20), (300, 0, 0)),
    ]
    for mesh in meshes:
        mesh.apply_scale(1e-3)
    (one,) = overlaps(["base", "web", "pad", "far"], meshes)
    assert (
        one.level == "error"
        and "'base' and 'web' overlap by 3.00 mm" in one.message
        and one.data["depth_mm"] == pytest.approx(3.0, abs=1e-3)
    )
    turned = meshes[1].copy()
    turned.apply_transform(trimesh.transformations.rotation_matrix(0.4, (1, 2, 3)))
    other = meshes[0].copy()
    other.apply_transform(trimesh.transformations.rotation_matrix(0.4, (1, 2, 3)))
    assert overlaps(["base", "web"], [other, turned])[0].data["depth_mm"] == pytest.approx(3.0, abs=1e-3)


def test_open_mesh_is_a_finding_with_its_place(tmp_path):
    box = plate((200, 120, 10), (0, 0, 0))
    box.update_faces(np.arange(len(box.faces)) != 3)
    box.export(tmp_path / "open.stl")
    weldment = read_weldment([tmp_path / "open.stl"])
    (finding,) = weldment.findings
    assert finding.code == "open-shell" and finding.level == "error" and "'open'" in finding.message and "3 edges" in finding.message


def test_hulls_cover_and_hold_no_air():
    outer, inner = plate((90, 60, 240), (0, 0, 0)), plate((80, 50, 240), (5, 5, 0))
    angle = trimesh.util.concatenate([plate((60, 6, 200), (0, 0, 0)), plate((6, 54, 200), (0, 6, 0))])
    section = trimesh.boolean.difference([outer, inner], engine="manifold")
    angle = trimesh.boolean.union([plate((60, 6, 200), (0, 0, 0)), plate((6, 60, 200), (0, 0, 0))], engine="manifold")
    for mesh, most in ((section, 4), (angle, 2), (outer, 1)):
        mesh.apply_scale(1e-3)
        hulls, _ = convex_hulls(mesh)
        assert len(hulls) <= most
        assert sum(ConvexHull(hull).volume for hull in hulls) == pytest.approx(mesh.volume, rel=1e-3)
        samples = np.concatenate((mesh.vertices, mesh.triangles_center))
        outside = [np.max(samples @ (e := ConvexHull(hull).equations)[:, :3].T + e[:, 3], axis=1) for hull in hulls]
        assert np.max(np.min(outside, axis=0)) < 5e-6


def test_meshes_beyond_the_limits_are_refused_at_once(tmp_path):
    big = tmp_path / "big.stl"
    with big.open("wb") as stream:
        stream.write(b" " * 80 + struct.pack("<I", 5_000_000))
        stream.truncate(84 + 50 * 5_000_000)
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"5000000 triangles; the limit is 1000000"):
        read_weldment([big])
    many = tmp_path / "many.stl"
    trimesh.util.concatenate([plate((1, 1, 1), (3 * k, 0, 0)) for k in range(301)]).export(many)
    with pytest.raises(InputError, match=r"more than 300 bodies"):
        read_weldment([many])
    assert time.perf_counter() - start < 3
    with pytest.raises(InputError, match=r"no format of weldments; valid: .step"):
        read_weldment([tmp_path / "a.dwg"])


def test_wrong_unit_is_a_finding(t_mesh):
    assert codes(read_weldment([t_mesh], WeldmentOptions(mesh_unit=1.0)))[0] == ("size-unlikely", "")


class TestStep:
    """Through files and the kernel's own process."""

    @pytest.fixture(autouse=True)
    def _kernel(self):
        pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

    def test_inch_file_gives_the_same_seams(self, tmp_path):
        from bench.weld_family import box_on_plate, write_assembly

        made = box_on_plate()
        weldment = read_weldment([write_assembly(tmp_path / "inch.step", made.pieces, "INCH")])
        assert sorted(round(one.length * 1e3, 3) for one in weldment.seams) == [60, 60, 90, 90]
        assert [piece.name for piece in weldment.pieces] == ["plate", "box"]
        # Wall of 5 mm: 90 x 60 less 80 x 50, 240 long.
        assert weldment.pieces[1].mass == pytest.approx((90 * 60 - 80 * 50) * 240e-9 * 7850, rel=1e-6)

    def test_overlap_and_open_shell_in_one_file(self, tmp_path):
        from OCP.BRep import BRep_Builder
        from OCP.TopAbs import TopAbs_ShapeEnum
        from OCP.TopExp import TopExp_Explorer
        from OCP.TopoDS import TopoDS_Shell

        from bench.weld_family import block, write_assembly

        shell, builder, faces = (
            TopoDS_Shell(),
            BRep_Builder(),
            TopExp_Explorer(block((20, 20, 20), (300, 0, 0)), TopAbs_ShapeEnum.TopAbs_FACE),
        )
        builder.MakeShell(shell)
        for _ in range(5):
            builder.Add(shell, faces.Current())
            faces.Next()
        pieces = [("base", block((200, 120, 10))), ("web", block((200, 8, 80), (0, 56, 8.5))), ("lid", shell)]
        weldment = read_weldment([write_assembly(tmp_path / "bad.step", pieces)])
        told = {finding.code: finding for finding in weldment.findings}
        assert "'lid' is not closed" in told["open-shell"].message
        assert "'base' and 'web' overlap by 1.50 mm" in told["pieces-overlap"].message
        assert [piece.name for piece in weldment.pieces] == ["base", "web"]

    def test_too_many_faces_are_refused(self, tmp_path):
        from bench.weld_family import panel, write_assembly
        from parts.step_file import StepLimits
        from parts.weldment_read import WeldmentLimits

        path = write_assembly(tmp_path / "panel.step", panel().pieces)
        with pytest.raises(InputError, match=r"78 faces together; the limit is 50"):
            read_weldment([path], WeldmentOptions(limits=WeldmentLimits(StepLimits(faces=50))))
