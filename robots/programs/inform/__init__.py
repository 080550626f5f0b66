"""Yaskawa INFORM: its writer and its reader."""
