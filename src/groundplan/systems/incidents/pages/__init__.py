"""Pages of incidents."""

from django.urls import URLPattern, path

from groundplan.systems.incidents.beside import pages as beside
from groundplan.systems.incidents.field import pages as field
from groundplan.systems.incidents.open311 import pages as open311
from groundplan.systems.incidents.pages import floor, imports, resident, statistics, trials, work
from groundplan.systems.incidents.pages.hotline import appraisal, desk

urlpatterns: list[URLPattern] = [
    path("report", resident.report, name="report"),
    path("report/receipt", resident.receipt, name="receipt"),
    path("help/call-back", resident.call_back, name="call-back"),
    path("follow", resident.follow, name="follow"),
    path("follow/<uuid:public_id>", resident.own, name="follow-own"),
    path("follow/supplement", resident.supplement, name="supplement"),
    path("follow/rate", resident.rate, name="rate"),
    path("intake", desk.intake, name="intake"),
    path("intake/caller", desk.caller, name="intake-caller"),
    path("intake/likely", desk.likely, name="intake-likely"),
    path("intake/ringing", desk.ringing, name="intake-ringing"),
    path("intake/answer/<uuid:public_id>", desk.answer, name="intake-answer"),
    path("patrol", work.patrol, name="patrol"),
    path("command", floor.command, name="command"),
    path("command/list", floor.command_list, name="command-list"),
    path("command/figures", floor.command_figures, name="command-figures"),
    path("command/districts", floor.command_districts, name="command-districts"),
    path("command/map.geojson", floor.command_map, name="command-map"),
    path("indicators", statistics.indicators, name="indicators"),
    path("indicators/cases", statistics.indicator_cases, name="indicator-cases"),
    path("hotline/cases/<uuid:case_id>/contest", appraisal.contest, name="hotline-contest"),
    path("hotline/audits", appraisal.audits, name="hotline-audits"),
    path("hotline/audits/<uuid:public_id>", appraisal.audit, name="hotline-audit"),
    path("hotline/replies", appraisal.replies, name="hotline-replies"),
    path("indicators/counted", statistics.counted_cases, name="counted-cases"),
    path("incidents/trial", trials.trial, name="incident-trial"),
    path("incidents/imports", imports.uploads, name="incident-imports"),
    path("incidents/imports/columns", imports.columns, name="incident-import-columns"),
    path("incidents/imports/<uuid:public_id>", imports.load_page, name="incident-load"),
    path("incidents/imports/<uuid:public_id>/quarantine.xlsx", imports.quarantine, name="incident-quarantine"),
    *beside.urlpatterns,
    *field.urlpatterns,
    *open311.urlpatterns,
]
