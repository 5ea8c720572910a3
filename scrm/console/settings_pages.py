"""Settings that owners keep: the tenant, its members, its API keys; and the audit log."""

import secrets
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from scrm.console.once import show_once, shown_once
from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.paging import newest_first
from tenants.access import EDITORS, OWNERS
from tenants.addresses import client_address
from tenants.models import ApiKey, AuditEntry, Membership, Tenant, User
from tenants.selectors import members
from tenants.services.audit import record_act
from tenants.services.keys import SCOPES, create_api_key, revoke_api_key
from tenants.services.members import AlreadyMember, LastOwner, add_member, change_role, remove_member

# The first thing to try with a new key: what its first scope allows and what does no harm.
FIRST_CALLS = {
    "contacts:read": "/contacts?limit=1",
    "orders:read": "/orders?limit=1",
    "acquisition:read": "/acquisition/channels?limit=1",
    "segments:read": "/segments?limit=1",
    "analytics:read": "/analytics/cohorts?period=month",
    "sops:read": "/sops?limit=1",
    "orders:write": "/orders/bulk",
    "contacts:write": "/contacts/bulk",
    "acquisition:write": "/acquisition/spend/bulk",
    "segments:write": "/segments",
}
EMPTY_BODIES = {
    "/orders/bulk": '{"source": "shop", "orders": []}',
    "/contacts/bulk": '{"contacts": []}',
    "/acquisition/spend/bulk": '{"spend": []}',
    "/segments": '{"name": "My first list", "kind": "list"}',
}


