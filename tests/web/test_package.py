"""What a release holds of the page: its bundle, not its sources, not the packages it was made with; and it is quick to name what it is made of."""

from __future__ import annotations

import json
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from setuptools.discovery import PEP420PackageFinder

from api.page import BUNDLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def packages():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    find = options["packages"]["find"]
    return options["package-data"], PEP420PackageFinder.find(str(ROOT), exclude=find["exclude"], include=find["include"])


def test_a_wheel_holds_the_whole_bundle_and_nothing_it_was_made_with(packages):
    if not (BUNDLE / "index.html").is_file():
        pytest.skip("the page is not built: make web")
    data, found = packages
    assert not [name for name in found if "node_modules" in name or name.startswith("api.web.src")]
    for path in BUNDLE.rglob("*"):
        if not path.is_file():
            continue
        package = ".".join(path.parent.relative_to(ROOT).parts)
        assert package in found
        assert any(fnmatch(path.name, pattern) for key in ("*", package) for pattern in data.get(key, [])), path.name


def test_the_lock_is_exact_and_checked():
    asked = json.loads((ROOT / "api/web/package.json").read_text())
    lock = json.loads((ROOT / "api/web/package-lock.json").read_text())["packages"]
    for name, version in {**asked["dependencies"], **asked["devDependencies"]}.items():
        assert version[0].isdigit() and lock[f"node_modules/{name}"]["version"] == version
    assert all(entry.get("integrity", "").startswith("sha512-") for name, entry in lock.items() if name)


def test_the_bundle_asks_no_other_host():
    if not (BUNDLE / "index.html").is_file():
        pytest.skip("the page is not built: make web")
    page = (BUNDLE / "index.html").read_text()
    assert "http" not in page and "//" not in page
    assert "url(" not in (BUNDLE / "page.css").read_text()
