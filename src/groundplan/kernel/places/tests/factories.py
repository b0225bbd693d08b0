"""A square city of two districts for the tests of places and of what stands on it."""

import json

from groundplan.kernel.places import actions

WEST, SOUTH, STEP = 123.0, 29.0, 0.1


def square(column, row, *, size=1.0):
    west, south, side = WEST + column * STEP, SOUTH + row * STEP, STEP * size
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(code, geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": {"code": code, "name": f"名{code}", **properties}}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def town(valid_from="2020-01-01"):
    """City 3399: west district 339901 and east 339902, each one street of one community."""
    features = [feature("3399", square(0, 0, size=2), valid_from=valid_from)]
    for column, district in enumerate(("339901", "339902")):
        codes = (district, district + "001", district + "001001")
        features += [feature(code, square(column, 0), valid_from=valid_from) for code in codes]
    actions.import_divisions(actor="test", content=collection(*features), filename="town.geojson", origin="test")
    for layer, size in (("unit_grid", 0.5), ("governance_grid", 0.8)):
        cells = [
            feature(f"{code}001001001", square(column, 0, size=size), parent=f"{code}001001", valid_from=valid_from)
            for column, code in enumerate(("339901", "339902"))
        ]
        actions.import_cells(
            actor="test", layer=layer, content=collection(*cells), filename="cells.geojson", origin="test"
        )
