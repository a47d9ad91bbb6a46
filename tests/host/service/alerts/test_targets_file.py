"""The file of targets: each mistake is one line that names the table and no secret."""

import base64

import pytest

from consilience.errors import BadInput
from consilience.service.alerts.targets_file import read_targets

SECRET = "whsec_" + base64.b64encode(b"q" * 32).decode()
HOOK = '[[webhook]]\nname = "h"\n'
MANAGER = '[[alertmanager]]\nname = "m"\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "empty").write_text("\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("URL", "https://hooks.example/T0/hidden")
    opened = []

    def run(text):
        (tmp_path / "alerts.toml").write_text(text)
        found = read_targets(tmp_path / "alerts.toml", "tests", lambda: 0)
        opened.extend(found)
        return found

    yield run
    for one in opened:
        one.close()


def test_both_kinds(read):
    hook, manager = read(
        f'{HOOK}url_env = "URL"\nsecret_file = "key"\n'
        f'{MANAGER}url = "http://127.0.0.1:9093/"\nlabels = {{ severity = "page" }}\n'
    )
    assert (hook.name, hook.keeps_states) == ("h", False)
    assert (manager.name, manager.keeps_states) == ("m", True)
    assert manager._post.url == "http://127.0.0.1:9093/api/v2/alerts"


@pytest.mark.parametrize("url", ["http://a/api/v2/alerts", "http://a", "http://a/"])
def test_an_alertmanager_by_its_root_or_its_route(read, url):
    assert read(f'{MANAGER}url = "{url}"')[0]._post.url == "http://a/api/v2/alerts"


def test_what_comes_from_the_environment(read, monkeypatch):
    monkeypatch.setenv("BEARER", "Bearer hidden")
    found = read(f'{MANAGER}url = "http://a"\nauthorization_env = "BEARER"')[0]
    assert found._post._client.headers["authorization"] == "Bearer hidden"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "names no target"),
        ("a = [", "is no TOML"),
        ("[[mail]]", "mail is no kind of target"),
        ('[webhook]\nname = "h"', "two brackets"),
        ('[[webhook]]\nurl = "http://a"', "give a name"),
        (f"{HOOK}", "url, url_file and url_env"),
        (f'{HOOK}url = "http://a"\nurl_env = "URL"', "url, url_file and url_env"),
        (f'{HOOK}url = "http://a"', "secret_file or secret_env"),
        (f'{HOOK}url = "http://a"\nsecret = "{SECRET}"', "does not belong in the file"),
        (f'{HOOK}url = "http://a"\nsecret_env = "NONE"', "$NONE is empty or not set"),
        (f'{HOOK}url = "http://a"\nsecret_file = "empty"', "empty is empty"),
        (f'{HOOK}url = "http://a"\nsecret_file = "none"', "No such file"),
        (f'{HOOK}url = "http://a"\nsecret_file = "key"\nsecret_env = "KEY"', "give one"),
        (f'{HOOK}url = "ftp://a"\nsecret_env = "KEY"', "no http:// or https://"),
        (f'{HOOK}url = "http://"\nsecret_env = "KEY"', "no http:// or https://"),
        (f'{HOOK}url = "http://a:99999"\nsecret_env = "KEY"', "no http:// or https://"),
        (f'{HOOK}url = "http://u:hidden@a"\nsecret_env = "KEY"', "authorization_file"),
        (f'{HOOK}url = "http://a"\nsecret_env = "KEY"\nca_file = "none"', "ca_file none"),
        (f'{HOOK}url = "http://a"\nsecret_env = "KEY"\nretries = 3', "retries is no field"),
        (f'{HOOK}url = "http://a"\nsecret_env = "KEY"\n' * 2, "two targets are called h"),
        (f'{MANAGER}url = "http://a"\nlabels = 1', "labels are a table"),
        (f'{MANAGER}url = "http://a"\nlabels = {{ a-b = "c" }}', "label a-b"),
        (f'{MANAGER}url = "http://a"\nlabels = {{ agent = "c" }}', "set by the service"),
        (f'{MANAGER}url = "http://a"\nauthorization_env = "LINES"', "one line of ASCII"),
    ],
)
def test_mistakes(read, text, cure, monkeypatch):
    monkeypatch.setenv("LINES", "Bearer hidden\nX: y")
    with pytest.raises(BadInput) as found:
        read(text)
    message = str(found.value)
    assert cure in message
    assert "\n" not in message
    assert "hidden" not in message and SECRET not in message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        read_targets(tmp_path / "none.toml", "tests", lambda: 0)
