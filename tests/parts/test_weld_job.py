"""The welding job file: edits of seams by name, own seams, and errors that name the line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from cells.yaml_source import read_source
from core.errors import InputError, UnknownNameError
from parts.seam import Seam
from parts.weld_job import OwnSeamSpec, WeldJobSpec, edited, own_seams


def line(name, start, end, normals=((0, -1, 0), (0, 0, 1))):
    a, b = (np.tile(np.array(n, dtype=float), (2, 1)) for n in normals)
    return Seam(name, "fillet", np.array([start, end]) / 1e3, a, b, "line", False, ("web", "base"), 8e-3, 10e-3)


def ring(name, radius=50.0):
    turn = np.linspace(0, 2 * math.pi, 361)
    arms = np.stack((np.cos(turn), np.sin(turn), 0 * turn), axis=1)
    arms[-1] = arms[0]
    return Seam(name, "fillet", arms * radius / 1e3, arms, np.tile([0.0, 0, 1], (361, 1)), "arc", True, ("tube", "base"), 5e-3, 10e-3)


SEAMS = (
    line("1", (0, 0, 0), (200, 0, 0)),
    line("2", (200, 0, 0), (200, 100, 0), ((1, 0, 0), (0, 0, 1))),
    line("3", (0, 40, 0), (300, 40, 0)),
    ring("4"),
)


def tasks(tmp_path, text, seams=SEAMS):
    path = tmp_path / "job.yaml"
    path.write_text("weldment: a.step\n" + text)
    job, source = read_source(path, WeldJobSpec)
    return {task.seam.name: task for task in edited(seams, job, source.at)}


def test_drop_reverse_and_order(tmp_path):
    found = tasks(tmp_path, "seams:\n  1: {drop: true}\n  2: {reverse: true, procedure: fillet-a4, passes: 2}\n  3: {order: 1}\n")
    assert list(found) == ["3", "2", "4"]
    np.testing.assert_allclose(found["2"].seam.points * 1e3, [[200, 100, 0], [200, 0, 0]])
    assert (found["2"].procedure, found["2"].passes, found["3"].order) == ("fillet-a4", 2, 1)


def test_split_and_edit_of_the_pieces(tmp_path):
    found = tasks(tmp_path, "seams:\n  3: {split_mm: [50, 170], procedure: root}\n  3b: {reverse: true}\n")
    assert [name for name in found if name.startswith("3")] == ["3a", "3b", "3c"]
    assert [round(found[f"3{k}"].seam.length * 1e3, 6) for k in "abc"] == [50, 120, 130]
    np.testing.assert_allclose(found["3b"].seam.points[:, 0] * 1e3, [170, 50])
    assert found["3b"].procedure == "root"


def test_split_of_a_circle_wraps_around(tmp_path):
    quarter = math.pi * 50 / 2
    found = tasks(tmp_path, f"seams:\n  4: {{split_mm: [{quarter}, {3 * quarter}]}}\n")
    first, second = found["4a"].seam, found["4b"].seam
    assert first.length * 1e3 == pytest.approx(2 * quarter, abs=0.02) and second.length * 1e3 == pytest.approx(2 * quarter, abs=0.02)
    np.testing.assert_allclose(second.points[[0, -1]] * 1e3, [[0, -50, 0], [0, 50, 0]], atol=0.02)
    assert not first.closed and first.curve == second.curve == "arc"


def test_stitches(tmp_path):
    found = tasks(tmp_path, "seams:\n  3: {stitch: {length_mm: 40, pitch_mm: 100, start_mm: 10}}\n")
    stitches = [task.seam for name, task in found.items() if name.startswith("3.")]
    np.testing.assert_allclose([one.points[:, 0] * 1e3 for one in stitches], [[10, 50], [110, 150], [210, 250]])


def test_join_at_a_corner(tmp_path):
    found = tasks(tmp_path, "seams:\n  1: {join: [2]}\n")
    assert list(found) == ["1", "3", "4"]
    one = found["1"].seam
    assert one.length * 1e3 == pytest.approx(300) and one.curve == "free" and not one.closed
    np.testing.assert_allclose(one.normals_a[[0, 1, 2, -1]], [[0, -1, 0], [0, -1, 0], [1, 0, 0], [1, 0, 0]])
    # Reversed first, then joined: seam 1 as it comes from the other end.
    back = tasks(tmp_path, "seams:\n  1: {reverse: true, join: [2]}\n", (SEAMS[0].reversed(), SEAMS[1]))
    np.testing.assert_allclose(back["1"].seam.points, one.points)
    # The one that goes the other way is turned round.
    turned = tasks(tmp_path, "seams:\n  1: {join: [2]}\n", (SEAMS[0], SEAMS[1].reversed()))
    np.testing.assert_allclose(turned["1"].seam.points, one.points)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("seams:\n  1: {drop: true}\n  9: {drop: true}\n", UnknownNameError, r"line 4: unknown seam '9'; valid: 2, 3, 4"),
        ("seams:\n  1: {join: [3]}\n", InputError, r"line 3: seam '3' does not go on where seam '1' ends: they are 107.7 mm apart"),
        ("seams:\n  1: {join: [4]}\n", InputError, r"line 3: seam '4' is closed"),
        ("seams:\n  1:\n    split_mm: [250]\n", InputError, r"line 4: seam '1' is 200.0 mm long and cannot be split at 250 mm"),
        ("seams:\n  1: {stitch: {length_mm: 400, pitch_mm: 500}}\n", InputError, r"line 3: a stitch of 400 mm .* does not fit"),
        ("seams:\n  1: {stitch: {length_mm: 40, pitch_mm: 30}}\n", InputError, r"line 3: .*the beads would overlap"),
        ("seams:\n  1: {drop: true, passes: 2}\n", InputError, r"line 3: .*dropped takes nothing else"),
        ("seams:\n  1: {revers: true}\n", InputError, r"line 3: unknown key .*did you mean 'reverse'"),
        ("own_seams:\n  - {name: x}\n", InputError, r"line 3: .*give points_mm or arc_mm"),
        ("own_seams:\n  - name: x\n    arc_mm: [[0, 0, 0], [1, 0, 0], [2, 0, 0]]\n", InputError, r"line 3: the three points of seam 'x' are in line"),
        ("find: {min_length_mm: 30, max_length_mm: 20}\n", InputError, r"line 2: .*lower limit is above"),
    ],
)  # fmt: skip
def test_errors_name_the_line(tmp_path, text, error, words):
    path = tmp_path / "job.yaml"
    path.write_text("weldment: a.step\n" + text)

    def read():
        job, source = read_source(path, WeldJobSpec)
        own_seams(job, source.at)
        edited(SEAMS, job, source.at)

    with pytest.raises(error, match=words) as caught:
        read()
    assert str(path) in str(caught.value)


def test_an_own_seam_with_the_name_of_a_found_one(tmp_path):
    text = "own_seams:\n  - {name: '1', points_mm: [[0, 0, 0], [9, 0, 0]]}\n"
    with pytest.raises(InputError, match=r"line 3: own seam '1' has the name"):
        tasks(tmp_path, text, (*SEAMS, line("1", (0, 0, 0), (9, 0, 0))))


def test_placement_is_that_of_cell_files():
    T = WeldJobSpec.model_validate(
        {"weldment": "a.step", "placement": {"xyz_mm": [10, 20, 30], "rpy_deg": [0, 0, 90]}}
    ).placement.T_workpiece_weldment
    np.testing.assert_allclose(T @ [0.1, 0, 0, 1], [0.01, 0.12, 0.03, 1], atol=1e-12)


def test_the_word_of_tacks_is_no_part_of_a_name():
    with pytest.raises(ValidationError, match="names of tacks only"):
        OwnSeamSpec(name="left tack plate", points_mm=[(0, 0, 0), (1, 0, 0)])
