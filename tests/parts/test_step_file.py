"""STEP files: units, assemblies, and everything that is no sound STEP file, which must never take the process down."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from core.errors import InputError
from core.units import to_mm
from parts.allowance import KFactor
from parts.step_file import StepLimits, read_step
from parts.unfold import unfold

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from .step_family import Frame, chain, prism, rectangle, write_step


@pytest.fixture(scope="module")
def bracket(tmp_path_factory):
    """A STEP file with a bent bracket."""
    return write_step(tmp_path_factory.mktemp("step") / "bracket.step", [chain(2, 100, [50, 40], [(90, 2)]).shape])


def flat_size_mm(file, **options):
    it = unfold(read_step(file, mesh=True, **options), KFactor(0.44), lambda thickness: thickness)
    return sorted(map(to_mm, it.size))


def test_inch_files_come_out_in_millimetres(bracket, tmp_path):
    inch = write_step(tmp_path / "inch.stp", [chain(2, 100, [50, 40], [(90, 2)]).shape], unit="INCH")
    assert "INCH" in inch.read_text()
    assert read_step(inch).unit.lower().startswith("inch")
    assert flat_size_mm(inch) == pytest.approx(flat_size_mm(bracket), abs=1e-4)
    assert flat_size_mm(inch) == pytest.approx([94.524, 100], abs=1e-3)


def test_several_solids_are_listed_and_chosen(tmp_path):
    other = prism(Frame(p=np.array([0, 0, 300.0])), rectangle(60, 40), 3)
    file = write_step(tmp_path / "two.step", [chain(2, 100, [50, 40], [(90, 2)]).shape, other])
    with pytest.raises(InputError, match=r"holds 2 solids; say which with --solid: 1 '.*' \(.* faces\); 2 '") as error:
        read_step(file)
    assert error.value.file == str(file)
    assert flat_size_mm(file, solid="2") == pytest.approx([40, 60])
    name = read_step(file, solid="1").entry.name
    assert len(read_step(file, solid="1").solids) == 2 and name
    with pytest.raises(InputError, match="there is no one solid 'lid'; the file holds: 1 '"):
        read_step(file, solid="lid")


def test_limits(bracket):
    with pytest.raises(InputError, match=r"the solid has 14 faces; the limit is 10"):
        read_step(bracket, limits=StepLimits(faces=10))
    with pytest.raises(InputError, match=r"file has \d+ bytes; the limit is 100"):
        read_step(bracket, limits=StepLimits(bytes=100))
    with pytest.raises(InputError, match=r"cannot read it within 0\.01 s"):
        read_step(bracket, limits=StepLimits(seconds=0.01))


def test_without_the_kernel_the_extra_is_named(bracket, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "OCP" else found(name, *rest))
    with pytest.raises(InputError, match=r"pip install 'pliant\[step\]'"):
        read_step(bracket)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"", "the file is empty"),
        (lambda data: b"PK\x03\x04" + data, "zip archive"),
        (lambda data: b"\x7fELF\0\0" + data[100:2000], "not a STEP file: a binary file"),
        (lambda data: b"solid cube\nfacet normal 0 0 1\n", "not a STEP file: a text without ISO-10303-21"),
        (lambda data: data[: len(data) // 2], r"line \d+: the STEP file is cut off after entity #\d+"),
        (lambda data: data[:700] + b"\0" + data[700:], r"line \d+: not a sound STEP file: it holds a zero byte"),
        (lambda data: data.replace(b"FILE_SCHEMA", b"FILE_SHEMA"), "FILE_SCHEMA or DATA is missing"),
        (lambda data: data[: data.index(b"DATA;")] + b"DATA;\nENDSEC;\nEND-ISO-10303-21;\n", "cannot be used: it"),
        (lambda data: data.replace(b"MANIFOLD_SOLID_BREP", b"SOMETHING_ELSE"), "cannot be used: it holds no solid"),
    ],
)  # fmt: skip
def test_what_is_no_step_file_is_refused_with_the_reason(bracket, tmp_path, change, says):
    bad = tmp_path / "bad.step"
    bad.write_bytes(change(bracket.read_bytes()))
    with pytest.raises(InputError, match=says) as error:
        read_step(bad)
    assert error.value.file == str(bad)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_mutated_files_give_a_part_or_a_reason(bracket, tmp_path, seed):
    """Numbers, references and keywords exchanged at random: an answer or an `InputError`, never another exception, never the end of the process."""
    random = np.random.default_rng(seed)
    data = bytearray(bracket.read_bytes())
    start = data.index(b"DATA;") + 6
    for _ in range(int(random.integers(1, 40))):
        at = int(random.integers(start, len(data) - 60))
        what = random.integers(0, 4)
        if what == 0:
            data[at] = int(random.integers(32, 127))
        elif what == 1:
            data[at : at + int(random.integers(1, 30))] = b""
        elif what == 2:
            other = int(random.integers(start, len(data) - 60))
            data[at : at + 8] = data[other : other + 8]
        else:
            data[at:at] = [b"1.E308", b"#1", b"-", b"$", b"(", b"NAN", b"99999999999999999999"][int(random.integers(0, 7))]
    bad = tmp_path / "mutated.step"
    bad.write_bytes(bytes(data))
    try:
        unfold(read_step(bad, mesh=True, limits=StepLimits(seconds=60)), KFactor(0.44), lambda thickness: thickness)
    except InputError as error:
        assert error.file == str(bad) and len(error.message) > 10
