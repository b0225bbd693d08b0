"""身份对接: programs and applications that ask for tokens, and houses outside that say who somebody is."""
