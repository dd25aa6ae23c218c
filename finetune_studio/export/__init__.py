"""What leaves the program: formats, their files, what makes and runs them. No torch, no Qt."""
