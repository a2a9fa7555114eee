"""Motion in time: delays, wow and flutter, and slow oscillators."""
