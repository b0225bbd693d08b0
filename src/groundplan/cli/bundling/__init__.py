"""``groundplan bundle``: one signed archive that installs on a machine without internet."""
