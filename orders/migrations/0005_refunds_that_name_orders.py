from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_leaves")]

    operations = [
        migrations.AddIndex(
            "Refund",
            models.Index(
                fields=["tenant", "source", "order_external_id"],
                name="orders_refund_naming",
                condition=models.Q(origin="alone", order_external_id__gt=""),
            ),
        ),
        migrations.RemoveIndex("Refund", "orders_refund_waiting"),
    ]
