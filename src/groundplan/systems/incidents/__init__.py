"""What happens in the city and must be put right: reports, hotline calls, patrols, and the figures about them."""
