"""Many clips through random machines: on all cores, in shards, and on clusters."""
