"""Models, their licences and their architectures: the catalogue, local folders, the Hub. No Qt, no torch."""
