"""Code whose origin is known: of a commit, or of a wheel as it was made."""

import base64
import hashlib
import subprocess
from importlib.metadata import PathDistribution

import pytest

from consilience.errors import BadInput
from consilience.validate import environment


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "code.py").write_text("1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    monkeypatch.setattr(environment, "checkout_of", lambda: tmp_path)
    return tmp_path, git


def test_a_commit_is_told(checkout):
    folder, git = checkout
    (folder / "audit").mkdir()
    (folder / "audit" / "claims.json").write_text("what a run wrote is no code")
    assert environment.refuse_changed_code() == git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("name", ["host/code.py", "host/new.py"])
def test_changed_code_is_refused_by_name(checkout, name):
    folder, _ = checkout
    (folder / name).write_text("2\n")
    with pytest.raises(BadInput, match=rf"1 files differ from it: {name}; commit or remove"):
        environment.refuse_changed_code()


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    package = tmp_path / "consilience"
    package.mkdir()
    (package / "code.py").write_text("1\n")
    told = base64.urlsafe_b64encode(hashlib.sha256(b"1\n").digest()).rstrip(b"=").decode()
    metadata = tmp_path / "consilience-1.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text(f"consilience/code.py,sha256={told},2\n")
    monkeypatch.setattr(environment, "checkout_of", lambda: None)
    monkeypatch.setattr(
        environment.importlib.metadata, "distribution", lambda _: PathDistribution(metadata)
    )
    files = lambda: {f"consilience/{one.name}": one for one in package.iterdir()}  # noqa: E731
    monkeypatch.setattr(environment, "package_files", files)
    return package


def test_a_wheel_is_what_it_was(wheel):
    assert environment.refuse_changed_code() is None
    assert not environment.is_beside(wheel)
    for name in ("pyproject.toml", "hw", "sim", "host"):
        (wheel / name).touch()
    assert environment.is_beside(wheel)


@pytest.mark.parametrize(
    ("name", "content"), [("code.py", "2\n"), ("code.py", None), ("more.py", "3\n")]
)
def test_another_file_than_that_of_the_wheel_is_refused(wheel, name, content):
    if content is None:
        (wheel / name).unlink()
    else:
        (wheel / name).write_text(content)
    with pytest.raises(BadInput, match=f"differ from it: consilience/{name}; install it again"):
        environment.refuse_changed_code()


def test_code_of_no_known_origin_is_refused(wheel):
    record = wheel.parent / "consilience-1.dist-info" / "RECORD"
    record.write_text("")
    with pytest.raises(BadInput, match="this is neither"):
        environment.refuse_changed_code()
