"""A graph at work on sound: planned, streamed, rendered."""
