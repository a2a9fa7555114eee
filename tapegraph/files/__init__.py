"""Audio files: read, written, rendered one by one or many at once."""
