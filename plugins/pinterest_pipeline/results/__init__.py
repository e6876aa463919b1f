"""The results: which queries there are and what is done with their rows."""
