"""Cohort facts, rollups and lives of buyers: what boards are read from. Written by `analytics.services` alone."""

from django.db import models
from django.db.models import Case, Q, When

from acquisition.models import Channel
from contacts.models import Contact
from tenants.scoping import TenantForeignKey, TenantModel


class TickCursor(TenantModel):
    """How far one consumer has read a tenant's change rows, and when it last found nothing more."""

    COHORTS, LIVES = "cohorts", "lives"

    consumer = models.CharField(max_length=40)
    last_change_id = models.BigIntegerField(default=0)
    fresh_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "consumer"], name="analytics_tickcursor_one")]


class CohortFact(TenantModel):
    """One thing that counts for a cohort: a contact acquired, a purchase or a refund at or after that.

    `elapsed_seconds` are whole seconds since the contact's acquisition, rounded down; `amount_minor` is signed, in
    the tenant's currency. `is_first` marks what carries the second of the contact's first purchase since
    acquisition, and an acquisition by that purchase (no touch). `makes_buyer` marks that one purchase.
    """

    class Kind(models.IntegerChoices):
        ACQUIRED = 0
        PURCHASE = 1
        REFUND = 2

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    channel = TenantForeignKey(Channel, null=True, related_name="+")
    cohort_date = models.DateField()
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    elapsed_seconds = models.BigIntegerField()
    acquired_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    amount_minor = models.BigIntegerField()
    is_first = models.BooleanField()
    makes_buyer = models.BooleanField()

    class Meta(TenantModel.Meta):
        indexes = [
            # rebuilding a cohort day; a payback's exact second; who was mature on a day
            models.Index(
                fields=["tenant", "cohort_date", "elapsed_seconds"],
                include=[
                    "channel",
                    "kind",
                    "acquired_at",
                    "happened_at",
                    "amount_minor",
                    "is_first",
                    "makes_buyer",
                    "contact",
                ],
                name="analytics_cohortfact_ages",
            ),
            # a channel's payback (`selectors.sums.CHANNEL_KEY`)
            models.Index(
                "tenant",
                "cohort_date",
                Case(When(channel__isnull=True, then=0), default="channel", output_field=models.BigIntegerField()),
                "elapsed_seconds",
                include=["channel", "kind", "happened_at", "amount_minor"],
                name="analytics_cohortfact_channel",
            ),
            # replacing a contact's facts; the people behind a cell
            models.Index(fields=["tenant", "contact"], name="analytics_cohortfact_contact"),
        ]


class DayRollup(TenantModel):  # the base of two only: ten columns that one statement fills
    """Sums of one cohort day × age bucket (not cumulative); `bucket` as in `ages.EDGES`."""

    cohort_date = models.DateField()
    bucket = models.PositiveSmallIntegerField()
    contacts = models.IntegerField(default=0)
    # of them, those acquired by an order
    order_contacts = models.IntegerField(default=0)
    # contacts whose first purchase since acquisition falls in this bucket
    buyers = models.IntegerField(default=0)
    gross_minor = models.BigIntegerField(default=0)
    refund_minor = models.BigIntegerField(default=0)
    first_gross_minor = models.BigIntegerField(default=0)
    first_refund_minor = models.BigIntegerField(default=0)
    last_happened_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        abstract = True


class WholeRollup(DayRollup):
    """One cohort day × age bucket, all channels together; a table of its own: boards without channels read little."""

    class Meta(DayRollup.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "cohort_date", "bucket"], name="analytics_wholerollup_cell"),
            models.CheckConstraint(condition=Q(gross_minor__gte=0), name="analytics_wholerollup_gross"),
        ]


class CohortRollup(DayRollup):
    """One cohort day × channel × age bucket; a null channel is that of contacts without one."""

    channel = TenantForeignKey(Channel, null=True, related_name="+")

    class Meta(DayRollup.Meta):
        indexes = [
            # contacts by channel
            models.Index(
                fields=["tenant", "cohort_date", "channel"],
                include=["contacts"],
                condition=Q(bucket=0),
                name="analytics_rollup_contacts",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "cohort_date", "channel", "bucket"],
                name="analytics_cohortrollup_cell",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(gross_minor__gte=0), name="analytics_cohortrollup_gross"),
        ]


class CohortAge(TenantModel):
    """What one cohort day brought in one step of its age, all channels together: narrows a payback's second.

    `until_seconds` is the step's last second (`ages.step_range`); second 0 is a step of its own.
    """

    cohort_date = models.DateField()
    until_seconds = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    refund_minor = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            # a range of ages of some cohort days
            models.UniqueConstraint(
                fields=["tenant", "cohort_date", "until_seconds"],
                include=["gross_minor", "refund_minor"],
                name="analytics_cohortage_steps",
            )
        ]


class BuyerLife(TenantModel):
    """When a contact bought first, again and last, and her rhythm, over all that she bought, however it was brought.

    A purchase is a paid order of more than 0; those of one second are one purchase. `again_at` is null until there are
    two. `gaps` counts the times between purchases.
    """

    pk = models.CompositePrimaryKey("tenant_id", "contact_id")
    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="+")
    first_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField()
    gaps = models.PositiveIntegerField()
    median_gap_seconds = models.FloatField(null=True)
