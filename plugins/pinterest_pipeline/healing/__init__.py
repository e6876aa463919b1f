"""What the pipeline does by itself about a component that is ill: few things, bounded, and noted."""
