"""KUKA KRL: its writer and its reader."""
