"""The nouns that everything else arranges."""
