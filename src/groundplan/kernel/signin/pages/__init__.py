"""Pages of second factors: the step after the password, one's own factors, resets."""

from django.urls import URLPattern

from groundplan.kernel.signin.pages import mine, resets, steps

urlpatterns: list[URLPattern] = [*steps.urlpatterns, *mine.urlpatterns, *resets.urlpatterns]
