"""The lake: tables of any size, loaded from files of any mess without losing a row."""
