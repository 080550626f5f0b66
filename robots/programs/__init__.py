"""Robot programs: the neutral program, one writer and one reader per language."""
