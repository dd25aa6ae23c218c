"""From rows to token ids and labels, seen exactly as the trainer sees them. No Qt, no torch."""
