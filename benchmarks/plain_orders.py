"""The plain way to take in orders: a `ModelSerializer(many=True)` that saves row by row."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact, Identity
from orders.models import Order, OrderItem, Source
from tenants.api.views import TenantAPIView


class PlainItem(serializers.ModelSerializer[OrderItem]):
    """One line."""

    class Meta:
        model = OrderItem
        fields = ["sku", "name", "category", "quantity", "unit_price_minor", "amount_minor"]


class PlainOrder(serializers.ModelSerializer[Order]):
    """One order: guarded by its version, its buyer found or made, its lines replaced."""

    items = PlainItem(many=True)
    shop_buyer_id = serializers.CharField(max_length=100, write_only=True)

    class Meta:
        model = Order
        fields = [
            "external_id",
            "status",
            "paid_at",
            "currency",
            "amount_minor",
            "version_at",
            "items",
            "shop_buyer_id",
        ]

    def create(self, validated_data: dict[str, Any]) -> Order:
        items = validated_data.pop("items")
        source: Source = self.context["source"]
        contact_id = self.contact_of(source, validated_data.pop("shop_buyer_id"))
        key = {"tenant": source.tenant, "source": source, "external_id": validated_data["external_id"]}
        held: Order | None = Order.objects.for_tenant(source.tenant).filter(**key).first()
        if held and held.version_at >= validated_data["version_at"]:
            return held
        order = held or Order(**key, fx_rate=1, content_hash="")
        for name, value in validated_data.items():
            setattr(order, name, value)
        order.contact_id, order.base_amount_minor = contact_id, order.amount_minor
        order.save()
        OrderItem.objects.for_tenant(source.tenant).filter(order=order).delete()
        for position, item in enumerate(items):
            OrderItem.objects.create(tenant=source.tenant, order=order, position=position, **item)
        return order

    def contact_of(self, source: Source, buyer: str) -> int:
        tenant, kind = source.tenant, f"shop:{source.slug}"
        known = Identity.objects.for_tenant(tenant).filter(kind=kind, value=buyer).first()
        if known:
            return int(known.contact_id)
        contact = Contact.objects.create(tenant=tenant)
        Identity.objects.create(tenant=tenant, contact=contact, kind=kind, value=buyer)
        return int(contact.pk)


class PlainOrdersView(TenantAPIView):
    """Take in orders the plain way."""

    scopes = {"POST": "orders:write"}

    def post(self, request: Request) -> HttpResponse:
        tenant = request.tenant  # type: ignore[attr-defined]
        body: Any = request.data
        source, _ = Source.objects.for_tenant(tenant).get_or_create(
            tenant=tenant, slug=body["source"], defaults={"name": "shop"}
        )
        serializer = PlainOrder(data=body["orders"], many=True, context={"source": source})
        serializer.is_valid(raise_exception=True)
        saved: Any = serializer.save()
        return Response({"results": [order.pk for order in saved], "at": timezone.now()})
