"""Pure parts of files: what a content is, and pictures without the place where they were taken."""
