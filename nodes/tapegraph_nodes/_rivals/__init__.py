"""What `tapegraph bench` runs the options of a node against: the same equations in C and in Numba."""
