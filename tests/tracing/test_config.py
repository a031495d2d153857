"""Settings: argument, else environment, else default; every one documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import catalyst_sdk
from catalyst_sdk.config import FAMILIES, SETTINGS, Settings, resolve
from catalyst_sdk.errors import ConfigError

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
NOT_TO_BE_SET = {
    "from_environment",
    "compression",
    "certificate",
    "client_certificate",
    "client_key",
}


def test_every_setting_and_argument_is_documented():
    arguments = inspect.signature(catalyst_sdk.init).parameters
    names = {*Settings.__struct_fields__, *arguments} - NOT_TO_BE_SET
    assert {name for name in names if f"| `{name}`" not in PAGE} == set()


def test_every_variable_is_documented_and_no_other():
    families = (setting for family in FAMILIES.values() for setting in family.values())
    read = {name for setting in (*SETTINGS.values(), *families) for name in setting.variables}
    elsewhere = {  # by OpenTelemetry's SDK, or as a switch
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_EXPORTER",
    }
    assert set(re.findall(r"\b(?:CATALYST|OTEL|INFERENCE)_[A-Z_]+", PAGE)) == read | elsewhere


def test_every_argument_but_objects_is_a_setting():
    arguments = set(inspect.signature(catalyst_sdk.init).parameters)
    assert arguments - set(Settings.__struct_fields__) == {
        "exporters",
        "hooks",
        "provider",
        "set_global",
    }


def test_an_argument_wins_over_the_environment_and_that_over_the_default():
    environment = {"CATALYST_AGENT_NAME": "env", "CATALYST_SAMPLE_RATE": "0.5"}
    settings = resolve({"agent_name": "argument", "user_id": None}, environment)
    assert (settings.agent_name, settings.sample_rate, settings.user_id) == ("argument", 0.5, None)
    assert settings.capture_content is True


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("CATALYST_INSTRUMENT", "false", "instrument", False),
        ("CATALYST_INSTRUMENT", "openai, langchain", "instrument", ("openai", "langchain")),
        ("CATALYST_CAPTURE_CONTENT", "no", "capture_content", False),
        (
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
            "NO_CONTENT",
            "capture_content",
            False,
        ),
        (
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
            "span_only",
            "capture_content",
            True,
        ),
        ("CATALYST_REDACT", "keys,emails", "redact", ("keys", "emails")),
        ("CATALYST_MAX_CONTENT_CHARS", "500", "max_content_chars", 500),
        ("CATALYST_DEBUG", "1", "debug", True),
        ("OTEL_SDK_DISABLED", "true", "disabled", True),
        ("CATALYST_FILE", "  ", "file", None),
    ],
)
def test_a_variable_is_read(variable, text, name, value):
    assert getattr(resolve({}, {variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "name"),
    [
        ("CATALYST_SAMPLE_RATE", "2", "sample_rate"),
        ("CATALYST_SAMPLE_RATE", "most", "sample_rate"),
        ("CATALYST_MAX_CONTENT_CHARS", "-1", "max_content_chars"),
        ("CATALYST_DEBUG", "perhaps", "debug"),
        ("CATALYST_DIALECT", "klingon", "dialect"),
    ],
)
def test_a_wrong_variable_is_said_and_ignored(variable, text, name, caplog):
    assert getattr(resolve({}, {variable: text}), name) == getattr(Settings(), name)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert variable in caplog.text


def test_an_unreadable_answer_about_privacy_means_no():
    assert resolve({}, {"CATALYST_CAPTURE_CONTENT": "flase"}).capture_content is False


@pytest.mark.parametrize(
    "arguments",
    [
        {"sample_rate": 1.5},
        {"max_content_chars": -1},
        {"protocol": "http"},
        {"dialect": "klingon"},
    ],
)
def test_a_wrong_argument_is_refused_by_name(arguments):
    with pytest.raises(ConfigError, match=next(iter(arguments))):
        resolve(arguments, {})


def test_the_families_of_endpoints_are_asked_in_turn_and_never_mixed():
    environment = {
        "CATALYST_API_KEY": "ours",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b,y=2",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem",
        "INFERENCE_OTLP_ENDPOINT": "https://hosted.example",
        "INFERENCE_API_KEY": "theirs",
    }
    otel = resolve({}, environment)
    assert (otel.endpoint, otel.api_key) == ("http://collector:4318", None)
    assert otel.headers == {"x-team": "a b", "y": "2"}
    assert (otel.protocol, otel.certificate) == ("grpc", "ca.pem")
    assert "endpoint" in otel.from_environment

    hosted = resolve({}, environment, otel_endpoint=False)
    assert (hosted.endpoint, hosted.api_key) == ("https://hosted.example", "theirs")
    assert (hosted.protocol, hosted.headers) == ("http/json", {})
    assert resolve({}, environment | {"OTEL_TRACES_EXPORTER": "none"}) == hosted

    ours = resolve({}, environment | {"CATALYST_ENDPOINT": "http://127.0.0.1:8799"})
    assert (ours.endpoint, ours.api_key) == ("http://127.0.0.1:8799", "ours")
    assert (ours.protocol, ours.headers, ours.certificate) == ("http/protobuf", {}, None)

    argument = resolve({"endpoint": "http://b", "protocol": "http/json"}, environment)
    assert (argument.endpoint, argument.api_key, argument.protocol) == (
        "http://b",
        "ours",
        "http/json",
    )


def test_keys_are_not_shown():
    settings = resolve({"endpoint": "http://b", "api_key": "k3y", "headers": {"x": "s3cret"}}, {})
    assert repr(settings) == "Settings(endpoint='http://b', api_key='…', headers='…')"


def test_no_endpoint_no_key():
    assert resolve({}, {"CATALYST_API_KEY": "k", "INFERENCE_API_KEY": "k"}) == Settings()


def test_equal_arguments_in_other_forms_are_equal(tmp_path):
    one = resolve({"file": tmp_path / "a", "instrument": "openai", "headers": {"a": "b"}}, {})
    other = resolve(
        {"file": str(tmp_path / "a"), "instrument": ["openai"], "headers": {"a": "b"}}, {}
    )
    assert one == other
