"""What may be entered about units and people, and by whom."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from groundplan.kernel.parties import actions, errors, queries
from groundplan.kernel.parties.models import Membership, Party, Relation
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import PASSWORD, make_cast, make_officer, make_unit, make_user
from groundplan.lib.errors import Conflict, Invalid, NotAllowed

pytestmark = pytest.mark.django_db
DAY, NEXT = dt.date(2026, 3, 1), dt.date(2026, 4, 1)


def relate(kind, lower, upper, start=None, end=None):
    return actions.relate(actor=SYSTEM, kind=kind, from_party=lower, to_party=upper, valid_from=start, valid_until=end)


def test_a_party_is_found_by_its_code():
    unit = make_unit("lanting-hj")
    assert queries.party_by_code("lanting-hj") == unit


def test_an_unknown_code_is_an_error_naming_it():
    with pytest.raises(errors.PartyNotFound, match="nowhere"):
        queries.party_by_code("nowhere")


def test_a_code_is_given_once():
    make_unit("one")
    with pytest.raises(errors.CodeTaken, match="one"):
        make_unit("one")


def test_an_unknown_kind_is_refused():
    with pytest.raises(Invalid, match="guild"):
        make_unit(kind="guild")


def test_a_party_is_never_deleted_under_its_relations():
    city = make_unit(kind="city")
    make_unit(parent=city)
    with pytest.raises(ProtectedError):
        city.delete()


def test_a_unit_has_one_superior_at_a_time():
    unit, first, second = make_unit(), make_unit(), make_unit()
    relate("belongs_to", unit, first, dt.date(2025, 1, 1), dt.date(2026, 1, 1))
    with pytest.raises(errors.RelationRefused):
        relate("belongs_to", unit, second, dt.date(2025, 6, 1))
    relate("belongs_to", unit, second, dt.date(2026, 1, 1))
    assert queries.superior(unit.pk, "belongs_to", dt.date(2025, 12, 31)) == first
    assert queries.superior(unit.pk, "belongs_to", dt.date(2026, 1, 1)) == second


def test_a_bureau_of_a_district_belongs_to_the_district_and_is_guided_by_the_city():
    district, city_bureau = make_unit(kind="district"), make_unit()
    bureau = make_unit(parent=district)
    relate("guided_by", bureau, city_bureau)
    assert queries.superior(bureau.pk) == district
    assert queries.superior(bureau.pk, "guided_by") == city_bureau
    assert bureau.pk not in queries.subordinates(city_bureau.pk)


def test_a_circle_is_refused_and_named():
    top = make_unit(name="市政府")
    middle = make_unit(name="甲区", parent=top)
    low = make_unit(name="乙街道", parent=middle)
    with pytest.raises(errors.RelationRefused, match="乙街道"):
        relate("belongs_to", top, low, dt.date(2024, 1, 1))
    assert Relation.objects.filter(from_party=top).count() == 0


def test_a_circle_that_exists_on_no_day_is_accepted():
    first, second = make_unit(), make_unit()
    relate("belongs_to", first, second, dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    relate("belongs_to", second, first, dt.date(2025, 1, 1))
    assert queries.superior(second.pk) == first


def test_the_same_relation_does_not_overlap_itself():
    first, second = make_unit(), make_unit()
    relate("territory_of", first, second, dt.date(2024, 1, 1))
    with pytest.raises(errors.RelationRefused):
        relate("territory_of", first, second, dt.date(2025, 1, 1))


def test_a_relation_that_ends_before_it_begins_is_refused():
    with pytest.raises(errors.RelationRefused):
        relate("guided_by", make_unit(), make_unit(), DAY, DAY)


def test_an_ended_party_keeps_its_record_and_loses_its_relations():
    city = make_unit()
    unit = make_unit(parent=city)
    officer = make_officer(unit)
    actions.end_party(actor=SYSTEM, party=unit)
    assert not Party.objects.get(pk=unit.pk).is_current
    assert queries.superior(unit.pk) is None
    assert queries.actor_for_user(officer).scopes == ()
    with pytest.raises(errors.PartyEnded):
        actions.end_party(actor=SYSTEM, party=unit)


def test_a_merged_unit_hands_over_relations_and_members_and_its_code_still_resolves():
    city = make_unit()
    old, new = make_unit("old-bureau", parent=city), make_unit("new-bureau")
    below = make_unit(parent=old)
    officer = make_officer(old)
    actions.merge_parties(actor=SYSTEM, absorbed=old, into=new)
    assert queries.party_by_code("old-bureau") == new
    assert queries.superior(new.pk) == city
    assert queries.superior(below.pk) == new
    assert queries.actor_for_user(officer).unit_ids() == {new.pk}


def test_a_unit_cannot_be_merged_into_itself_over_a_detour():
    first, second = make_unit(), make_unit()
    actions.merge_parties(actor=SYSTEM, absorbed=first, into=second)
    with pytest.raises(errors.PartyEnded):
        actions.merge_parties(actor=SYSTEM, absorbed=second, into=first)


def test_an_update_after_somebody_elses_is_refused():
    unit = make_unit()
    actions.update_party(actor=SYSTEM, party=unit, seen=1, public_phone="12345")
    with pytest.raises(Conflict):
        actions.update_party(actor=SYSTEM, party=unit, seen=1, public_phone="54321")
    assert Party.objects.get(pk=unit.pk).public_phone == "12345"


def test_an_outsider_changes_nothing():
    cast = make_cast()
    for player in (cast.resident, cast.officer, cast.outsider, cast.vendor):
        with pytest.raises(NotAllowed):
            actions.create_party(actor=player.actor, kind="firm", code="x", name={"en": "x"})
        with pytest.raises(NotAllowed):
            actions.end_party(actor=player.actor, party=cast.officer.unit)
        with pytest.raises(NotAllowed):
            actions.grant_membership(
                actor=player.actor, user=cast.resident.user, party=cast.officer.unit, role="handler"
            )
        with pytest.raises(NotAllowed):
            actions.add_user(actor=player.actor, username="x", display_name="x")


def test_rights_reach_down_to_subordinate_units_and_not_up_or_across():
    city = make_unit()
    district, other = make_unit(parent=city), make_unit(parent=city)
    street = make_unit(parent=district)
    actor = queries.actor_for_user(make_officer(district))
    assert actor.party_ids("handler") == {district.pk, street.pk}
    assert actor.party_ids("leader") == frozenset()
    assert not actor.covers(other.pk)
    assert actor.audience() == {"public", f"user:{actor.actor_id}", f"party:{district.pk}", f"party:{street.pk}"}


def test_a_role_ends_with_its_term():
    unit, user = make_unit(), make_user()
    actions.grant_membership(
        actor=SYSTEM,
        user=user,
        party=unit,
        role="handler",
        valid_from=dt.date(2025, 1, 1),
        valid_until=dt.date(2025, 7, 1),
    )
    assert queries.actor_for_user(user, dt.date(2025, 6, 30)).has_role("handler")
    assert not queries.actor_for_user(user, dt.date(2025, 7, 1)).has_role("handler")


def test_a_scope_may_be_limited_to_a_territory():
    actor = queries.actor_for_user(make_officer(make_unit(), territory="320102"))
    assert actor.territories("handler") == ("320102",)
    assert queries.SYSTEM.territories() == ("",)


@pytest.mark.parametrize("second", ["security_admin", "audit_admin"])
def test_nobody_holds_two_administrator_roles_at_once(second):
    unit, user = make_unit(), make_user()
    actions.grant_membership(actor=SYSTEM, user=user, party=unit, role="system_admin", valid_until=None)
    with pytest.raises(errors.DutiesConflict):
        actions.grant_membership(actor=SYSTEM, user=user, party=make_unit(), role=second)


def test_the_database_refuses_two_administrator_roles_by_itself():
    unit, user = make_unit(), make_user()
    Membership.objects.create(user=user, party=unit, role="system_admin", valid_from=DAY)
    with pytest.raises(IntegrityError, match="three_administrators_apart"), transaction.atomic():
        Membership.objects.create(user=user, party=unit, role="audit_admin", valid_from=dt.date(2027, 1, 1))


def test_the_database_refuses_an_update_that_brings_two_administrator_roles_together():
    unit, user = make_unit(), make_user()
    Membership.objects.create(user=user, party=unit, role="system_admin", valid_from=DAY, valid_until=NEXT)
    Membership.objects.create(user=user, party=unit, role="audit_admin", valid_from=NEXT)
    with pytest.raises(IntegrityError, match="three_administrators_apart"), transaction.atomic():
        Membership.objects.filter(user=user, role="system_admin").update(valid_until=None)


def test_administrator_roles_may_follow_one_another():
    unit, user = make_unit(), make_user()
    Membership.objects.create(user=user, party=unit, role="system_admin", valid_from=DAY, valid_until=NEXT)
    following = Membership.objects.create(user=user, party=unit, role="audit_admin", valid_from=NEXT)
    assert queries.actor_for_user(user, NEXT).roles == {following.role}


def test_a_security_administrator_grants_to_others_but_not_to_themselves():
    unit, other = make_unit(), make_user()
    user = make_officer(unit, "security_admin")
    actor = queries.actor_for_user(user)
    actions.grant_membership(actor=actor, user=other, party=unit, role="handler")
    with pytest.raises(errors.DutiesConflict):
        actions.grant_membership(actor=actor, user=user, party=unit, role="leader")
    with pytest.raises(IntegrityError, match="not_to_oneself"), transaction.atomic():
        Membership.objects.create(user=user, party=unit, role="leader", granted_by=user)


def test_each_administrator_does_only_their_part():
    unit = make_unit()
    system, security, audit = (
        queries.actor_for_user(make_officer(unit, role)) for role in ("system_admin", "security_admin", "audit_admin")
    )
    made = actions.add_user(actor=system, username="newcomer", display_name="新人")
    for actor in (system, audit):
        with pytest.raises(NotAllowed):
            actions.grant_membership(actor=actor, user=made, party=unit, role="handler")
    for actor in (security, audit):
        with pytest.raises(NotAllowed):
            actions.add_user(actor=actor, username="other", display_name="他人")
    assert queries.actor_for_user(made).scopes == ()


@pytest.mark.parametrize("role", ["security_admin", "audit_admin"])
def test_a_system_administrator_cannot_take_over_the_account_of_another_administrator(role):
    office = make_unit()
    keeper, other = make_officer(office, "system_admin"), make_officer(office, role)
    fellow = make_officer(office, role)
    with pytest.raises(NotAllowed):
        actions.reset_password(actor=queries.actor_for_user(keeper), user=other)
    other.refresh_from_db()
    assert other.check_password(PASSWORD)
    first = actions.reset_password(actor=queries.actor_for_user(fellow), user=other)
    other.refresh_from_db()
    assert other.check_password(first)
    assert other.must_change_password


def test_a_security_administrator_resets_no_ordinary_password():
    office = make_unit()
    guard, officer = make_officer(office, "security_admin"), make_officer(office)
    with pytest.raises(NotAllowed):
        actions.reset_password(actor=queries.actor_for_user(guard), user=officer)
