"""Systems that a network can learn, one a file: how the trainer sees the equations of a node."""
