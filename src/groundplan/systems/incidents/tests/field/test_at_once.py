"""The same work sent by several tabs at the same moment."""

import threading
import uuid

import pytest
from django.db import connections

from groundplan.kernel.cases.models import Case
from groundplan.systems.incidents.field.models import FieldWork
from groundplan.systems.incidents.tests.factories import make_town
from groundplan.systems.incidents.tests.field.test_field import put, report


@pytest.mark.usefixtures("fresh_database")
def test_four_tabs_that_send_the_same_work_at_once_make_one_case():
    player = make_town().people["inspector"]
    body, key, answers = report(player.actor), uuid.uuid4(), []
    clients = [player.client for _ in range(4)]

    def send(client):
        try:
            answers.append(put(client, body, key).status_code)
        finally:
            connections.close_all()

    tabs = [threading.Thread(target=send, args=[client]) for client in clients]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert sorted(answers) == [200, 200, 200, 201]
    assert Case.objects.count() == FieldWork.objects.count() == 1
