"""What everyone shares: frames, units, errors, findings, progress."""
