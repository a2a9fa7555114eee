"""From YAML to a checked graph, and back: text, checks, targets, the graph as data. It knows nodes, and no sound."""
