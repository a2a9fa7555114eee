"""Graphs run on sound: planned, streamed, rendered."""
