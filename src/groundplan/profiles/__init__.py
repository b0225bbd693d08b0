"""What belongs to one country or city, as data."""
