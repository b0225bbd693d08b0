"""What the profile ships: in force in an empty installation, drafts after an upgrade, never over the city's own."""

from importlib.resources import files

import pytest

from groundplan.base.registers.models import CodeList
from groundplan.cli.up import load_shipped
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.rules.models import RuleVersion
from groundplan.profiles.loading import load_profile
from groundplan.systems.incidents.models import Category

pytestmark = pytest.mark.django_db
SHIPPED = files("groundplan.profiles").joinpath("cn")
RULES, FLOWS = (
    {item.name.removesuffix(".yaml") for item in SHIPPED.joinpath(folder).iterdir() if item.name.endswith(".yaml")}
    for folder in ("rules", "flows")
)


def in_force():
    return {
        *RuleVersion.objects.filter(state="in_force").values_list("rule__key", "version"),
        *FlowVersion.objects.filter(in_force=True).values_list("key", "number"),
    }


def test_an_empty_installation_begins_with_rules_flows_and_code_lists():
    done = load_profile()
    assert {"hotline", "city-management"} <= FLOWS
    assert {"hotline-limits", "dispatch-directory"} <= set(done.rules)
    assert set(done.rules) == RULES
    assert in_force() == {(key, 1) for key in FLOWS | RULES}
    assert (CodeList.objects.count(), Category.objects.exists()) == (2, True)
    assert done.drafts == ()


def test_the_next_start_changes_nothing_and_leaves_no_record(capsys):
    load_profile()
    before = (in_force(), Pending.objects.count(), Category.objects.count())
    load_shipped()
    assert (in_force(), Pending.objects.count(), Category.objects.count()) == before
    assert capsys.readouterr().err == ""


def test_an_upgrade_brings_drafts_and_puts_nothing_in_force(capsys):
    load_profile()
    before = in_force()
    # As if the version before had shipped other texts.
    FlowVersion.objects.filter(key="hotline").update(digest="0" * 64)
    RuleVersion.objects.filter(rule__key="hotline-limits").update(digest="0" * 64)
    load_shipped()
    assert in_force() == before
    assert RuleVersion.objects.get(rule__key="hotline-limits", version=2).state == "draft"
    assert not FlowVersion.objects.get(key="hotline", number=2).in_force
    said = capsys.readouterr().err
    assert "hotline-limits" in said
    assert "of hotline " in said
    load_shipped()
    assert capsys.readouterr().err == ""


def test_an_upgrade_leaves_what_the_city_has_changed():
    load_profile()
    shipped = FlowVersion.objects.get(key="hotline")
    cases.import_flow(actor=SYSTEM, text=shipped.source + "\n# Ours.\n")
    Category.objects.filter(kind="hotline").update(label={"zh-hans": "本市用语", "en": "Our word"})
    FlowVersion.objects.filter(pk=shipped.pk).update(digest="0" * 64)
    load_profile()
    assert FlowVersion.objects.get(key="hotline", in_force=True).number == 2
    words = {label["zh-hans"] for label in Category.objects.filter(kind="hotline").values_list("label", flat=True)}
    assert words == {"本市用语"}


def test_a_city_that_has_only_prepared_a_flow_keeps_it_out_of_force():
    load_profile()
    text = FlowVersion.objects.get(key="hotline").source
    FlowVersion.objects.filter(key="hotline").delete()
    cases.import_flow(actor=SYSTEM, text=text + "\n# Ours.\n", in_force=False)
    load_profile()
    assert not FlowVersion.objects.filter(key="hotline", in_force=True).exists()
