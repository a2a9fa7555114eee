"""Systems that a network can be trained on, one file each: the equations of a node as the trainer needs them."""
