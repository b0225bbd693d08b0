"""Units, officers and a component file for the tests of registers."""

from groundplan.base.registers import actions
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.kernel.places.tests.factories import town

OWNER, OTHER = "91330100799655058B", "91110000802100433B"
HEADER = "部件标识码,部件名称,权属单位代码,权属单位名称,部件状态,初始时间,经度,纬度"
LAMP_WEST = f"33990101037000001,路灯,{OWNER},兰汀供电公司,完好,2020-01-01,123.02,29.02"
LAMP_EAST = "33990201037000001,路灯,,,完好,2020-01-01,123.12,29.02"
COVER_WEST = "33990101002000001,污水井盖,,,破损,2020-01-01,123.0201,29.02"


def table(*lines):
    return "\n".join([HEADER, *lines]).encode()


def load(*lines, actor=SYSTEM, filename="部件.csv"):
    return actions.import_components(actor=actor, content=table(*lines), filename=filename, origin="test")


def loaded_town():
    """The square town with two lamps and a manhole cover, its codes and an officer of every kind."""
    town()
    actions.load_shipped_codes(actor=SYSTEM)
    load(LAMP_WEST, LAMP_EAST, COVER_WEST)
    west = make_unit("west", "district", division_code="339901")
    east = make_unit("east", "district", division_code="339902")
    firm = make_unit("power", "utility")
    parties.add_identifier(actor=SYSTEM, party=firm, scheme="credit_code", value=OWNER)
    return {
        "keeper": make_player(make_unit("data"), "data_office"),
        "west": make_player(west, "handler"),
        "outsider": make_player(east, "handler"),
        "power": make_player(firm, "handler"),
        "inspector": make_player(make_unit("centre"), "inspector"),
        "vendor": make_player(make_unit(kind="firm"), "vendor"),
    }
