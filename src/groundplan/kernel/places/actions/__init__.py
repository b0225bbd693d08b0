"""Every write of divisions and grids."""

from groundplan.kernel.places.actions.layers import LayerResult, end_division, import_cells, import_divisions

__all__ = ["LayerResult", "end_division", "import_cells", "import_divisions"]
