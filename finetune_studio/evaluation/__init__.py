"""How good a tuned model is: what is measured, how sure it is, how it is told. Knows no torch."""
