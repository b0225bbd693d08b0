"""The files that a table comes from and goes to: YAML, XLSX, CSV, TSV, DMN."""
