"""The door for programs from abroad: Open311 GeoReport v2, in XML and JSON."""
