"""What a model needs, what a machine has, and how the one goes onto the other."""
