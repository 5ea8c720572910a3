from django.db import migrations

from tenants.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_probes")]

    operations = [
        # thousands of them are written in a call, and nothing names one by its id
        TenantTable("OrderItem", leaf=True),
        TenantTable("ContactStats", leaf=True),
    ]
