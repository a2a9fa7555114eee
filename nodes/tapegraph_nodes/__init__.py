"""The built-in nodes, one file each. They come in by the same entry point as any other package of nodes."""
