"""Equations that nodes are made of: functions on numbers and states, with no node among them."""
