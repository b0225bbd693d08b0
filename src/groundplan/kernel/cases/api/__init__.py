"""The API of cases under ``/api/v1/cases``."""

from ninja import Router

from groundplan.kernel.cases.api import cases, flows, tasks

router = Router()
router.add_router("/tasks", tasks.router)
router.add_router("/flows", flows.router)
router.add_router("", cases.router)
