"""Numbers and names as controllers take them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots.programs.text import identifiers, number


@given(st.floats(-1e8, 1e8), st.integers(0, 6))
def test_numbers_are_plain(value, digits):
    text = number(value, digits)
    assert "e" not in text and "nan" not in text and not text.startswith("-0.0000000")
    assert float(text) == pytest.approx(value, abs=0.5001 * 10.0**-digits)
    assert number(-1e-12, 3) == "0.000"


@given(st.lists(st.text(min_size=1), unique=True, max_size=20), st.integers(6, 24))
def test_names_are_different_and_short(texts, longest):
    names = identifiers(texts, longest)
    assert len({name.upper() for name in names.values()}) == len(texts)
    assert all(len(name) <= longest and name[0].isalpha() and name.isascii() for name in names.values())
