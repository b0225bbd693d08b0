"""Two zones that exchange by signed files."""
