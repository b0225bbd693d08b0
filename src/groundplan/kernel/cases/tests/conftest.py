"""People of the small city who can sign in."""

import pytest

START = "2020-01-01"
OFFICES = [
    ("dispatcher", "office", "dispatcher"),
    ("second", "office", "dispatcher"),
    ("handler", "lamps", "handler"),
    ("helper", "parks", "handler"),
    ("outsider", "east", "handler"),
    ("vendor", "parks", "vendor"),
]


@pytest.fixture
def town(db):
    """The small city with users behind its people."""
    # Django has no models yet when pytest reads this file.
    from groundplan.kernel.cases.tests.factories import make_city
    from groundplan.kernel.parties.models import Membership, User
    from groundplan.kernel.parties.queries import actor_for_user

    found = make_city()
    for name, unit, role in OFFICES:
        user = User.objects.create(username=name, display_name=name)
        Membership.objects.create(user=user, party=found.parties[unit], role=role, valid_from=START)
        found.people[name] = actor_for_user(user)
    found.people["resident"] = actor_for_user(User.objects.create(username="resident", display_name="resident"))
    return found


@pytest.fixture
def as_user(client):
    """The browser of one of them."""

    from groundplan.kernel.parties.models import User

    def sign_in(name):
        client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
