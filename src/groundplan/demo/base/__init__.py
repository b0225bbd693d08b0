"""The sample city's data base: what its units have and where it is."""
