"""Orders and refunds as the shops told them, and each contact's sums."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models import Contact
from tenants.scoping import TenantForeignKey, TenantModel


class Source(TenantModel):
    """A shop or ERP that sends orders. Made on first use."""

    class UnknownBuyer(models.TextChoices):
        CREATE = "create", _("make a contact")
        MATCH = "match", _("wait for a match")

    slug = models.SlugField(_("slug"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    unknown_buyer = models.CharField(
        _("unknown buyers"), max_length=6, choices=UnknownBuyer.choices, default=UnknownBuyer.CREATE
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("order source")
        verbose_name_plural = _("order sources")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "slug"],
                name="orders_source_one_per_slug",
                violation_error_message=_("A source with this slug exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class WaitReason(models.TextChoices):
    """Why an order or refund has no contact yet."""

    NO_MATCH = "no_match", _("nobody matches")
    AMBIGUOUS = "ambiguous", _("several contacts match")
    NO_ORDER = "no_order", _("its order has not come")
    CURRENCY = "currency", _("its currency is not its order's")


class Order(TenantModel):
    """The newest version of one order of one source. Written by `services.orders` alone.

    A version is `(version_at, content_hash)`; the refunds list that came with it has a version of its own.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PAID = "paid", pgettext_lazy("order", "paid")
        CANCELLED = "cancelled", _("cancelled")

    source = TenantForeignKey(Source, related_name="+", verbose_name=_("source"))
    external_id = models.CharField(_("order number"), max_length=100)
    contact = TenantForeignKey(
        Contact, db_on_delete="SET NULL", null=True, related_name="orders", verbose_name=_("contact")
    )
    wait_reason = models.CharField(_("waiting because"), max_length=10, choices=WaitReason.choices, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    discount_minor = models.BigIntegerField(default=0)
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    fx_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8)
    fx_given = models.BooleanField(default=False)
    base_amount_minor = models.BigIntegerField(_("amount in the tenant's currency (minor units)"))
    buyer = models.JSONField(_("buyer"), default=dict)
    attributes = models.JSONField(_("attributes"), default=dict)
    version_at = models.DateTimeField(_("source's version"))
    content_hash = models.CharField(max_length=32)
    refunds_version_at = models.DateTimeField(null=True)
    refunds_hash = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(_("received at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="orders_order_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="orders_order_not_negative"),
        ]
        indexes = [
            # a contact's orders, and their sums in a window of days; it holds all that those need, or a planner that
            # thinks tenants small reads a tenant's whole window for each contact
            models.Index(
                fields=["tenant", "contact", "paid_at"],
                include=["status", "amount_minor", "base_amount_minor"],
                name="orders_order_by_contact",
            ),
            # the list, newest first; what contacts bought in a window of days (rules)
            models.Index(
                fields=["tenant", "-paid_at", "-id"],
                include=["contact", "status", "amount_minor", "base_amount_minor"],
                name="orders_order_by_time",
            ),
            # sync: changed since
            models.Index(fields=["tenant", "updated_at", "id"], name="orders_order_changed"),
            # the unmatched desk, and the tick that empties it
            models.Index(
                fields=["tenant", "id"], name="orders_order_waiting", condition=models.Q(contact__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class OrderItem(TenantModel):
    """One line of an order; replaced as a whole with each version."""

    order = TenantForeignKey(Order, db_on_delete="CASCADE", related_name="items")
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(_("SKU"), max_length=100, blank=True)
    name = models.CharField(_("name"), max_length=300, blank=True)
    category = models.CharField(_("category"), max_length=200, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    unit_price_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        verbose_name = _("order item")
        verbose_name_plural = _("order items")
        constraints = [
            # an order's lines in their order
            models.UniqueConstraint(fields=["tenant", "order", "position"], name="orders_orderitem_position")
        ]


class Refund(TenantModel):
    """Money given back, at its own time. Written by `services.refunds`; inside orders, by `services.orders`.

    Counts when it has a contact, is not superseded, and its order (if it names one) is paid. What it takes
    from its order (link, contact, amount in the tenant's currency, superseded or not) is derived.
    """

    class Origin(models.TextChoices):
        ORDER = "order", _("came with its order")
        ALONE = "alone", _("came alone")

    source = TenantForeignKey(Source, related_name="+", verbose_name=_("source"))
    origin = models.CharField(max_length=5, choices=Origin.choices)
    external_id = models.CharField(_("refund number"), max_length=100)
    order = TenantForeignKey(Order, db_on_delete="CASCADE", null=True, related_name="refunds", verbose_name=_("order"))
    order_external_id = models.CharField(_("order number"), max_length=100, blank=True)
    contact = TenantForeignKey(
        Contact, db_on_delete="SET NULL", null=True, related_name="refunds", verbose_name=_("contact")
    )
    wait_reason = models.CharField(_("waiting because"), max_length=10, choices=WaitReason.choices, blank=True)
    # a refund that came alone tells the same news better
    is_superseded = models.BooleanField(default=False)
    buyer = models.JSONField(_("buyer"), default=dict)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    base_amount_minor = models.BigIntegerField(_("amount in the tenant's currency (minor units)"), null=True)
    # of its own day; null where its order's rate is used
    fx_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, null=True)
    refunded_at = models.DateTimeField(_("refunded at"))
    version_at = models.DateTimeField(_("source's version"))
    content_hash = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(_("received at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "external_id"],
                name="orders_refund_alone_once",
                condition=models.Q(origin="alone"),
            ),
            models.UniqueConstraint(
                fields=["tenant", "order", "external_id"],
                name="orders_refund_in_order_once",
                condition=models.Q(origin="order"),
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="orders_refund_positive"),
        ]
        indexes = [
            # a contact's refunds, and their sums in a window of days
            models.Index(
                fields=["tenant", "contact", "refunded_at"],
                include=["order", "is_superseded", "base_amount_minor"],
                name="orders_refund_by_contact",
            ),
            # what was given back in a window of days (rules)
            models.Index(
                fields=["tenant", "refunded_at"],
                include=["contact", "order", "is_superseded", "base_amount_minor"],
                name="orders_refund_by_time",
            ),
            # an order's refunds
            models.Index(fields=["tenant", "order"], name="orders_refund_by_order"),
            # refunds that an arriving order wakes; only those that name one, or where none does the planner thinks
            # that every refund matches every order
            models.Index(
                fields=["tenant", "source", "order_external_id"],
                name="orders_refund_naming",
                condition=models.Q(origin="alone", order_external_id__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class ContactStats(TenantModel):
    """A contact's sums over what counts, in the tenant's currency; recomputed with each order."""

    contact = TenantForeignKey(Contact, db_on_delete="CASCADE", related_name="stats")
    purchases = models.PositiveIntegerField(_("purchases"), default=0)
    gross_minor = models.BigIntegerField(_("gross"), default=0)
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    first_purchase_at = models.DateTimeField(_("first purchase"), null=True)
    last_purchase_at = models.DateTimeField(_("last purchase"), null=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "contact"], name="orders_contactstats_one")]
        indexes = [
            # days since the last purchase, since the first: whose edge a moment crosses
            models.Index(fields=["tenant", "last_purchase_at"], name="orders_contactstats_last"),
            models.Index(fields=["tenant", "first_purchase_at"], name="orders_contactstats_first"),
        ]

    @property
    def net_minor(self) -> int:
        """What the contact has brought to date."""
        return self.gross_minor - self.refunded_minor


class AttachCursor(TenantModel):
    """How far `services.attach` has read a tenant's change rows."""

    last_change_id = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="orders_attachcursor_one")]
