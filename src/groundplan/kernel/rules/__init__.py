"""Rules: dated decision tables that are read by people, executed, and answer for each decision."""
