"""What is taken away or lifted by frequency."""
