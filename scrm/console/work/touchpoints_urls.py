"""Routes of touchpoints, their daily limit and the inbox, inside a tenant's console."""

from django.urls import path

from scrm.console.work import inbox, touch_limit, touchpoints

urlpatterns = [
    path("touchpoints/", touchpoints.touchpoint_list, name="touchpoints"),
    path("touchpoints/limit/", touch_limit.touch_limit, name="touch_limit"),
    path("inbox/", inbox.inbox, name="inbox"),
]
