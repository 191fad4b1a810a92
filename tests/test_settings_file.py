"""The settings file: what it may say, what is refused, and what goes before it."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.errors import UsageError
from pipelines.session import Settings
from pipelines.settings_file import SettingsFile, read_settings

SAMPLE = Path(__file__).parents[1] / "sample_data" / "settings.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def test_the_sample_says_the_defaults_and_names_every_key() -> None:
    sample, default = read_settings(SAMPLE), SettingsFile()
    assert sample.schedule == default.schedule
    assert sample.privacy == default.privacy
    assert sample.audiences == default.audiences
    assert sample.notifications.model_copy(update={"email": None}) == default.notifications
    text = SAMPLE.read_text(encoding="utf-8")
    for part in (sample, sample.paths, sample.schedule, sample.notifications, sample.privacy):
        assert not [name for name in type(part).model_fields if f"{name}:" not in text]


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, "# nothing yet\n")) == SettingsFile()


def test_folders_are_relative_to_the_file_and_a_preset_is_no_folder(tmp_path: Path) -> None:
    file = written(tmp_path, "paths: {exports: in, out: /var/out, mapping: preset:zendesk}\n")
    paths = read_settings(file).paths
    assert paths.exports == tmp_path / "in"
    assert paths.out == Path("/var/out")
    assert paths.mapping == Path("preset:zendesk")


def test_every_problem_is_said_at_once_with_its_key(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        paths: {exports: 7}
        schedule: {day: 29, hour: 24, first_month: 2020-13}
        notifications: {through: [email, pager]}
        privacy: {names: hide}
        audience: true
        """,
    )
    with pytest.raises(UsageError) as stopped:
        read_settings(file)
    lines = str(stopped.value).splitlines()
    assert lines[0] == "The settings cannot be used:"
    for key in (
        "paths.exports",
        "schedule.day",
        "schedule.hour",
        "schedule.first_month",
        "notifications.through.1",
        "privacy.names",
        "audience",
    ):
        assert sum(f"{file}: {key}: " in line for line in lines) == 1, key
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("notifications: {through: [email]}", "add email with host, sender and recipients"),
        ("schedule: {day: 5, deadline_day: 4}", "comes before day 5"),
        ("schedule: {day: 3}\nschedule: {day: 4}", "stands twice"),
        ("schedule: [", "cannot be read as YAML"),
        ("- a list", "valid dictionary"),
        ("privacy: {ids: omit}", "privacy.ids"),
        ("audiences: some", "audiences: "),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_settings(written(tmp_path, text))


def test_a_kind_of_name_may_have_a_treatment_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, "privacy: {names: pseudonyms, people: omit, agents: keep}")
    assert read_settings(file).privacy.treatments == {
        "agents": "keep", "customers": "pseudonyms", "people": "omit", "texts": "keep"
    }  # fmt: skip


def test_the_key_lies_beside_the_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    def key_file(text: str) -> Path | None:
        return read_settings(written(tmp_path, text)).privacy.key_file

    assert key_file("privacy: {names: omit}") == tmp_path / "privacy.key"
    assert key_file("privacy: {names: omit, key_file: keys/k}") == tmp_path / "keys" / "k"
    assert key_file("privacy: {names: keep}") is None


def test_a_deadline_on_the_day_itself_is_allowed(tmp_path: Path) -> None:
    file = written(tmp_path, "schedule: {day: 4, deadline_day: 4}")
    assert read_settings(file).schedule.deadline_day == 4


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        read_settings(tmp_path / "nowhere.yaml")


def test_variables_go_before_the_file_and_the_file_before_the_defaults(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        paths: {exports: in, out: out, terms: terms}
        memory_limit: 2GB
        schedule: {first_month: 2024-05}
        """,
    )
    told = Settings.from_environment({"SLA_SETTINGS": str(file), "SLA_OUT": "elsewhere"})
    assert told.exports == tmp_path / "in"
    assert told.out == Path("elsewhere")
    assert told.terms == tmp_path / "terms"
    assert told.memory_limit == "2GB"
    assert told.file.schedule.first_month == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--exports DIR, or paths.exports"),
        (["--exports", "."], "--out DIR, or paths.out"),
    ],
)
def test_a_run_without_folders_is_told_where_to_name_them(options: list[str], words: str) -> None:
    result = CliRunner(env={"SLA_SETTINGS": None}).invoke(cli.main, ["run", *options])
    assert result.exit_code == 2
    assert words in result.output


def test_a_run_takes_its_folders_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = written(tmp_path, "paths: {exports: in, out: out}")
    result = CliRunner().invoke(cli.main, ["run", "--settings", str(file)])
    assert result.exit_code == 1
    assert f"No tickets export in {tmp_path / 'in'}" in result.output
    assert (tmp_path / "out").is_dir()
