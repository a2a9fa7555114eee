"""tapegraph puts sound through an analogue tape machine: a graph of nodes, described in YAML."""
