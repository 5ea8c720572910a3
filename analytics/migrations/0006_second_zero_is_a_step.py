from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0005_channels_by_all_buckets")]

    operations = [
        # derived: the next tick of each tenant builds everything anew, as for a new one
        migrations.RunSQL("TRUNCATE analytics_cohortage, analytics_cohortrollup, analytics_tickcursor", migrations.RunSQL.noop),
    ]
