"""A region with many holes, cut with something small: only the holes near it are looked at."""

from __future__ import annotations

import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry


class HoledRegion:
    """Perforated sheets have thousands of holes; cut with one bend line, or one zone, a few of them matter.

    Args:
        region: Outline with its holes.
    """

    def __init__(self, region: Polygon) -> None:
        self._outer = region.exterior
        self._holes = list(region.interiors)
        self._tree = shapely.STRtree(self._holes)

    def near(self, tool: BaseGeometry) -> Polygon:
        """The region without the holes whose boxes do not meet the tool's: cut with the tool it gives the same as the region itself."""
        return Polygon(self._outer, [self._holes[i] for i in sorted(self._tree.query(tool).tolist())])


__all__ = ["HoledRegion"]
