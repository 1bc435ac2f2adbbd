"""Reading and writing: one module per stage and command, on top of the pure packages."""
