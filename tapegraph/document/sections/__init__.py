"""The parts of a graph file that refer to each other: how each is read, with errors in place, and its JSON Schema."""
