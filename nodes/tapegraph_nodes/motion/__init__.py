"""Motion in time: how fast the tape runs, how far apart its heads are, and slow oscillators."""
