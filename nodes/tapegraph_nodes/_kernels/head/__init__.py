"""The playback head: its response, and convolution with it."""
