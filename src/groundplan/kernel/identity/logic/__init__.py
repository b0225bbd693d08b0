"""Pure rules of identity: addresses, scopes, claims, labels."""
