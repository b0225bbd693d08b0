"""The wall display (大屏): figures, map and lists of the city, read from afar, without anybody's session."""
