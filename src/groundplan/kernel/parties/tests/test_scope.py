"""A scope is role × unit × territory × term: what it covers."""

import pytest

from groundplan.kernel.parties.queries import actor_for_user
from groundplan.kernel.parties.tests import factories

pytestmark = pytest.mark.django_db


def test_a_territory_narrows_what_a_role_covers_to_units_inside_it():
    city = factories.make_unit(division_code="339900")
    inside = factories.make_unit(division_code="339901", parent=city)
    outside = factories.make_unit(division_code="339902", parent=city)
    limited = actor_for_user(factories.make_officer(city, "supervisor", territory="339901"))
    everywhere = actor_for_user(factories.make_officer(city, "supervisor"))
    assert limited.party_ids("supervisor") == {inside.pk}
    assert not limited.covers(outside.pk)
    assert everywhere.party_ids("supervisor") == {city.pk, inside.pk, outside.pk}
    assert f"party:{outside.pk}" not in limited.audience()
