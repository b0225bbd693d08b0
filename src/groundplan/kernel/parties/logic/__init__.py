"""Pure parts of parties: closed lists, and relations as plain data."""
