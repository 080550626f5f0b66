"""The files around a robot description: xacro expansion, ROS package folders, meshes that may not lie outside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from xml.parsers.expat import ExpatError

import numpy as np
import trimesh
import xacro
from xacro.substitution_args import SubstitutionException

# xacrodoc makes xacro's `$(find NAME)` work without a ROS installation; importing it is what does so.
from xacrodoc import packages as ros_packages
from xacrodoc.packages import PackageNotFoundError

from core.errors import InputError

MAX_BYTES = 20_000_000
MAX_MESH_BYTES = 200_000_000
_LEVELS_UP = 4
_xacro_lock = Lock()
"""xacrodoc's package finder is one for the process."""


def package_folders(file: Path, named: Mapping[str, Path]) -> dict[str, Path]:
    """Folder of each package that a description may name: those given, else folders beside the file or up to four levels above.

    Args:
        file: The description.
        named: Packages that the user named; they win.
    """
    found: dict[str, Path] = {name: Path(folder) for name, folder in named.items()}
    for parent in file.resolve().parents[:_LEVELS_UP]:
        if parent == parent.parent:
            break
        found.setdefault(parent.name, parent)
        for folder in sorted(parent.iterdir()):
            if folder.is_dir():
                found.setdefault(folder.name, folder)
    return found


def description_text(file: Path, folders: Mapping[str, Path], xacro_args: Mapping[str, str] | None) -> bytes:
    """The URDF's XML; xacro is expanded.

    Raises:
        InputError: The file is absent, too large or not a sound xacro.
    """
    if not file.is_file():
        raise InputError("no such file", file=file)
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f"file has {file.stat().st_size} bytes; the limit is {MAX_BYTES}", file=file)
    if file.suffix != ".xacro":
        return file.read_bytes()
    with _xacro_lock:
        ros_packages.reset()
        ros_packages.update_package_cache(dict(folders))
        try:
            expanded: str = xacro.process_file(str(file), mappings=dict(xacro_args or {})).toxml()
        except PackageNotFoundError as error:
            raise InputError(f"xacro names {str(error).lower()}; name its folder under `packages`", file=file) from None
        except (
            xacro.XacroException,
            SubstitutionException,
            ExpatError,
            OSError,
            ValueError,
            SyntaxError,
            TypeError,
            RecursionError,
        ) as error:
            raise InputError(f"xacro cannot expand it: {error}", file=file) from None
        finally:
            ros_packages.reset()
    return expanded.encode()


def mesh_path(name: str, file: Path, folders: Mapping[str, Path]) -> Path:
    """Where a mesh of a description lies. `package://NAME/...` or relative to the file, one folder up at most.

    Raises:
        ValueError: With the reason, when the name leads anywhere else or to no file.
    """
    if name.startswith("package://"):
        package, _, rest = name.removeprefix("package://").partition("/")
        if package not in folders:
            raise ValueError(f"package '{package}' of mesh '{name}' is not known; name its folder under `packages`")
        base = folders[package]
        path = base / rest
    elif "://" in name:
        raise ValueError(f"mesh '{name}': only relative and package:// paths are read")
    else:
        base, path, rest = file.parent.resolve().parent, file.parent / name, name
    if Path(rest).is_absolute() or not path.resolve().is_relative_to(base.resolve()):
        raise ValueError(f"mesh path '{name}' leaves the description's folder")
    if not path.is_file():
        raise ValueError(f"mesh '{name}' does not exist")
    if path.stat().st_size > MAX_MESH_BYTES:
        raise ValueError(f"mesh '{name}' has {path.stat().st_size} bytes; the limit is {MAX_MESH_BYTES}")
    return path.resolve()


def read_mesh(path: Path) -> trimesh.Trimesh:
    """One mesh out of an STL, OBJ, DAE, PLY or GLB file, in metres as the file says.

    Raises:
        ValueError: With the reason, when there is no usable mesh in it.
    """
    try:
        mesh = trimesh.load_mesh(str(path))
        if isinstance(mesh, trimesh.Scene):
            mesh = mesh.to_mesh()
    except (ValueError, OSError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"mesh '{path.name}' cannot be read: {error}") from None
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.vertices) == 0 or len(mesh.faces) == 0:
        raise ValueError(f"mesh '{path.name}' is empty")
    if not np.all(np.isfinite(mesh.vertices)) or np.abs(mesh.vertices).max() > 1e6:
        raise ValueError(f"mesh '{path.name}' has vertices that are not finite")
    return mesh
