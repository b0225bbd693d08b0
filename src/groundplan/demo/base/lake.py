"""The sample city's tables in the lake: hourly air readings with the faults of instruments, and a list in GBK."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from groundplan.base.lake import actions, queries
from groundplan.base.lake.models import LakeRun
from groundplan.kernel.parties.queries import SYSTEM, party_by_code

AIR = "air-hours"
STATIONS = "air-stations"
TITLES = {
    AIR: {"zh-hans": "空气质量小时值", "en": "Hourly air quality"},
    STATIONS: {"zh-hans": "空气质量监测站点", "en": "Air quality stations"},
}
# A year of hours from so many stations makes a million readings.
HOURS = 8760
FAULTS = ("仪器故障", "—", "超量程", "N/A")
FAULTY = 1000
PLACES = ("江心洲", "老城", "湖滨", "高新区", "港口", "植物园", "东站", "西门", "大学城", "北桥")
HEAD = "站点编号,监测时间,PM2.5,PM10,二氧化氮,臭氧\n"


def load_tables(seed: int, *, readings: int) -> tuple[LakeRun, ...]:
    """Load the sample tables; every thousandth reading has a fault.

    Args:
        seed: the same seed gives the same rows.
        readings: how many.
    """
    provider = party_by_code("ecology")
    for identifier, title in TITLES.items():
        actions.create_table(actor=SYSTEM, identifier=identifier, provider=provider, title=title)
    with tempfile.TemporaryDirectory(prefix="groundplan-lake-") as name:
        folder = Path(name)
        air, stations, mended = folder / "air-hours-2025.csv", folder / "stations.csv", folder / "stations-mended.csv"
        write_readings(air, seed, readings)
        stations.write_bytes(stations_file(faulty=True).encode("gb18030"))
        mended.write_text(stations_file(faulty=False), encoding="utf-8")
        first = actions.load_files(actor=SYSTEM, resource=AIR, files=[air])
        second = actions.load_files(actor=SYSTEM, resource=STATIONS, files=[stations])
        third = actions.load_files(actor=SYSTEM, resource=STATIONS, files=[mended], mode="merge", key=["站点编号"])
    return first, second, third


def write_readings(path: Path, seed: int, readings: int) -> None:
    """A file of hourly readings, a station after another."""
    chance = np.random.default_rng(seed)
    begin = np.datetime64("2025-01-01T00:00:00")
    with path.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for at in range(0, readings, 50_000):
            count = min(50_000, readings - at)
            place = np.arange(at, at + count)
            when = begin + (place % HOURS).astype("timedelta64[h]")
            hours = np.char.replace(np.datetime_as_string(when, unit="s"), "T", " ")
            fine = np.round(chance.gamma(3, 12, count), 1)
            coarse = np.round(fine + chance.gamma(2, 12, count), 1)
            nitrogen, ozone = np.round(chance.gamma(4, 8, count)), np.round(chance.gamma(5, 15, count))
            lines = [
                f"LT{number // HOURS + 1:03},{hour},{a},{b},{c:.0f},{d:.0f}\n"
                if number % FAULTY
                else f"LT{number // HOURS + 1:03},{hour},{FAULTS[number // FAULTY % len(FAULTS)]},{b},{c:.0f},{d:.0f}\n"
                for number, hour, a, b, c, d in zip(
                    place.tolist(), hours.tolist(), fine.tolist(), coarse.tolist(), nitrogen, ozone, strict=True
                )
            ]
            out.writelines(lines)


def stations_file(*, faulty: bool) -> str:
    """The list of stations, as it was sent first with two faults, and mended."""
    rows = [f"LT{at:03},{PLACES[at % len(PLACES)]}{at}站,{2010 + at % 12}-05-01,{at % 40 + 3}" for at in range(1, 61)]
    if faulty:
        rows[6] = rows[6].replace("-05-01", "-15-01")
        rows[11] = f"{rows[11]},备用"
    return "站点编号,站点名称,建成日期,高度\n" + "\n".join(rows) + "\n"


def figures() -> dict[str, int | bool | float]:
    """What the lake holds, for the check of the demo; an open intent is brought to an end as a start would do."""
    actions.reconcile_runs()
    held = queries.figures()
    return {
        "lake.rows": held["rows"],
        "lake.quarantined": held["quarantined"],
        "lake.reconciled": held["open"] == 0 and balanced(),
    }


def balanced() -> bool:
    """Whether each table holds as many rows as its loads stored, by asking the tables themselves."""
    from groundplan.base.lake.engine import engine, tables  # noqa: PLC0415 - DuckDB is loaded when it is asked.

    run = LakeRun.objects.get(table__identifier=AIR, kind="load", state="done")
    answer = engine().query("SELECT count(*) FROM t", tables={"t": tables.version(run.table.public_id)})
    return bool(answer.rows()[0][0] == run.stored == run.rows_read - run.quarantined)