class MemberForm(forms.Form):
    """Whom to let in, as what."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Membership.Role.choices, initial=Membership.Role.OPERATOR
    )


class KeyForm(forms.Form):
    """What a key is for, what it may do, and until when."""

    LIFETIMES = [
        ("", gettext_lazy("never")),
        ("30", gettext_lazy("in 30 days")),
        ("90", gettext_lazy("in 90 days")),
        ("365", gettext_lazy("in a year")),
    ]
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(label=gettext_lazy("Expires"), choices=LIFETIMES, required=False)


class TenantSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an owner may change of the tenant itself."""

    margin_percent = forms.DecimalField(
        label=gettext_lazy("Margin, %"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        help_text=gettext_lazy(
            "The share of net revenue that is left after the goods. Payback alone uses it; CLV and ROI do not."
        ),
    )

    class Meta:
        model = Tenant
        fields = ["name"]


@console_view(roles=OWNERS)
def tenant_settings(request: ConsoleRequest) -> HttpResponse:
    """The tenant's name and margin."""
    tenant = request.tenant
    form = TenantSettingsForm(
        request.POST or None, instance=tenant, initial={"margin_percent": f"{(tenant.margin * 100).normalize():f}"}
    )
    if request.method == "POST" and form.is_valid():
        margin = form.cleaned_data["margin_percent"] / 100
        Tenant.objects.filter(pk=tenant.pk).update(name=form.cleaned_data["name"], margin=margin)
        record_act(
            tenant=tenant,
            at=timezone.now(),
            actor=str(request.user),
            address=client_address(request),
            act="tenant.changed",
            target=tenant.slug,
            name=form.cleaned_data["name"],
            margin=str(margin),
        )
        messages.success(request, _("Saved."))
        return redirect("tenant")
    return page(request, "console/tenant.html", title=_("Tenant"), form=form)


@console_view(roles=OWNERS)
def member_list(request: ConsoleRequest) -> HttpResponse:
    """Who works here; a new member's first password is shown once."""
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (added := _add_member(request, form)):
        show_once(request, "members", added)
        return redirect("members")
    found = list(members(tenant=request.tenant))
    owners = [each for each in found if each.role == Membership.Role.OWNER]
    return page(
        request, "console/members.html", title=_("Members"), form=form, added=shown_once(request, "members"),
        members=found, roles=Membership.Role.choices, last_owner=owners[0] if len(owners) == 1 else None,
    )  # fmt: skip


def _add_member(request: ConsoleRequest, form: MemberForm) -> dict[str, str]:
    """Add whom the form names, with a first password if it is a new person; empty when it cannot be done."""
    email = form.cleaned_data["email"].strip().lower()
    is_new = not User.objects.filter(email=email).exists()
    password = secrets.token_urlsafe(12) if is_new else None
    try:
        add_member(
            tenant=request.tenant, email=email, role=form.cleaned_data["role"], password=password,
            actor=str(request.user), address=client_address(request), at=timezone.now(),
        )  # fmt: skip
    except AlreadyMember:
        form.add_error("email", _("This person is a member already."))
        return {}
    return {"email": email, "password": password or ""}


@require_POST
@console_view(roles=OWNERS)
def member_role(request: ConsoleRequest, membership_id: int) -> HttpResponse:
    """Give a member another role."""
    membership = get_object_or_404(members(tenant=request.tenant), pk=membership_id)
    role = request.POST.get("role", "")
    if role not in Membership.Role.values:
        return redirect("members")
    try:
        change_role(
            tenant=request.tenant,
            membership=membership,
            role=role,
            actor=str(request.user),
            address=client_address(request),
            at=timezone.now(),
        )
    except LastOwner:
        messages.error(request, _("A tenant keeps at least one owner."))
    else:
        messages.success(request, _("Saved."))
    return redirect("members")


@require_POST
@console_view(roles=OWNERS)
def member_remove(request: ConsoleRequest, membership_id: int) -> HttpResponse:
    """End a membership."""
    membership = get_object_or_404(members(tenant=request.tenant), pk=membership_id)
    try:
        remove_member(
            tenant=request.tenant,
            membership=membership,
            actor=str(request.user),
            address=client_address(request),
            at=timezone.now(),
        )
    except LastOwner:
        messages.error(request, _("A tenant keeps at least one owner."))
    else:
        messages.success(request, _("%(email)s is no longer a member.") % {"email": membership.user.email})
    return redirect("members" if membership.user_id != request.user.pk else "home")


@console_view(roles=OWNERS)
def key_list(request: ConsoleRequest) -> HttpResponse:
    """The tenant's keys; a new one is shown once, after a redirect, so that no reload makes another."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        token = _create_key(request, form)
        command = _first_command(request, form.cleaned_data["scopes"], token)
        show_once(request, "keys", {"token": token, "command": command})
        return redirect("keys")
    keys = ApiKey.objects.for_tenant(request.tenant).order_by("-id")
    return page(
        request, "console/keys.html", title=_("API keys"), form=form, keys=keys, now=timezone.now(),
        **{"token": "", "command": "", **shown_once(request, "keys")},
    )  # fmt: skip


def _create_key(request: ConsoleRequest, form: KeyForm) -> str:
    now = timezone.now()
    days = form.cleaned_data["days"]
    _key, token = create_api_key(
        tenant=request.tenant, name=form.cleaned_data["name"], scopes=form.cleaned_data["scopes"],
        actor=str(request.user), address=client_address(request), at=now, created_by=request.user,
        expires_at=now + timedelta(days=int(days)) if days else None,
    )  # fmt: skip
    return token


def _first_command(request: ConsoleRequest, scopes: list[str], token: str) -> str:
    path = next((call for scope, call in FIRST_CALLS.items() if scope in scopes), None)
    if path is None:
        return ""
    address = f"{request.scheme}://{request.get_host()}/api/v1{path}"
    body = f" --json '{EMPTY_BODIES[path]}'" if path in EMPTY_BODIES else ""
    return f'curl -H "Authorization: Bearer {token}"{body} "{address}"'


@require_POST
@console_view(roles=OWNERS)
def key_revoke(request: ConsoleRequest, key_id: int) -> HttpResponse:
    """End a key at once."""
    get_object_or_404(ApiKey.objects.for_tenant(request.tenant), pk=key_id)
    if revoke_api_key(
        tenant=request.tenant,
        key_id=key_id,
        actor=str(request.user),
        address=client_address(request),
        at=timezone.now(),
    ):
        messages.success(request, _("The key is revoked."))
    return redirect("keys")


@require_GET
@console_view(roles=EDITORS)
def audit_log(request: ConsoleRequest) -> HttpResponse:
    """Who did what, newest first, a page at a time."""
    entries = AuditEntry.objects.for_tenant(request.tenant)
    target = request.GET.get("target", "").replace("\0", "")[:200]
    if target:
        entries = entries.filter(target=target)
    shown = newest_first(entries, field="at", after=request.GET.get("after", ""))
    return page(
        request,
        "console/audit.html",
        title=_("Audit log"),
        entries=shown.rows,
        more=shown.after,
        target=target,
    )
