"""Registers the wall app."""

from django.apps import AppConfig


class WallConfig(AppConfig):
    """大屏."""

    name = "groundplan.commons.wall"
    label = "wall"

    def ready(self) -> None:
        """Register the page in the menu."""
        from groundplan.kernel.parties.access import actor_of  # noqa: PLC0415 - models are loaded by now.
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        registry.add(
            Entry(
                "walls",
                {"zh-hans": "大屏", "en": "Wall displays"},
                "command",
                90,
                lambda request: actor_of(request).has_role("system_admin"),
            )
        )
