"""The commands for those who work on Groundplan: they need a checkout."""
