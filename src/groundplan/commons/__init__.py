"""What several systems need."""
