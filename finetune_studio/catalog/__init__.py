"""Models and their licences: the catalogue, local folders, the Hub. No Qt, no torch."""
