"""Filter circuits."""
