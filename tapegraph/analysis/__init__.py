"""What sound is like, measured."""
