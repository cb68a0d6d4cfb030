"""Seals of the audit record; a seal is never changed; what is written to the record is stored without control characters."""

from django.db import migrations, models

#: C0 and C1 controls, DEL, line and paragraph separators, and the marks that turn the direction of writing.
CONTROLS = r"[\u0001-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2066-\u2069\\]"

APPEND_ONLY = """
CREATE FUNCTION protect_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: what is sealed is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
REVOKE ALL ON FUNCTION protect_refuse_change() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON protect_auditseal
    FOR EACH ROW EXECUTE FUNCTION protect_refuse_change();
"""

ESCAPED = r"""
CREATE FUNCTION protect_escaped(said text, most integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT left(coalesce(string_agg(
        CASE WHEN one = '\' THEN '\\'
             WHEN one ~ '%(controls)s' THEN '\u' || lpad(to_hex(ascii(one)), 4, '0')
             ELSE one END, '' ORDER BY place), ''), most)
    FROM regexp_split_to_table(said, '') WITH ORDINALITY AS letters(one, place)
$$;
CREATE FUNCTION protect_escape_record() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.action := protect_escaped(NEW.action, 60);
    NEW.subject := protect_escaped(NEW.subject, 80);
    NEW.rule := protect_escaped(NEW.rule, 80);
    NEW.fields := ARRAY(SELECT protect_escaped(one, 60) FROM unnest(NEW.fields) WITH ORDINALITY AS f(one, place)
                        ORDER BY place);
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION protect_escape_record() FROM PUBLIC;
CREATE TRIGGER escape_controls BEFORE INSERT ON protect_auditrecord FOR EACH ROW
    WHEN (NEW.action ~ '%(controls)s' OR NEW.subject ~ '%(controls)s' OR NEW.rule ~ '%(controls)s'
          OR array_to_string(NEW.fields, '') ~ '%(controls)s')
    EXECUTE FUNCTION protect_escape_record();
""" % {"controls": CONTROLS}


class Migration(migrations.Migration):

    dependencies = [
        ('protect', '0002_law_and_restrictions'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('ids', models.TextField()),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('count', models.IntegerField()),
                ('records', models.BigIntegerField()),
                ('root', models.BinaryField()),
                ('previous', models.BinaryField()),
                ('sealed_at', models.DateTimeField()),
                ('leaves', models.BinaryField()),
                ('head', models.BinaryField()),
                ('key', models.CharField(max_length=16)),
                ('signature', models.BinaryField()),
            ],
            options={
                'ordering': ('number',),
            },
        ),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER refuse_change ON protect_auditseal; DROP FUNCTION protect_refuse_change();",
        ),
        migrations.RunSQL(
            ESCAPED,
            "DROP TRIGGER escape_controls ON protect_auditrecord; DROP FUNCTION protect_escape_record();"
            "DROP FUNCTION protect_escaped(text, integer);",
        ),
    ]
