"""Registers the files app."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """附件."""

    name = "groundplan.kernel.files"
    label = "files"
