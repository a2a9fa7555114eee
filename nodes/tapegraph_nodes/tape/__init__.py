"""The tape itself, and the heads that write and read it."""
