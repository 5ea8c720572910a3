"""What one contact may still receive today, on her page; consent is put down there."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from contacts.models import TouchKind
from contacts.selectors import contact
from contacts.services.consent import set_consent
from scrm.console.views import ConsoleRequest, by, console_view, fragment
from scrm.console.work.timeline import story_changed
from sop.selectors.reach import reach_of
from tenants.access import BOARD_READERS, EDITORS


class ConsentForm(forms.Form):
    """A way of being reached, whether it is given or withdrawn, and how we know."""

    touch_kind = forms.ChoiceField(choices=TouchKind.choices)
    is_granted = forms.ChoiceField(choices=[("yes", gettext_lazy("given")), ("no", gettext_lazy("withdrawn"))])
    evidence = forms.CharField(label=gettext_lazy("How do we know?"), max_length=200)


@require_POST
@console_view(roles=EDITORS)
def contact_consent(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Put down what a contact said of being reached one way: what she may receive, anew, or what is wrong."""
    whom = contact(tenant=request.tenant, contact_id=contact_id)
    if whom is None:
        raise Http404
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return fragment(request, "console/contact_reach.html", contact=whom, **reach(request, contact_id, form=form))
    set_consent(
        **by(request),
        contact_ids=[contact_id],
        touch_kind=form.cleaned_data["touch_kind"],
        is_granted=form.cleaned_data["is_granted"] == "yes",
        evidence=form.cleaned_data["evidence"],
    )
    return story_changed(
        fragment(request, "console/contact_reach.html", contact=whom, **reach(request, contact_id, form=ConsentForm()))
    )


def reach(request: ConsoleRequest, contact_id: int, *, form: ConsentForm) -> dict[str, Any]:
    """What the piece of the page shows, to this role."""
    return {
        "reach": reach_of(tenant=request.tenant, contact_id=contact_id, at=timezone.now()),
        "consent_form": form,
        "may_edit": request.membership.role in EDITORS,
        "sees_touchpoints": request.membership.role in BOARD_READERS,
    }
