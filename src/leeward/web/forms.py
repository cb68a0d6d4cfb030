"""How every form is drawn: `{{ form }}` and `{{ form.field.as_field_group }}` use the components of the pages."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
