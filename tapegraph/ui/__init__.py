"""What people touch while sound runs: the screen in a terminal, MIDI controllers, files that are watched."""
