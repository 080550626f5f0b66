"""Arc welding: torch poses along seams, what the robot and the positioner do, programs and outputs."""
