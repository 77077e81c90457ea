"""Load, made by raw sockets: an HTTP client library would be slower than the servers.

Closed loop: so many connections, each of which asks again when it was answered. It finds the most
that a server can do. Open loop: so many requests a second, whatever becomes of them, as real users
are. It finds what a server does when that is too much.
"""

import asyncio
import collections
import contextlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import uvloop
from tests.bench.servers import HOST

FAILED = 0  # in place of a status: no answer, or none in time


def request(path: str, method: str = "GET", *, close: bool = False) -> bytes:
    """The bytes of a request."""
    connection = "connection: close\r\n" if close else ""
    return f"{method} {path} HTTP/1.1\r\nhost: bench\r\n{connection}\r\n".encode()


def closed_loop(
    port: int,
    path: str,
    *,
    connections: int = 32,
    requests: int | None = None,
    seconds: float | None = None,
) -> float:
    """Keep `connections` busy, for so many `requests` or `seconds`; gives 200s a second."""
    return uvloop.run(_closed_loop(port, request(path), connections, requests, seconds))


async def _closed_loop(
    port: int, asked: bytes, connections: int, requests: int | None, seconds: float | None
) -> float:
    loop, done, answered = asyncio.get_running_loop(), asyncio.Event(), 0

    def on_answer(connection: Connection, status: int) -> None:
        nonlocal answered
        answered += status == 200
        if done.is_set() or status == FAILED:
            return
        if answered == requests:
            done.set()
        connection.ask(asked, on_answer)

    pool = [await connect(port) for _ in range(connections)]
    started = time.perf_counter()
    if seconds is not None:
        loop.call_later(seconds, done.set)
    for connection in pool:
        connection.ask(asked, on_answer)
    await done.wait()
    rate = answered / (time.perf_counter() - started)
    for connection in pool:
        connection.close()
    return rate


class Connection(asyncio.Protocol):
    """A client's connection: one request at a time, and its answer read to the end."""

    transport: Any

    def __init__(self) -> None:
        self.is_open = False
        self._on_answer: Callable[[Connection, int], None] | None = None
        self._answer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.is_open = True

    def ask(self, asked: bytes, on_answer: "Callable[[Connection, int], None]") -> None:
        """Send a request; `on_answer` gets the status, or `FAILED` if the connection breaks."""
        self._answer, self._on_answer = b"", on_answer
        self.transport.write(asked)

    async def get(self, asked: bytes) -> int:
        """Send a request and wait for its status; one that nobody waits for closes it."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.ask(asked, lambda _, status: None if answer.done() else answer.set_result(status))
        try:
            return await answer
        except asyncio.CancelledError:
            self.close()
            raise

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) >= int(length):
            if b"connection: close" in head.lower():
                self.close()
            self._settle(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.is_open = False
        self._settle(FAILED)

    def close(self) -> None:
        """Close it, and use it no more."""
        self.is_open = False
        self.transport.abort()

    def _settle(self, status: int) -> None:
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            on_answer(self, status)


async def connect(port: int) -> Connection:
    """A new connection to a server of this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return connection


@dataclass
class Outcome:
    """What became of the requests of an open loop."""

    seconds: float
    latencies: dict[int, list[float]] = field(default_factory=lambda: collections.defaultdict(list))

    def __add__(self, other: "Outcome") -> "Outcome":
        both = Outcome(self.seconds + other.seconds)
        for part in (self, other):
            for status, latencies in part.latencies.items():
                both.latencies[status] += latencies
        return both

    @property
    def asked(self) -> int:
        """How many there were."""
        return sum(map(len, self.latencies.values()))

    def count(self, status: int) -> int:
        """How many were answered with `status`."""
        return len(self.latencies[status])

    @property
    def failed(self) -> int:
        """How many had no answer, or none in time."""
        return self.count(FAILED)

    @property
    def goodput(self) -> float:
        """200s a second."""
        return self.count(200) / self.seconds

    def percentile(self, share: float, status: int = 200) -> float:
        """Latency in seconds below which this share of the answers with `status` came."""
        ordered = sorted(self.latencies[status]) or [float("nan")]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class OpenLoop:
    """Requests to one server at random times, each with a time-out; connections are reused."""

    def __init__(self, port: int, *, patience: float = 1, seed: int = 1) -> None:
        self._port = port
        self._patience = patience
        self._random = random.Random(seed)
        self._idle: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, path: str, rate: float, *parts: float) -> list[Outcome]:
        """Ask `rate` times a second; gives an outcome for each of `parts`, so many seconds long."""
        outcomes, asked = [Outcome(seconds) for seconds in parts], request(path)
        due = end = time.perf_counter()
        for outcome in outcomes:
            end += outcome.seconds
            while due < end:
                await asyncio.sleep(due - time.perf_counter())
                self._start(asked, outcome)
                due += self._random.expovariate(rate)
        await asyncio.gather(*self._tasks)
        self._close()
        return outcomes

    async def burst(self, path: str, requests: int) -> Outcome:
        """Ask that often at once."""
        outcome = Outcome(1)
        for _ in range(requests):
            self._start(request(path), outcome)
        await asyncio.gather(*self._tasks)
        return outcome

    def _close(self) -> None:
        for connection in self._idle:
            connection.close()

    def _start(self, asked: bytes, outcome: Outcome) -> None:
        task = asyncio.create_task(self._ask(asked, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, asked: bytes, outcome: Outcome) -> None:
        started, status = time.perf_counter(), FAILED
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(self._patience):
                connection = self._take() or await connect(self._port)
                status = await connection.get(asked)
                if connection.is_open:
                    self._idle.append(connection)
        outcome.latencies[status].append(time.perf_counter() - started)

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None


async def send_all(port: int, requests: Iterable[bytes], connections: int = 32) -> None:
    """Send `requests`, whatever the answers are."""
    left = iter(requests)

    async def user() -> None:
        connection = await connect(port)
        for asked in left:
            if not connection.is_open:
                connection = await connect(port)
            await connection.get(asked)
        connection.close()

    await asyncio.gather(*(user() for _ in range(connections)))
