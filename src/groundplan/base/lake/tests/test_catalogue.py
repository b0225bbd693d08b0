"""A table named as a resource belongs to the resource's provider and tells the catalogue of loads."""

import pytest
from ckanapi import NotAuthorized, ValidationError
from ckanapi.errors import CKANAPIError
from django.test import Client

from groundplan.base.catalogue import actions as catalogue
from groundplan.base.catalogue.models import Resource
from groundplan.base.catalogue.tests.factories import deliver, make_town, publish, write
from groundplan.base.catalogue.tests.test_ckan import portal
from groundplan.base.lake import queries
from groundplan.base.lake.errors import LakeTableNotFound
from groundplan.base.lake.tests.factories import load

pytestmark = pytest.mark.django_db


def test_the_provider_of_a_resource_loads_it_and_the_catalogue_hears_of_it(tmp_path):
    town = make_town()
    entry = publish(town, write(town))
    resource = catalogue.mount_resource(actor=town["writer"], entry=entry.public_id)
    text = "统一社会信用代码,企业名称,法定代表人姓名\n91330100799655058B,甲公司,张三\n"
    with pytest.raises(LakeTableNotFound):
        load(tmp_path, text, resource="of-nobody", actor=town["outsider"])
    run = load(tmp_path, text, resource=resource.identifier, actor=town["writer"])
    assert run.table.provider == town.units["market"]
    assert run.table.title == resource.title
    deliver()
    held = Resource.objects.get(pk=resource.pk)
    assert (held.rows, held.versions.get(number=held.number).digest) == (1, run.digest)
    assert queries.table_for(town["second"], resource.identifier) == run.table
    with pytest.raises(LakeTableNotFound):
        queries.table_for(town["outsider"], resource.identifier)


def test_rows_are_read_by_unmodified_ckan_clients_of_those_who_may_load(tmp_path):
    town = make_town()
    entry = publish(town, write(town))
    resource = catalogue.mount_resource(actor=town["writer"], entry=entry.public_id)
    text = "代码,名称,资本\nA1,甲公司,10.50\nA2,乙公司,7\nA3,丙厂,\n"
    load(tmp_path, text, resource=resource.identifier, actor=town["writer"])
    name = resource.identifier
    city = portal(town.people["writer"].client).action
    found = city.datastore_search(resource_id=name, sort="资本 desc", limit=2)
    assert [row["名称"] for row in found["records"]] == ["甲公司", "乙公司"]
    assert found["total"] == 3
    assert {"id": "名称", "type": "text"} in found["fields"]
    found = city.datastore_search(resource_id=name, filters={"代码": ["A1", "A3"]}, fields=["名称"])
    assert (found["records"], found["total"]) == ([{"名称": "甲公司"}, {"名称": "丙厂"}], 2)
    assert city.datastore_search(resource_id=name, q="公司", offset=1)["records"][0]["代码"] == "A2"
    for wrong in (
        {"fields": ["密码"]}, {"filters": {'名称" OR 1=1 --': "x"}}, {"sort": "名称; DROP TABLE t"}, {"limit": "-1"},
        {"filters": "{"}, {"filters": {"名称": {"a": 1}}},
    ):  # fmt: skip
        with pytest.raises((ValidationError, CKANAPIError)):
            city.datastore_search(resource_id=name, **wrong)
    assert city.datastore_search(resource_id=name, filters={"名称": "' OR 1=1 --"})["records"] == []
    for stranger in (town.people["outsider"].client, Client()):
        with pytest.raises(NotAuthorized):
            portal(stranger).action.datastore_search(resource_id=name)
