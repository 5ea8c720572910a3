from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # nobody's refunds wait for the index
    atomic = False
    dependencies = [("orders", "0004_leaves")]

    operations = [
        AddIndexConcurrently(
            "Refund",
            models.Index(
                fields=["tenant", "source", "order_external_id"],
                name="orders_refund_naming",
                condition=models.Q(origin="alone", order_external_id__gt=""),
            ),
        ),
        RemoveIndexConcurrently("Refund", "orders_refund_waiting"),
    ]
