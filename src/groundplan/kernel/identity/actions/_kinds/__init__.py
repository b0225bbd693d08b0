"""The shipped kinds of sources, and the fake that speaks for their houses."""

from groundplan.kernel.identity.actions._kinds._fake import FakeHouse
from groundplan.kernel.identity.actions._kinds._shipped import register_kinds

__all__ = ["FakeHouse", "register_kinds"]
