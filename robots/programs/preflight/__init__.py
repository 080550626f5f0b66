"""What is wrong with a program before any text is written, or after it was read."""
