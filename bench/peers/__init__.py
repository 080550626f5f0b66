"""Other engines, each in a process and an environment of its own, asked the same questions about the same cell."""
