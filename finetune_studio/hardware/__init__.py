"""What this machine has and what a run needs. Knows no Qt and no torch."""
