"""Time: delays."""
