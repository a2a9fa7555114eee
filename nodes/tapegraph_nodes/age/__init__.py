"""Age: what time, dirt and use do to a tape."""
