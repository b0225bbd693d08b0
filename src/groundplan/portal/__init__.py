"""Layout, navigation registry, components and browser islands; knows no other app."""
