"""The small city of cases and its people."""

from groundplan.kernel.cases.tests.conftest import as_user, town

__all__ = ["as_user", "town"]
