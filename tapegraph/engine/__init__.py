"""The scheduler: what runs for every block of sound. All of it is compiled."""
