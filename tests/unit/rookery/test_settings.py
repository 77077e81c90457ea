"""Settings: from the environment and mounted files, or one sentence that says why not."""

import pytest
from pydantic import ValidationError

from rookery.settings import Settings, SettingsError, load, variable


def test_defaults():
    """With nothing set, the service listens on every address, port 8123, and trusts no proxy."""
    chosen = load({})

    assert ("0.0.0.0", 8123, None) == (chosen.host, chosen.port, chosen.admin_port)
    assert () == chosen.forwarded_allow_ips


def test_frozen():
    """Settings do not change while the process runs."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_empty_is_unset():
    """A manifest can leave a variable blank."""
    assert 8123 == load({"ROOKERY_PORT": ""}).port


def test_mounted_file(tmp_path):
    """A file of the variable's name in the secrets folder sets it; the variable itself wins."""
    (tmp_path / "ROOKERY_PORT").write_text("9000\n")
    (tmp_path / "ROOKERY_LOG_LEVEL").write_text("error")
    chosen = load({"ROOKERY_SECRETS_DIR": str(tmp_path), "ROOKERY_LOG_LEVEL": "debug"})

    assert (9000, "debug") == (chosen.port, chosen.log_level)


def test_unreadable_file(tmp_path):
    """A mounted setting that cannot be read stops the start; it is not taken for unset."""
    (tmp_path / "ROOKERY_PORT").mkdir()

    with pytest.raises(
        SettingsError, match=r"cannot read the setting ROOKERY_PORT from .*director"
    ):
        load({"ROOKERY_SECRETS_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
        ("*", ("*",)),
    ],
)
def test_trusted_proxies(given, expected):
    """Trusted proxies are addresses and networks, comma-separated, or everybody."""
    assert expected == load({"ROOKERY_FORWARDED_ALLOW_IPS": given}).forwarded_allow_ips


@pytest.mark.parametrize(
    ("given", "expected"), [("api", "/api"), ("/api/v1/", "/api/v1"), ("/", "")]
)
def test_root_path(given, expected):
    """A path prefix is understood with and without its slashes."""
    assert expected == load({"ROOKERY_ROOT_PATH": given}).root_path


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"ROOKERY_PORT": "abc"},
            (
                "ROOKERY_PORT is 'abc': input should be a valid integer, unable to parse string as an "
                "integer (unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_DRAIN_SECONDS": "-1"},
            (
                "ROOKERY_DRAIN_SECONDS is '-1': input should be greater than or equal to 0 "
                "(unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_STOP_TIMEOUT_SECONDS": "inf"},
            (
                "ROOKERY_STOP_TIMEOUT_SECONDS is 'inf': input should be a finite number "
                "(unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_LOG_LEVEL": "loud"},
            (
                "ROOKERY_LOG_LEVEL is 'loud': input should be 'debug', 'info', 'warning' or 'error' "
                "(unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_FORWARDED_ALLOW_IPS": "10.0.0.1,'*'"},
            (
                "ROOKERY_FORWARDED_ALLOW_IPS is \"10.0.0.1,'*'\": \"'*'\" does not appear to be an "
                "IPv4 or IPv6 network (unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_ADMIN_PORT": "8123"},
            (
                "ROOKERY_ADMIN_PORT is 8123, the port of the service itself: choose another, or unset "
                "it to serve metrics and probes on ROOKERY_PORT"
            ),
        ),
        (
            {"OTEL_SDK_DISABLED": "perhaps"},
            (
                "OTEL_SDK_DISABLED is 'perhaps': input should be a valid boolean, unable to interpret "
                "input (unset it for the default)"
            ),
        ),
        (
            {"ROOKERY_PORT": "tcp://10.96.0.7:80"},
            (
                "ROOKERY_PORT is 'tcp://10.96.0.7:80': input should be a valid integer, unable to "
                "parse string as an integer (Kubernetes set it for a Service: set enableServiceLinks "
                "to false)"
            ),
        ),
        (
            {"ROOKERY_PROT": "80"},
            "ROOKERY_PROT is not a setting: did you mean ROOKERY_PORT?",
        ),
        (
            {"ROOKERY_COLOUR": "blue"},
            "ROOKERY_COLOUR is not a setting: unset it; docs/settings.md lists them.",
        ),
    ],
)
def test_refusals(environment, sentence):
    """What cannot be used is refused in one sentence: the variable, its value, what is expected."""
    with pytest.raises(SettingsError) as refusal:
        load(environment)

    assert sentence == str(refusal.value)


def test_every_fault_is_named():
    """Two wrong settings are two sentences, so that nobody has to start twice to see both."""
    with pytest.raises(SettingsError) as refusal:
        load({"ROOKERY_PORT": "x", "ROOKERY_DOCS": "maybe"})

    assert 2 == len(str(refusal.value).splitlines())


def test_ports_that_are_both_free():
    """Port 0 asks for any free one, twice if need be."""
    chosen = load({"ROOKERY_PORT": "0", "ROOKERY_ADMIN_PORT": "0"})

    assert (0, 0) == (chosen.port, chosen.admin_port)


def test_service_links_are_not_misspellings():
    """What Kubernetes adds for Services named like the prefix is no misspelt setting."""
    links = {
        "ROOKERY_SERVICE_HOST": "10.96.0.7",
        "ROOKERY_SERVICE_PORT_HTTP": "80",
        "ROOKERY_PORT_80_TCP_ADDR": "10.96.0.7",
        "ROOKERY_BLUE_PORT": "tcp://10.96.0.8:80",
    }

    assert 8123 == load(links).port


def test_programs_may_not_invent_settings():
    """A field that does not exist is an error in code too."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        Settings(colour="blue")


@pytest.mark.parametrize("given", [7, ("10.0.0.1",)])
def test_addresses_from_code(given):
    """From code, addresses come as a sequence; anything else is refused by its type."""
    if given == 7:
        with pytest.raises(ValidationError, match="valid tuple"):
            Settings(forwarded_allow_ips=given)
    else:
        assert given == Settings(forwarded_allow_ips=given).forwarded_allow_ips


def test_root_path_from_code():
    """A path prefix that is no text is refused by its type."""
    with pytest.raises(ValidationError, match="valid string"):
        Settings(root_path=1)


def test_tracing_is_asked_for_by_an_endpoint():
    """A collector's address turns tracing on, and OpenTelemetry's own switch turns it off."""
    endpoint = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}

    assert (
        load({}).tracing,
        load(endpoint).tracing,
        load({**endpoint, "OTEL_SDK_DISABLED": "true"}).tracing,
    ) == (False, True, False)


def test_variable_names():
    """Settings are ROOKERY_ variables; those of OpenTelemetry keep the names that it defines."""
    assert "ROOKERY_PORT" == variable("port")
    assert "OTEL_SDK_DISABLED" == variable("otel_sdk_disabled")
