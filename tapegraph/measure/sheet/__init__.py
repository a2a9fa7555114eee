"""The data sheet: everything that was measured of a graph, or of two, on one page."""
