"""A table named as a resource belongs to the resource's provider and tells the catalogue of loads."""

import pytest

from groundplan.base.catalogue import actions as catalogue
from groundplan.base.catalogue.models import Resource
from groundplan.base.catalogue.tests.factories import deliver, make_town, publish, write
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
