"""The pages: they place widgets, and hold no painting code."""
