"""What a city does; systems never import one another."""
