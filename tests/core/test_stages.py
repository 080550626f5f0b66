"""Seconds per stage."""

import time

import pytest

from core.stages import Stages


def test_a_stage_adds_up_and_counts_when_it_raises():
    stages = Stages()
    start = time.perf_counter()
    with stages.measure("read"):
        time.sleep(0.01)
    with pytest.raises(ValueError), stages.measure("read"):
        time.sleep(0.02)
        raise ValueError
    whole = time.perf_counter() - start
    assert list(stages.seconds) == ["read"]
    assert 0.03 <= stages.seconds["read"] <= whole
