"""The hotline's own part of this package."""
