"""What the person has decided: one immutable recipe. Knows no Qt, no torch, no machine."""
