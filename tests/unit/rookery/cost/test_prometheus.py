"""Traffic out of Prometheus: a real one where there is one, and servers that fail as real ones do."""

import contextlib
import datetime as dt
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from tests.support import free_port, until

from rookery.cost import prometheus
from rookery.cost.refusal import Refusal
from rookery.cost.series import Reading

END = dt.datetime(2026, 3, 16, tzinfo=dt.UTC)
START = END - dt.timedelta(days=14)
QUERY = "sum(rate(http_requests_total[2m]))"


class Answers(BaseHTTPRequestHandler):
    """Answers as the server's `mode` says: the rate is 10, 20 or 30, by the minute."""

    def do_GET(self):
        """Answer a query."""
        asked = {k: v[0] for k, v in urllib.parse.parse_qs(self.path.partition("?")[2]).items()}
        self.server.asked.append({**asked, "authorization": self.headers["Authorization"]})
        MODES[self.server.mode](self, asked)

    def say(self, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
            self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)

    def matrix(self, asked, *factors, since=0, **more):
        start, end, step = (int(asked[key]) for key in ("start", "end", "step"))
        if (end - start) // step + 1 > 11_000:
            error = "exceeded maximum resolution of 11,000 points per timeseries"
            return self.say(400, {"status": "error", "errorType": "bad_data", "error": error})
        times = [at for at in range(start, end + 1, step) if at >= since]
        result = [
            {
                "metric": {"code": str(n)},
                "values": [[at, str(factor * (10 + 10 * (at // 60 % 3)))] for at in times],
            }
            for n, factor in enumerate(factors)
        ]
        data = {"resultType": "matrix", "result": result if times else []}
        return self.say(200, {"status": "success", "data": data, **more})

    def limit(self, asked):
        self.matrix(asked, 1)

    def log_message(self, *_):
        """Say nothing."""


def html(status):
    """A page instead of an answer."""
    return lambda ours, _: ours.say(status, b"<html>down</html>", "text/html; charset=utf-8")


SUCCESS = {"status": "success", "data": {"resultType": "vector", "result": [{}]}}
MODES = {
    "limit": lambda ours, asked: ours.matrix(asked, 1),
    "two": lambda ours, asked: ours.matrix(asked, 0.25, 0.75),
    "warn": lambda ours, asked: ours.matrix(asked, 1, warnings=["results may be incomplete"]),
    "nan": lambda ours, asked: ours.matrix(asked, float("nan")),
    "empty": lambda ours, asked: ours.matrix(asked, since=END.timestamp() + 1),
    "late": lambda ours, asked: ours.matrix(asked, 1, since=START.timestamp() + 3600),
    "negative": lambda ours, asked: ours.matrix(asked, -1),
    "vector": lambda ours, _: ours.say(200, SUCCESS),
    "listed": lambda ours, _: ours.say(200, [1]),
    "bad": lambda ours, _: ours.say(400, {"status": "error", "error": "parse error: at end"}),
    "unauthorised": lambda ours, _: ours.say(401, b"no", "text/plain"),
    "unavailable": html(503),
    "login": lambda ours, _: ours.say(302, b"", Location="https://login.example/?secret=1"),
    "page": html(200),
    "slow": lambda ours, _: ours.server.done.wait(5),
    "cut": lambda *_: None,
}


@contextlib.contextmanager
def serving(mode):
    """A server of that mode; gives its URL and what it was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.mode, server.asked, server.done = mode, [], threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.asked
        finally:
            server.done.set()
            server.shutdown()
            thread.join()


def query(mode, reading=None, **told):
    """Two weeks by minutes of a server of that mode."""
    with serving(mode) as (url, _):
        return prometheus.query(url, QUERY, START, END, 60, reading=reading, **told)


def refused(mode, **told):
    """Why a server's answer is refused."""
    with pytest.raises(Refusal) as refusal:
        query(mode, **told)
    return str(refusal.value)


def test_case_c14_two_weeks_by_minutes():
    """Asked in pieces of at most 11,000 points, joined without a seam."""
    with serving("limit") as (url, asked):
        traffic = prometheus.query(url, QUERY, START, END, 60)
    rates = traffic.rates_rps

    assert (20_161, 10, 30) == (rates.size, rates.min(), rates.max())
    assert 20 == pytest.approx(rates.mean(), abs=0.01)
    assert [10 + 10 * (n % 3) for n in range(20_161)] == (rates).tolist()
    assert ["60", "60"] == [each["step"] for each in asked]
    assert int(asked[0]["end"]) + 60 == int(asked[1]["start"])
    assert START == traffic.start
    assert "20,161 steps of 60 s" in traffic.note


def test_case_c14_several_series():
    """The series of one query are added."""
    traffic = query("two")

    assert 20 == pytest.approx(traffic.rates_rps.mean(), abs=0.01)
    assert "2 series, added" in traffic.note


def test_case_c14_warnings():
    """What Prometheus warns of is said once."""
    assert 1 == query("warn").note.count("results may be incomplete")


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("nan", "no row has a value"),
        ("empty", "has no data"),
        ("late", "60 of 20,161 periods missing"),
        ("negative", "not zero or more"),
        ("vector", "no matrix of numbers"),
        ("listed", "no JSON of Prometheus"),
        ("bad", "refuses the query: parse error"),
        ("unauthorised", "answers 401 and no JSON of Prometheus: the bearer token is missing"),
        ("unavailable", "answers 503 and no JSON of Prometheus: it is text/html;"),
        ("login", "sends elsewhere (302): a login page?"),
        ("page", "answers 200 and no JSON"),
        ("cut", "does not answer"),
    ],
)
def test_case_c14_failures(mode, sentence):
    """One sentence, with the URL and no secret."""
    text = refused(mode)

    assert sentence in text
    assert "http://127.0.0.1" in text or mode == "nan"
    assert "secret" not in text


def test_case_c14_slow():
    """Patience is bounded."""
    assert "did not answer in time" in refused("slow", timeout_seconds=0.2)


def test_nobody_there():
    """A port that nobody listens on is a sentence, too."""
    with pytest.raises(Refusal, match="does not answer"):
        prometheus.query(f"http://127.0.0.1:{free_port()}", QUERY, START, END)


def test_gap_at_the_beginning():
    """What is missing at either end is missing, and filled as told."""
    traffic = query("late", Reading(fill="zero"))

    assert (20_161, [0] * 60) == (traffic.rates_rps.size, traffic.rates_rps[:60].tolist())


def test_bearer_token(tmp_path):
    """It comes from a file, and goes into a header."""
    token = tmp_path / "token"
    token.write_text("abc\n")
    with serving("limit") as (url, asked):
        prometheus.query(f"{url}/", QUERY, START, END, 3600, token_file=str(token))

    assert "Bearer abc" == asked[0]["authorization"]


@pytest.mark.parametrize("content", [None, b"", b"two\nlines", b"\xff"])
def test_no_token(tmp_path, content):
    """A file without one is refused before anything is sent, and not shown."""
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)

    with pytest.raises(Refusal, match="the token file"):
        prometheus.query("http://127.0.0.1:1", QUERY, START, END, token_file=str(token))


@pytest.mark.parametrize(
    "url", ["prometheus:9090", "http://", "ftp://host", "http://host:port", "x"]
)
def test_no_url(url):
    """Refused by what a URL looks like."""
    with pytest.raises(Refusal, match="is no URL"):
        prometheus.query(url, QUERY, START, END)


def test_password_is_not_shown():
    """User and password of the URL stay out of every sentence."""
    with pytest.raises(Refusal) as refusal:
        prometheus.query(f"http://me:secret@127.0.0.1:{free_port()}", QUERY, START, END)

    assert "secret" not in str(refusal.value)


def test_no_time():
    """A start after the end is refused."""
    with pytest.raises(Refusal, match="no two steps of 60 s"):
        prometheus.query("http://127.0.0.1:1", QUERY, END, START)


def test_increase():
    """Counts of another length than the step would be read wrongly."""
    with pytest.raises(Refusal, match=r"ask for rate\(\)"):
        prometheus.query("http://127.0.0.1:1", "sum(increase(x_total[5m]))", START, END)


def test_window_shorter_than_step():
    """What the query does not look at is said."""
    with serving("limit") as (url, _):
        traffic = prometheus.query(url, QUERY, START, END, 3600)

    assert "looks at 120 s of each step of 3600 s" in traffic.note


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The URL of a real Prometheus that scrapes itself every second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("needs the program prometheus on PATH")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: itself\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command) as process:
        try:
            until(lambda: _scraped(url), 60)
            yield url
        finally:
            process.terminate()


def _scraped(url):
    """Whether there are samples of some seconds."""
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"{url}/api/v1/query", params={"query": "count_over_time(up[1m])"})
        result = answer.json()["data"]["result"] if answer.is_success else []  # 503 as it starts
        return bool(result) and int(result[0]["value"][1]) >= 8
    return False


def test_real_prometheus(real):
    """Its answer is read, and its refusal passed on."""
    end = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    start = end - dt.timedelta(seconds=5)
    traffic = prometheus.query(real, 'sum by (job) (up{job="itself"}) * 7', start, end, 1)

    assert [7] * 6 == traffic.rates_rps.tolist()
    with pytest.raises(Refusal, match=r"refuses the query: .*parse error"):
        prometheus.query(real, "sum(", start, end, 1)


def test_real_prometheus_limits_points(real):
    """More than 11,000 points are refused in one query, and fine in ours."""
    end = int(time.time())
    params = {"query": "vector(3)", "start": end - 11_001, "end": end, "step": 1}
    answer = httpx.get(f"{real}/api/v1/query_range", params=params)
    now = dt.datetime.fromtimestamp(end, dt.UTC)
    traffic = prometheus.query(real, "vector(3)", now - dt.timedelta(seconds=25_000), now, 1)

    assert re.search("11,000", answer.json()["error"])
    assert [3] * 25_001 == traffic.rates_rps.tolist()
