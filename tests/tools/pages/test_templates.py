"""Templates: what is escaped, what is kept, and that nothing may be missing."""

import jinja2
import pytest

from consilience_tools.pages.templates import rendered


def filled(folder, name, text, **values):
    (folder / name).write_text(text)
    return rendered(folder / name, **values)


def test_html_is_escaped_and_text_is_not(tmp_path):
    assert filled(tmp_path, "a.html.j2", "<b>{{ x }}</b>\n", x="<&>") == "<b>&lt;&amp;&gt;</b>"
    assert filled(tmp_path, "a.md.j2", "{{ x }}\n", x="<&>") == "<&>\n"


def test_blocks_leave_no_lines(tmp_path):
    text = "{% for x in xs %}\n  {% if x %}\n{{ x }}\n  {% endif %}\n{% endfor %}\n"
    assert filled(tmp_path, "a.v.j2", text, xs=[1, 0, 2]) == "1\n2\n"


def test_a_template_extends_its_neighbour(tmp_path):
    (tmp_path / "base.html.j2").write_text("[{% block body %}{% endblock %}]")
    text = '{% extends "base.html.j2" %}{% block body %}{{ x }}{% endblock %}'
    assert filled(tmp_path, "a.html.j2", text, x=1) == "[1]"


def test_what_is_missing_is_an_error(tmp_path):
    with pytest.raises(jinja2.UndefinedError, match="'x' is undefined"):
        filled(tmp_path, "a.md.j2", "{{ x }}")
