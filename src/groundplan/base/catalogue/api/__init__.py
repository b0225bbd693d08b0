"""The JSON door of the catalogue: entries, versions, resources, shelves."""

from groundplan.base.catalogue.api.entries import router

__all__ = ["router"]
