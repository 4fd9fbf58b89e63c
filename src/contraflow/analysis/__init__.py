"""What is asked of a posterior and of the model."""
