"""The built-in nodes, one file each. They are found through the same entry point as any other package of nodes."""
