from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0002_clocks_and_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='blindindex',
            name='site_key_version',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.CreateModel(
            name='LedgerPosition',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('ledger', models.CharField(max_length=32)),
                ('public_key', models.BinaryField()),
                ('entries', models.PositiveIntegerField()),
                ('head', models.BinaryField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='one_ledger_position')],
            },
        ),
    ]
