"""The daily limit: how many messages one contact may get on a day."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.console.work.paging import capped_count
from sop.incoming import MOST_PER_DAY
from sop.models import TouchBudget, Touchpoint
from sop.selectors.budget import messages_per_day
from sop.selectors.touchpoints import AROUND, TouchpointFilter, touchpoints
from sop.services.budget import set_messages_per_day
from tenants.access import EDITORS


class LimitForm(forms.Form):
    """The limit."""

    per_day = forms.IntegerField(
        label=gettext_lazy("Messages per contact and day"), min_value=1, max_value=MOST_PER_DAY
    )


@console_view(roles=EDITORS)
def touch_limit(request: ConsoleRequest) -> HttpResponse:
    """The limit as a form, what it means, and how often it was reached."""
    held = messages_per_day(tenant=request.tenant)
    form = LimitForm(request.POST or None, initial={"per_day": held})
    if request.method == "POST" and form.is_valid():
        set_messages_per_day(**by(request), per_day=form.cleaned_data["per_day"])
        messages.success(request, _("Saved. It holds for every message from now on."))
        return redirect("touch_limit")
    now = timezone.now()
    reached = TouchpointFilter(reason=Touchpoint.Reason.CAP, due_from=now - AROUND, due_before=now)
    return page(
        request, "console/touch_limit.html", title=_("Daily limit"), parent_title=_("Touchpoints"),
        parent_link=reverse("touchpoints"), form=form, most=MOST_PER_DAY, default=TouchBudget.DEFAULT_PER_DAY,
        reached=capped_count(touchpoints(tenant=request.tenant, wanted=reached)),
    )  # fmt: skip
