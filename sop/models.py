"""SOPs, who runs through them, and the ledger of planned messages. Written by `sop.services`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, TouchKind
from segments.models import Segment
from tenants.scoping import TenantForeignKey, TenantModel


class Sop(TenantModel):
    """A schedule of touchpoints for an audience. People who enter get the version `live_number` and keep it.

    draft → published ⇄ paused → archived. While paused people enter and touchpoints wait; what is too late when it
    goes on is skipped. Archived is the end: what was planned is cancelled.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        PAUSED = "paused", _("paused")
        ARCHIVED = "archived", _("archived")

    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    live_number = models.PositiveIntegerField(null=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = "SOP"
        verbose_name_plural = "SOP"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="sop_sop_one_per_name",
                violation_error_message=_("An SOP of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SopVersion(TenantModel):
    """What an SOP says: whom it is for, when one leaves it, its steps. Never changed once published."""

    sop = TenantForeignKey(Sop, db_on_delete="CASCADE", related_name="versions")
    number = models.PositiveIntegerField()
    segment = TenantForeignKey(Segment, related_name="+", verbose_name=_("audience"))
    exits_on_leaving = models.BooleanField(_("ends when one leaves the segment"), default=True)
    exits_on_order = models.BooleanField(_("ends with an order"), default=False)
    # whether one who has been through may run through it again when entering again
    may_reenter = models.BooleanField(_("may run again"), default=False)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    # entries after this one count, until another version of the SOP is published; older ones are of no version
    after_transition_id = models.BigIntegerField(default=0)
    # people in the segment are being taken along by contact id, up to this one so far; null: nobody, or all have been
    members_taken_to = models.BigIntegerField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "sop", "number"], name="sop_sopversion_number")]


class Step(TenantModel):
    """One message of a version, and when it is due: day N at a clock time, or some minutes after entry.

    Day 1 is the day of entry in the tenant's zone. What is not claimed within `late_after_minutes` of its due
    instant is skipped.
    """

    class Timing(models.TextChoices):
        DAY_AT = "day_at", _("on day N at a time")
        AFTER = "after", _("some time after entry")

    version = TenantForeignKey(SopVersion, db_on_delete="CASCADE", related_name="steps")
    position = models.PositiveSmallIntegerField()
    timing = models.CharField(max_length=6, choices=Timing.choices)
    day = models.PositiveSmallIntegerField(null=True)
    at_time = models.TimeField(null=True)
    after_minutes = models.PositiveIntegerField(null=True)
    late_after_minutes = models.PositiveIntegerField(default=120)
    touch_kind = models.CharField(max_length=20, choices=TouchKind.choices, default=TouchKind.PRIVATE_CHAT)
    content = models.TextField()
    # the content as `templates.compile_text` made it when saved
    compiled = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "position"], name="sop_step_position"),
            models.CheckConstraint(
                name="sop_step_has_its_timing",
                condition=Q(timing="day_at", day__gte=1, at_time__isnull=False, after_minutes__isnull=True)
                | Q(timing="after", day__isnull=True, at_time__isnull=True, after_minutes__gte=0),
            ),
        ]


class Enrollment(TenantModel):
    """One contact's run through one version, from its entry into the segment on."""

    class State(models.TextChoices):
        ACTIVE = "active", _("under way")
        COMPLETED = "completed", _("completed")
        EXITED = "exited", _("left early")

    class ExitReason(models.TextChoices):
        LEFT = "left", _("left the segment")
        ORDERED = "ordered", _("placed an order")
        STOPPED = "stopped", _("the SOP was stopped")

    sop = TenantForeignKey(Sop, db_on_delete="CASCADE", related_name="+")
    version = TenantForeignKey(SopVersion, related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    # the entry that caused it; null where people in the segment were taken along at publishing
    transition_id = models.BigIntegerField(null=True)
    entered_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    exit_reason = models.CharField(max_length=10, choices=ExitReason.choices, blank=True)
    ended_at = models.DateTimeField(null=True)
    # when its last touchpoint is due: before that it cannot be completed
    last_due_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sop", "contact"], name="sop_enrollment_one_at_a_time", condition=Q(state="active")
            ),
            models.UniqueConstraint(fields=["tenant", "sop", "transition_id"], name="sop_enrollment_once_per_entry"),
        ]
        indexes = [
            # who is where; the funnel
            models.Index(fields=["tenant", "sop", "state", "-entered_at", "-id"], name="sop_enrollment_by_sop"),
            # a contact's runs; whether one has been through
            models.Index(fields=["tenant", "contact", "sop"], name="sop_enrollment_by_contact"),
            # runs that may be complete
            models.Index(
                fields=["tenant", "sop", "last_due_at"], name="sop_enrollment_ended", condition=Q(state="active")
            ),
        ]


