from __future__ import annotations

from pathlib import Path

import click
import pytest

from catalyst_sdk import errors
from catalyst_sdk.cli._boundary import EXIT_CODES
from catalyst_sdk.cli._boundary import run as run_command
from cli.made_spans import Run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.CatalystError("x"), 1),
        (errors.ConfigError("x"), 2),
        (errors.MissingExtra("openai", "The demo"), 1),
        (errors.BadInput("x"), 1),
        (errors.NotFound("x"), 3),
        (errors.AmbiguousId("x", ["a", "b"]), 3),
        (errors.Unauthorised("x"), 4),
        (errors.Unreachable("x"), 5),
        (errors.EngineError("x"), 1),
        (errors.RunFailed("x"), 6),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Exit(10), 10),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(error: BaseException, code: int):
    @click.command()
    def fails() -> None:
        raise error

    assert run_command(fails, []) == code


def test_every_code_of_an_error_that_is_listed_exists():
    classes = [errors.CatalystError]
    for one in classes:
        classes += one.__subclasses__()
    known = {one.code for one in classes}
    assert set(EXIT_CODES) - known == {"timed_out"}  # for a server's runs


def test_an_extra_that_is_missing_says_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch):
    def lacking(*_: object, **__: object) -> int:
        raise errors.MissingExtra("openai", "The demo's agent")

    monkeypatch.setattr("catalyst_sdk.demo.run_and_report", lacking)
    ran = run("demo")
    assert ran.code == 1
    assert ran.err == (
        "error: The demo's agent needs the extra [openai].\n"
        "In your checkout of the SDK run: pip install -e '.[openai]'\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    shown = run("--show-completion", shell).out
    assert "_CATALYST_COMPLETE" in shown
    assert run("--install-completion", shell).code == 0
    assert run("--install-completion", shell).code == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    scripts = [path for path in files if path.read_text().strip() == shown.strip()]
    assert len(scripts) == 1
    if shell != "fish":
        start = (tmp_path / f".{shell}rc").read_text()
        assert start.count(str(scripts[0])) == 2
        assert start.count("# catalyst completion") == 1


def test_each_command_has_help_with_an_example(run: Run):
    from catalyst_sdk.cli._app import app

    ctx = click.Context(app, info_name="catalyst")
    for noun in app.list_commands(ctx):
        group = app.get_command(ctx, noun)
        assert group is not None
        verbs = group.list_commands(ctx) if isinstance(group, click.Group) else [""]
        for verb in verbs:
            ran = run(*[word for word in (noun, verb) if word], "--help")
            assert ran.code == 0
            assert f"Example:\n  catalyst {noun}" in ran.out


def test_a_noun_alone_shows_its_help(run: Run):
    ran = run("trace")
    assert ran.code == 2
    assert "Commands:\n  list" in ran.err
