"""Written reports."""
