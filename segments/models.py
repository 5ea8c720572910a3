"""Segments: saved rules or fixed lists over contacts, who is in them, and who came and went. By `segments.services`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from tenants.scoping import TenantForeignKey, TenantModel


class Segment(TenantModel):
    """A named audience. `live_number` is the version that its membership follows; null for a draft and for a list.

    A full build is `WAITING`, then `BUILDING` under a lease, then `IDLE`, or `FAILED` with what went wrong; meanwhile
    the last good membership stays.
    """

    class Kind(models.TextChoices):
        RULE = "rule", _("rule")
        LIST = "list", _("list")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        ARCHIVED = "archived", _("archived")

    class Build(models.TextChoices):
        IDLE = "idle", _("up to date")
        WAITING = "waiting", _("waiting to be built")
        BUILDING = "building", _("being built")
        FAILED = "failed", _("could not be built")

    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices, default=Kind.RULE)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    live_number = models.PositiveIntegerField(null=True)
    # people in it, kept with every change of membership
    size = models.PositiveIntegerField(_("people"), default=0)
    build = models.CharField(max_length=10, choices=Build.choices, default=Build.IDLE)
    build_error = models.CharField(max_length=300, blank=True)
    build_lease_until = models.DateTimeField(null=True)
    # how often the last full build has been tried
    build_tries = models.PositiveSmallIntegerField(default=0)
    # the end of the last full build, and how long it took
    built_at = models.DateTimeField(null=True)
    build_ms = models.PositiveIntegerField(null=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="segments_segment_one_per_name",
                violation_error_message=_("A segment of this name exists."),
            )
        ]

    @property
    def is_being_built(self) -> bool:
        """Whether its people are still to be found."""
        return self.build in (self.Build.WAITING, self.Build.BUILDING)

    def __str__(self) -> str:
        return self.name


class SegmentVersion(TenantModel):
    """One saved rule of a segment (`segments.rules`); never changed once published."""

    segment = TenantForeignKey(Segment, db_on_delete="CASCADE", related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField()
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "segment", "number"], name="segments_segmentversion_number")
        ]


class SegmentMember(TenantModel):
    """A contact that is in a segment now, since when."""

    pk = models.CompositePrimaryKey("tenant_id", "segment_id", "contact_id")
    segment = TenantForeignKey(Segment, db_on_delete="CASCADE", related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    entered_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = [
            # the people of a segment, newest first
            models.Index(fields=["tenant", "segment", "-entered_at", "-contact"], name="segments_member_newest"),
            # the segments of a contact
            models.Index(fields=["tenant", "contact"], name="segments_member_by_contact"),
        ]


class SegmentTransition(TenantModel):
    """A contact entered a segment or left it, when and because of what; only ever added.

    Ids are in commit order within a tenant (the tick's turn): the SOP tick keeps a cursor on them.
    """

    class Cause(models.TextChoices):
        PUBLISHED = "published", _("the rule was published")
        REBUILT = "rebuilt", _("found by a full build")
        TIME = "time", _("time passed")
        ORDER = "order", _("an order")
        REFUND = "refund", _("a refund")
        TOUCH = "touch", _("a touch")
        PROFILE = "profile", _("a changed profile")
        IDENTITY = "identity", _("a new identity")
        TAG = "tag", _("a tag")
        SEGMENT = "segment", _("another segment")
        HAND = "hand", _("by hand")

    segment = TenantForeignKey(Segment, db_on_delete="CASCADE", related_name="+")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    is_entry = models.BooleanField()
    at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause.choices)
    # the newest change row that was read of the contact, where one caused it
    change_id = models.BigIntegerField(null=True)
    version_number = models.PositiveIntegerField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            # in and out by day; who was in on a day
            models.Index(fields=["tenant", "segment", "at"], name="segments_transition_by_seg"),
            # a contact's timeline, and why she is in
            models.Index(fields=["tenant", "contact", "at"], name="segments_transition_of"),
        ]


class SegmentCursor(TenantModel):
    """How far the segments tick has read a tenant's change rows, and up to which instant it has scanned edges."""

    last_change_id = models.BigIntegerField(default=0)
    scanned_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="segments_segmentcursor_one")]
