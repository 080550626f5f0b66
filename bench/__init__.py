"""Figures: how long Pliant takes, on parts that anybody can make again."""
