"""From files to rows of a known shape. Knows no Qt, no torch and no tokenizer."""
