"""What is known of models before any file is there: one card a model."""
