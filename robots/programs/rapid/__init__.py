"""ABB RAPID: its writer and its reader."""
