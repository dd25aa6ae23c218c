"""The small parts: each paints or joins one thing, and knows no page."""
