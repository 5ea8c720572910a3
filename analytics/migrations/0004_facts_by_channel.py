from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("acquisition", "0003_spend_by_channel"),
        ("analytics", "0003_steps_from_the_index"),
    ]

    operations = [
        migrations.AddIndex(
            "CohortFact",
            models.Index(
                models.F("tenant"),
                models.F("cohort_date"),
                models.Case(
                    models.When(channel__isnull=True, then=0),
                    default="channel",
                    output_field=models.BigIntegerField(),
                ),
                models.F("elapsed_seconds"),
                include=("channel", "kind", "happened_at", "amount_minor"),
                name="analytics_cohortfact_channel",
            ),
        ),
    ]
