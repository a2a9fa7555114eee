"""How loud: gain and mixing."""
