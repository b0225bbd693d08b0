"""Pure functions of incidents: masking, likeness, spreadsheet columns, rates."""
