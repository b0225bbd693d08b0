"""Pages of cases: the start page of an officer, lists, the case, its flow."""

from django.urls import path

from groundplan.kernel.cases.pages import case, desk, diagram, doing, exporting, trial, versions, work

urlpatterns = [
    path("work", desk.home, name="home"),
    path("work/figures", desk.live, name="work-figures"),
    path("work/waiting", desk.waiting, name="waiting"),
    path("work/waiting/badge", desk.badge, name="waiting-badge"),
    path("cases", work.listing, name="cases"),
    path("cases/export", exporting.export, name="cases-export"),
    path("cases/flows/<slug:key>", work.flow_page, name="flow"),
    path("cases/flows/<slug:key>/versions", versions.page, name="flow-versions"),
    path("cases/flows/<slug:key>/migrations", versions.propose, name="flow-migration-new"),
    path("cases/migrations/<uuid:public_id>/<slug:what>", versions.decide, name="flow-migration-decide"),
    path("cases/flows/<slug:key>/trial", trial.page, name="flow-trial"),
    path("cases/flows/<slug:key>.bpmn", diagram.bpmn, name="flow-bpmn"),
    path("cases/steps/<uuid:public_id>", case.step, name="case-step"),
    path("cases/<uuid:public_id>", case.page, name="case"),
    path("cases/<uuid:public_id>/live", case.live, name="case-live"),
    path("cases/<uuid:public_id>/print", case.printed, name="case-print"),
    path("cases/<uuid:public_id>/unmask", doing.unmask, name="case-unmask"),
    path("cases/<uuid:public_id>/<slug:action>", doing.do, name="case-do"),
]
