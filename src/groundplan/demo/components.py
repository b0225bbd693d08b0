"""The component register of the sample city: things along its roads, each with owner, authority and maintainer."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

import numpy as np

from groundplan.base.registers.logic import COLUMNS
from groundplan.base.registers.queries import codes
from groundplan.demo.plan import Plan, along_roads
from groundplan.demo.units import Units, text

COUNT = 20_000
_STATES = ("完好", "破损", "丢失", "废弃")
_SOURCES = ("普查", "竣工移交", "巡查补录")


def component_file(plan: Plan, units: Units, seed: int) -> bytes:
    """The register as a CSV file for ``registers.actions.import_components``."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(plan, units, np.random.default_rng(seed + 7)))
    return out.getvalue().encode()


def _rows(plan: Plan, units: Units, rng: np.random.Generator) -> Iterator[list[str]]:
    kinds = text()["components"]
    labels = {code.code: str(code.label["zh-hans"]) for code in codes(kind="component")}
    names = {code: party.name["zh-hans"] for code, party in units.parties.items()}
    order = list(kinds)
    shares = np.array([kinds[code][0] for code in order], dtype=float)
    serial: Counter[str] = Counter()
    areas = np.array([piece.shape.area for piece in plan.communities])
    counts = rng.multinomial(COUNT, areas / areas.sum())
    for community, count in zip(plan.communities, counts, strict=True):
        chosen = rng.choice(len(order), count, p=shares / shares.sum())
        points = along_roads(community, int(count), rng)
        states = rng.choice(len(_STATES), count, p=[0.96, 0.025, 0.01, 0.005])
        years = rng.integers(2012, 2026, count)
        for kind, point, state, year in zip(chosen, points, states, years, strict=True):
            category = order[kind]
            _share, owner, authority, maintainer = kinds[category]
            key = community.code[:6] + category
            serial[key] += 1
            row = {
                "部件标识码": f"{key}{serial[key]:06d}",
                "部件名称": labels[category],
                "主管部门代码": units.credit_codes[authority],
                "主管部门名称": names[authority],
                "权属单位代码": units.credit_codes[owner],
                "权属单位名称": names[owner],
                "养护单位代码": units.credit_codes[maintainer],
                "养护单位名称": names[maintainer],
                "部件状态": _STATES[state],
                "初始时间": f"{year}-{1 + serial[key] % 12:02d}-15",
                "数据来源": _SOURCES[serial[key] % 3],
                "经度": f"{point[0]:.7f}",
                "纬度": f"{point[1]:.7f}",
            }
            yield [row.get(column, "") for column in COLUMNS]
