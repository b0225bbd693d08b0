"""Settings: their forms, and their page."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundplan.lib import environment, health

PAGE = Path(__file__).resolve().parents[4] / "docs" / "settings.md"


def test_the_page_lists_every_setting_as_it_is():
    assert environment.table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", environment.SETTINGS, ids=lambda setting: setting.name)
def test_every_default_is_of_its_own_form(setting):
    assert environment.read(setting.name, {}) == environment.FORMS[setting.form](setting.default)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("GROUNDPLAN_PG_PORT", "70000"),
        ("GROUNDPLAN_PG_PORT", "-1"),
        ("GROUNDPLAN_HTTPS", "yes"),
        ("GROUNDPLAN_TIME_ZONE", "Asia/Nowhere"),
        ("GROUNDPLAN_SYSTEM_ADMIN", "nameonly"),
        ("DATABASE_URL", "postgresql://host"),
        ("GROUNDPLAN_HOSTS", "*"),
        ("GROUNDPLAN_HOSTS", "*.city.example"),
        ("GROUNDPLAN_HOSTS", "https://city.example/"),
    ],
)
def test_a_wrong_value_names_setting_and_accepted_form(name, wrong):
    with pytest.raises(environment.WrongSetting, match=name) as refused:
        environment.read(name, {name: wrong})
    assert environment.BY_NAME[name].accepted in str(refused.value)


def test_an_unknown_setting_is_refused_with_the_nearest_name():
    with pytest.raises(environment.WrongSetting, match=r"is not a setting.*GROUNDPLAN_SECRET_KEY"):
        environment.check({"GROUNDPLAN_" + "SECRET": "x"})


def test_right_settings_pass():
    environment.check({"GROUNDPLAN_HOSTS": "city.example,.city.example", "GROUNDPLAN_HTTPS": "1", "HOME": "/"})


def test_figures_are_read_when_asked(monkeypatch):
    monkeypatch.setattr(health, "_figures", {})
    counts = iter([1, 2])
    health.report("things", lambda: next(counts))
    assert [health.figures(), health.figures()] == [{"things": 1}, {"things": 2}]
