from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_facts_by_channel")]

    operations = [
        # derived: the next tick of each tenant builds everything anew, as for a new one
        migrations.RunSQL("TRUNCATE analytics_cohortrollup, analytics_tickcursor", migrations.RunSQL.noop),
    ]
