"""Files that people hand in: known by their content, freed of positions, read by those who may read their subject."""
