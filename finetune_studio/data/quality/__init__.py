"""What can be wrong with rows: one module a kind of fault, found and mended alike."""
