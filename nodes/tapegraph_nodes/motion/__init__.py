"""What happens in time: delays."""
