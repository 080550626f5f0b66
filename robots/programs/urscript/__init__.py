"""Universal Robots URScript: its writer and its reader."""