class Touchpoint(TenantModel):
    """One planned message of one step to one contact: the ledger row, written before anything is sent.

    planned → claimed (lease, fence) → sent | unknown | failed | skipped | cancelled; claimed → planned again for
    another try or after a crash where the transport honours keys; unknown → sent | planned when the provider says.
    `due_at` is what was promised, `run_at` when it is tried next. `reason` says why it was not sent.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        UNKNOWN = "unknown", _("outcome unknown")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("skipped")
        CANCELLED = "cancelled", _("cancelled")

    class Reason(models.TextChoices):
        LATE = "late", _("too late")
        CAP = "cap", _("the day's cap was reached")
        NO_CONSENT = "no_consent", _("messages were refused")
        LEFT = "left", _("left the segment")
        ORDERED = "ordered", _("placed an order")
        STOPPED = "stopped", _("the SOP was stopped")
        REFUSED = "refused", _("the provider refused it")
        PROVIDER = "provider", _("the provider failed too often")

    sop = TenantForeignKey(Sop, db_on_delete="CASCADE", related_name="+")
    enrollment = TenantForeignKey(Enrollment, db_on_delete="CASCADE", related_name="touchpoints")
    step = TenantForeignKey(Step, related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    occurrence = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    due_at = models.DateTimeField()
    run_at = models.DateTimeField()
    late_at = models.DateTimeField()
    # counts claims: a settle of an earlier claim changes nothing
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    # the day whose cap this row has used up one of; null: none
    cap_date = models.DateField(null=True)
    settled_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=100, blank=True)
    # what was sent, or what the provider said
    text = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "enrollment", "step", "occurrence"], name="sop_touchpoint_planned_once"
            )
        ]
        indexes = [
            # the claim
            models.Index(fields=["tenant", "sop", "run_at"], name="sop_touchpoint_due", condition=Q(state="planned")),
            # expired leases
            models.Index(
                fields=["tenant", "sop", "lease_until"], name="sop_touchpoint_leased", condition=Q(state="claimed")
            ),
            # what the provider must be asked about
            models.Index(
                fields=["tenant", "sop", "run_at"], name="sop_touchpoint_unknown", condition=Q(state="unknown")
            ),
            # a contact's timeline
            models.Index(fields=["tenant", "contact", "-due_at"], name="sop_touchpoint_by_contact"),
            # the list, newest first; by SOP; the funnel of a step
            models.Index(fields=["tenant", "-due_at", "-id"], name="sop_touchpoint_newest"),
            models.Index(fields=["tenant", "sop", "step", "state"], name="sop_touchpoint_funnel"),
            # who was reached in a range of days
            models.Index(
                fields=["tenant", "settled_at"],
                include=["contact"],
                condition=Q(state="sent"),
                name="sop_touchpoint_reached",
            ),
        ]


class Due(models.Model):
    """When an SOP of a tenant has something to do next, for the dispatcher, which serves all tenants.

    Of no tenant (`tenants.checks.EXEMPT`): ids and instants alone. `due_at` is never later than the earliest planned
    row or lease of the SOP; it may be earlier. `hinted_until`: a worker has been told, ask no other before.
    """

    pk = models.CompositePrimaryKey("tenant_id", "sop_id")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)
    sop_id = models.BigIntegerField()
    due_at = models.DateTimeField()
    hinted_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # the dispatcher's one question
            models.Index(fields=["due_at"], name="sop_due_next")
        ]


class TouchBudget(TenantModel):
    """How often one contact may be reached, whatever the SOPs want; a tenant without a row has the default."""

    DEFAULT_PER_DAY = 2

    per_day = models.PositiveSmallIntegerField(_("messages per contact and day"), default=DEFAULT_PER_DAY)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="sop_touchbudget_one")]


class CapUse(TenantModel):
    """How many messages a contact's day has used up; reserved by the claim, given back when a send fails for good."""

    pk = models.CompositePrimaryKey("tenant_id", "contact_id", "date")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    date = models.DateField()
    used = models.PositiveSmallIntegerField()


class SopCursor(TenantModel):
    """How far the SOP tick has read a tenant's segment transitions and change rows."""

    last_transition_id = models.BigIntegerField(default=0)
    last_change_id = models.BigIntegerField(default=0)
    fresh_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="sop_sopcursor_one")]
