"""The JSON door of the catalogue: entries, versions, resources, shelves."""

from groundplan.base.catalogue.api.entries import router
from groundplan.base.catalogue.api.files import files

router.add_router("", files)

__all__ = ["router"]
