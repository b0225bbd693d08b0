from datetime import date

import pytest

from groundplan.base.registers import actions, queries
from groundplan.base.registers.errors import CodeListRefused, ComponentChanged, ComponentNotFound, LoadNotFound
from groundplan.base.registers.models import Code, CodeList, Component, QuarantinedRow, RegisterLoad
from groundplan.base.registers.tests.factories import COVER_WEST, LAMP_EAST, LAMP_WEST, OTHER, load, loaded_town, table
from groundplan.kernel.ledger import models as ledger
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.places.tests.factories import town
from groundplan.lib.errors import Invalid, NotAllowed
from groundplan.lib.tabular import UnreadableTable

pytestmark = pytest.mark.django_db


def test_cell_street_and_community_are_found_from_the_position():
    town()
    load(LAMP_WEST)
    lamp = Component.objects.get()
    assert (lamp.unit_grid, lamp.street_code, lamp.community_code) == (
        "339901001001001",
        "339901001",
        "339901001001",
    )
    assert lamp.community_name == "名339901001001"
    assert (lamp.category, lamp.state, lamp.first_date) == ("01037", "完好", date(2020, 1, 1))


def test_bad_rows_go_to_quarantine_with_cell_and_reason_and_good_ones_are_stored():
    town()
    actions.load_shipped_codes(actor=SYSTEM)
    made = load(
        LAMP_WEST,
        LAMP_WEST,
        "33990199999000001,怪物,,,完好,,123,29",
        "33990101037000002,路灯,91330100799655058C,,完好,,123,29",
        "33990101037000003,,,,坏,昨天,999,29",
    )
    assert (made.rows_read, made.stored, made.quarantined) == (5, 1, 4)
    found = {row.number: {reason["code"] for reason in row.reasons} for row in QuarantinedRow.objects.all()}
    assert found == {3: {"twice"}, 4: {"category"}, 5: {"credit-code"}, 6: {"missing", "state", "date", "position"}}
    cells = {reason["cell"] for reason in QuarantinedRow.objects.get(number=6).reasons}
    assert {"B6", "E6", "F6", "G6"} == cells


def test_a_known_identity_is_changed_and_not_doubled():
    town()
    load(LAMP_WEST, COVER_WEST)
    load(LAMP_WEST.replace("完好", "破损"))
    lamp = Component.objects.get(identity="33990101037000001")
    assert (lamp.state, lamp.version) == ("破损", 2)
    assert Component.objects.count() == 2


def test_a_load_leaves_one_record_and_keeps_its_digest():
    town()
    before = ledger.Pending.objects.count()
    made = load(LAMP_WEST, LAMP_EAST)
    assert ledger.Pending.objects.count() == before + 1
    assert len(made.digest) == 64


def test_a_file_without_a_required_column_is_refused_as_a_whole():
    with pytest.raises(UnreadableTable, match="经度"):
        actions.import_components(actor=SYSTEM, content="部件标识码,部件名称\n1,2\n".encode(), filename="x.csv")
    assert not RegisterLoad.objects.exists()


def test_only_those_who_keep_the_registers_import_and_see_the_quarantine():
    cast = loaded_town()
    for who in ("west", "outsider", "inspector", "vendor"):
        with pytest.raises(NotAllowed):
            load(LAMP_EAST, actor=cast[who].actor)
        with pytest.raises(LoadNotFound):
            queries.quarantine(cast[who].actor, str(RegisterLoad.objects.get().public_id))
    assert queries.quarantine(cast["keeper"].actor, str(RegisterLoad.objects.get().public_id))[1] == []


def test_everybody_sees_what_their_unit_answers_for_and_no_more():
    cast = loaded_town()
    seen = {
        who: set(queries.components_for(player.actor).values_list("identity", flat=True))
        for who, player in cast.items()
    }
    lamp_west, lamp_east, cover = (line.split(",")[0] for line in (LAMP_WEST, LAMP_EAST, COVER_WEST))
    assert seen == {
        "keeper": {lamp_west, lamp_east, cover},
        "inspector": {lamp_west, lamp_east, cover},
        "west": {lamp_west, cover},
        "outsider": {lamp_east},
        "power": {lamp_west},
        "vendor": set(),
    }
    with pytest.raises(ComponentNotFound):
        queries.component_for(cast["outsider"].actor, lamp_west)


