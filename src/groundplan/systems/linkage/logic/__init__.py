"""Pure parts of linkage: the form of a plan, its spreadsheet, CAP 1.2, the report."""
