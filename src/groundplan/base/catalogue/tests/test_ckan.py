"""CKAN's own client reads the catalogue without being changed."""

import io
from urllib.parse import urlsplit

import pytest
import requests
from ckanapi import NotAuthorized, NotFound, RemoteCKAN, ValidationError
from ckanapi.errors import CKANAPIError
from django.test import Client
from requests.adapters import BaseAdapter

from groundplan.base.catalogue import actions, registry
from groundplan.base.catalogue.queries import ckan
from groundplan.base.catalogue.tests.factories import make_town, publish, write
from groundplan.lib.errors import NotAllowed

pytestmark = pytest.mark.django_db


class Wire(BaseAdapter):
    """Carries what the client sends to the pages, byte for byte."""

    def __init__(self, client):
        super().__init__()
        self.client = client

    def send(self, request, **_options):
        parts = urlsplit(request.url)
        address = f"{parts.path}?{parts.query}" if parts.query else parts.path
        kind = request.headers.get("Content-Type", "application/octet-stream")
        got = self.client.generic(request.method, address, request.body or b"", kind)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = got.status_code, request.url, request
        answer.headers.update(got.headers)
        answer.raw = io.BytesIO(got.content)
        return answer

    def close(self):
        """Nothing is held."""


def portal(client, **options):
    session = requests.Session()
    session.mount("http://city.example", Wire(client))
    return RemoteCKAN("http://city.example", session=session, **options)


def test_ckanapi_lists_searches_and_shows():
    town = make_town()
    entry = publish(town, write(town))
    made = actions.mount_resource(
        actor=town["writer"], entry=entry.public_id, identifier="firms", address="https://data.example/firms.csv"
    )
    publish(town, write(town, title="内部名单", openness="closed"))
    write(town, title="尚未公布")
    for options in ({}, {"get_only": True}):
        city = portal(Client(), **options)
        assert city.action.package_list() == [entry.identifier]
        found = city.action.package_search(q="企业登记", rows=5, fq="organization:market")
        assert (found["count"], found["results"][0]["name"]) == (1, entry.identifier)
        assert city.action.package_search()["count"] == 1
        assert city.action.package_search(q="*:*", start=1)["results"] == []
        package = city.action.package_show(id=entry.identifier)
        assert package == city.action.package_show(id=str(entry.public_id))
        assert package["organization"]["name"] == "market"
        assert package["resources"][0]["url"] == "https://data.example/firms.csv"
        assert {"key": "cycle", "value": "daily"} in package["extras"]
        assert city.action.resource_show(id=str(made.public_id))["name"] == "firms"
        with pytest.raises(NotFound):
            city.action.package_show(id="nothing")
        with pytest.raises(NotAuthorized):
            city.action.datastore_search(resource_id="firms")
        with pytest.raises((ValidationError, CKANAPIError)):
            city.action.package_search(fq="license:cc")
        with pytest.raises((ValidationError, CKANAPIError)):
            city.action.package_search(rows="-1")
    officer = portal(town.people["outsider"].client)
    assert len(officer.action.package_list()) == 2
    actions.end_resource(actor=town["writer"], resource="firms", reason="停")
    with pytest.raises(NotFound):
        portal(Client()).action.resource_show(id="firms")


def test_rows_are_answered_by_the_app_that_holds_them():
    town = make_town()
    entry = publish(town, write(town))
    actions.mount_resource(actor=town["writer"], entry=entry.public_id, identifier="firms")

    def answer(actor, resource, asked):
        if not actor.is_signed_in:
            raise NotAllowed
        return {"fields": [{"id": "名称", "type": "text"}], "records": [{"名称": resource.identifier}], "total": 1}

    before = list(ckan.rows_of)
    registry.datastore(answer)
    try:
        city = portal(town.people["outsider"].client)
        assert city.action.datastore_search(resource_id="firms")["records"] == [{"名称": "firms"}]
        with pytest.raises(NotAuthorized):
            portal(Client()).action.datastore_search(resource_id="firms")
    finally:
        ckan.rows_of[:] = before


def test_nonsense_and_writing_are_refused():
    make_town()
    client = Client()
    for body in (b"{", b"[1]", b"\xff", b"[" * 50_000):
        got = client.post("/api/3/action/package_show", body, content_type="application/json")
        assert (got.status_code, got.json()["success"]) == (409, False)
    assert client.post("/api/3/action/package_create", b"{}", content_type="application/json").status_code == 404
    assert client.put("/api/3/action/package_list").status_code == 405
    assert client.get("/api/3/action/package_show?id=%00").status_code in {400, 404}
