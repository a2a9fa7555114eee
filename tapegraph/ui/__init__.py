"""What people control live sound with: the screen in a terminal, MIDI controllers, graph files that are watched."""
