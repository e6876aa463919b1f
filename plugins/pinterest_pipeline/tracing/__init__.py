"""One post's whole way through the pipeline, on both paths."""
