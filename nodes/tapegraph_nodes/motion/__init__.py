"""Motion in time: delays."""
