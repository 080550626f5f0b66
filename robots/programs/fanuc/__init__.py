"""FANUC TP: its writer and its reader."""
