"""The sample city: loaders and a simulated day."""
