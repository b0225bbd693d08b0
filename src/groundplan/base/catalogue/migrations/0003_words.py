import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_loads")]

    operations = [
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=60, unique=True)),
                ("entries", models.PositiveIntegerField(default=0)),
            ],
            options={"db_table": "catalogue_word"},
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "word_id", "weight", "entry_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("weight", models.SmallIntegerField()),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.entry",
                    ),
                ),
                (
                    "word",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.word",
                    ),
                ),
            ],
            options={"db_table": "catalogue_posting"},
        ),
        migrations.RemoveIndex(model_name="entry", name="catalogue_entry_words"),
        migrations.RemoveField(model_name="entry", name="search"),
    ]
