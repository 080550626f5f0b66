"""What counts as a seam: limits of recognition."""

from __future__ import annotations

from dataclasses import dataclass

from core.units import DEG, MM


@dataclass(frozen=True, slots=True)
class SeamOptions:
    """Limits of recognition.

    Attributes:
        min_length: Shorter seams are left out, so also those across the end of a plate [m].
        max_length: Longer ones too [m].
        min_angle, max_angle: Opening between the two faces; 90 deg in a T joint, 180 deg where they are flush [rad].
        max_gap: Pieces further apart are not joined [m].
        allowed_gap: Wider gaps are a finding [m].
        torch_width: Of the gas nozzle: it must reach the root [m].
        torch_length: That far nothing may stand in the torch's way [m].
        most: Number of seams; more are refused.
    """

    min_length: float = 20 * MM
    max_length: float = 100.0
    min_angle: float = 30 * DEG
    max_angle: float = 200 * DEG
    max_gap: float = 2 * MM
    allowed_gap: float = 1 * MM
    torch_width: float = 22 * MM
    torch_length: float = 200 * MM
    most: int = 1000
