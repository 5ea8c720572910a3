"""Where contacts come from and what that cost."""

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from tenants.scoping import TenantForeignKey, TenantModel

# what forms say of `Spend.date`
DATE_HELP = _("For a month, any day of it.")


class Channel(TenantModel):
    """Where people come from: an ad platform, a parcel card, a store. Made on first use."""

    slug = models.SlugField(_("slug"), max_length=60)
    name = models.CharField(_("name"), max_length=100)
    # unknown: a channel with spend is paid, `organic` never
    is_paid = models.BooleanField(_("paid"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "slug"],
                name="acquisition_channel_one_per_slug",
                violation_error_message=_("A channel with this slug exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Touch(TenantModel):
    """A contact met a channel at an instant: added as a friend, scanned a code, joined. Append-only."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="touches")
    channel = TenantForeignKey(Channel, null=True, related_name="+", verbose_name=_("channel"))
    happened_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("touch")
        verbose_name_plural = _("touches")
        constraints = [
            # the same news twice is one touch; a contact's first touch
            models.UniqueConstraint(
                fields=["tenant", "contact", "happened_at", "channel"],
                name="acquisition_touch_once",
                nulls_distinct=False,
            )
        ]


class Spend(TenantModel):
    """What one channel cost on one day, or in one month whose days are derived (largest remainder)."""

    class Period(models.TextChoices):
        DAY = "day", _("day")
        MONTH = "month", _("month")

    class Kind(models.TextChoices):
        ADS = "ads", _("ads")
        STAFF = "staff", _("staff hours")
        TOOLS = "tools", _("tools")
        COUPONS = "coupons", _("coupons")
        PRIZES = "prizes", _("prizes")
        OTHER = "other", _("other")

    external_id = models.CharField(_("external id"), max_length=100)
    channel = TenantForeignKey(Channel, related_name="spend", verbose_name=_("channel"))
    period = models.CharField(_("period"), max_length=5, choices=Period.choices, default=Period.DAY)
    date = models.DateField(_("date"), help_text=_("Of a month: its first day."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ADS)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    currency = models.CharField(_("currency"), max_length=3)
    base_amount_minor = models.BigIntegerField(_("amount in the tenant's currency (minor units)"), editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("spend")
        verbose_name_plural = _("spend")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                name="acquisition_spend_once",
                violation_error_message=_("Spend with this external id exists."),
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="acquisition_spend_not_negative"),
        ]
        # cost of a range of days
        indexes = [
            models.Index(fields=["tenant", "date", "channel"], name="acquisition_spend_by_date"),
            # whether a channel ever cost anything
            models.Index(fields=["tenant", "channel"], name="acquisition_spend_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.when} · {self.channel} · {self.get_kind_display()}"

    @property
    def when(self) -> str:
        """Its day, or its month alone."""
        return f"{self.date:%Y-%m}" if self.period == self.Period.MONTH else date_format(self.date)