def test_the_nearest_component_of_a_category_is_found_with_its_distance():
    loaded_town()
    near = queries.nearest_components(lon=123.02009, lat=29.02)
    assert [item.component.name for item in near] == ["污水井盖", "路灯"]
    assert near[0].metres == pytest.approx(0.97, abs=0.05)
    lamps = queries.nearest_components(lon=123.02009, lat=29.02, category="01037")
    assert [item.component.name for item in lamps] == ["路灯"]
    assert queries.nearest_components(lon=123.03, lat=29.02) == []


def test_other_systems_learn_the_owner_as_a_party():
    loaded_town()
    found = queries.component_by_code("33990101037000001")
    assert (found.owner_code, found.maintainer_code, found.longitude) == ("power", "", 123.02)
    assert queries.component_by_code("33990101037999999") is None


def test_two_inspectors_changing_at_once_give_one_change_and_one_clear_refusal():
    cast = loaded_town()
    inspector = cast["inspector"].actor
    change = {"actor": inspector, "identity": "33990101037000001", "seen": 1}
    changed = actions.change_component_state(**change, state="破损", note="灯杆倾斜")
    assert (changed.state, changed.version) == ("破损", 2)
    with pytest.raises(ComponentChanged):
        actions.change_component_state(**change, state="丢失")
    with pytest.raises(Invalid):
        actions.change_component_state(actor=inspector, identity="33990101037000001", seen=2, state="尚可")


def test_an_outsider_changes_nothing():
    cast = loaded_town()
    for who, error in (("outsider", ComponentNotFound), ("vendor", NotAllowed)):
        with pytest.raises(error):
            actions.change_component_state(actor=cast[who].actor, identity="33990101037000001", seen=1, state="移除")
    assert Component.objects.get(identity="33990101037000001").state == "完好"


def test_the_shipped_code_lists_come_in_once_with_origin_and_digest():
    assert actions.load_shipped_codes(actor=SYSTEM) == 2
    assert actions.load_shipped_codes(actor=SYSTEM) == 2
    assert CodeList.objects.count() == 2
    newest = CodeList.objects.get(edition="GB/T 47678.5-2026")
    assert (newest.weak, newest.origin, len(newest.digest)) == (True, "shipped", 64)
    assert newest.codes.filter(kind="component").count() == 153


def test_the_edition_in_force_depends_on_the_day():
    actions.load_shipped_codes(actor=SYSTEM)
    assert queries.code_list(on=date(2026, 6, 30)).edition == "GB/T 30428.2-2013"
    assert queries.code_list(on=date(2026, 7, 1)).edition == "GB/T 47678.5-2026"
    assert queries.code_label("component", "0101", on=date(2020, 1, 1))["zh-hans"] == "上水井盖"
    assert queries.code_label("component", "01001", on=date(2026, 7, 8))["zh-hans"] == "供水井盖"


def test_component_and_matter_share_a_number_and_mean_different_things():
    actions.load_shipped_codes(actor=SYSTEM)
    day = date(2026, 7, 8)
    assert queries.code_label("matter", "01001", on=day)["zh-hans"] == "供水井盖异常"
    assert queries.code_label("matter", "06010", on=day)["zh-hans"] == "暴露垃圾"
    assert queries.code_label("component", "06010", on=day) == {}


def test_an_old_code_is_mapped_to_the_new_one():
    actions.load_shipped_codes(actor=SYSTEM)
    found = queries.mapped_codes("component", "0114", from_edition="GB/T 30428.2-2013", to_edition="GB/T 47678.5-2026")
    assert [(item.to_code, item.relation) for item in found] == [("01023", "broader")]


@pytest.mark.parametrize("content", [b"[", b"list: x", b"\xff", "列表: 1".encode()])
def test_what_is_no_code_list_is_refused(content):
    with pytest.raises(CodeListRefused):
        actions.import_code_list(actor=SYSTEM, content=content, filename="x.yaml")
    assert not Code.objects.exists()


def test_the_file_is_read_in_gbk_as_well():
    town()
    content = table(LAMP_WEST.replace("91330100799655058B", OTHER)).decode().encode("gbk")
    made = actions.import_components(actor=SYSTEM, content=content, filename="部件.csv")
    assert made.stored == 1
