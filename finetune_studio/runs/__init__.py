"""A run seen from outside: its folder, events, process and history. No Qt, no torch."""
