"""What nodes share or would be too long in one file: filters and their design. No module here is a node."""
