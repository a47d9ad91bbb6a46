"""Pages and files from Jinja templates: one set of rules for all."""

from pathlib import Path

import jinja2

__all__ = ["rendered"]


def rendered(template: Path, /, **values: object) -> str:
    """Return a template filled in.

    It may extend others of its folder. A value that is missing is an error. HTML (``.html.j2``) is
    escaped; everything else is text as it stands, with the newline at its end.

    Parameters
    ----------
    template : Path
    values : object
        By the names that the template uses.
    """
    is_html = template.name.endswith(".html.j2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not is_html,
        autoescape=is_html,
    )
    return environment.get_template(template.name).render(**values)
