"""SIGTERM under load: two servers, replaced one after the other, and nobody may notice.

The balancer is what kube-proxy is: it chooses a server for each new connection, and learns one
second late that a server is going away. Connections that exist stay where they are.
"""

import asyncio
import random
from collections import Counter

import uvloop
from tests.bench.load import FAILED, Connection, connect, request
from tests.bench.report import Figure, count
from tests.bench.servers import OURS, Server

TITLE = "SIGTERM under load"
TEXT = """\
Two servers are replaced one after the other, under load, with the default drain. New connections
still go to a server for one second after its SIGTERM. Three kinds of clients at once, together
below the capacity: busy keep-alive connections, mostly idle ones, a connection a request."""

_LATE_SECONDS = 1.0
_BUSY, _IDLE, _SINGLE = 16, 48, 8
_SECONDS_BETWEEN = 2.0


class _Balancer:
    """Servers that new connections go to."""

    def __init__(self) -> None:
        self.servers: list[Server] = []

    async def connection(self) -> Connection:
        return await connect(random.choice(self.servers).port)


def measure(*, quick: bool) -> list[Figure]:
    """Requests that failed, and how the servers ended."""
    statuses, codes = uvloop.run(_measure(*((15_000, 1) if quick else (100_000, 4))))
    asked = sum(statuses.values())
    failed = asked - statuses[200]
    bad = [code for code in codes if code != 0]
    kinds = ", ".join(
        f"{count(number)} x {status or 'no answer'}"
        for status, number in sorted(statuses.items())
        if status != 200
    )
    remark = f"of {count(asked)}, over {len(codes)} SIGTERMs{kinds and ': ' + kinds}"
    return [
        Figure("failed requests", count(failed), remark, "0", reached=failed == 0),
        Figure(
            "exit code after SIGTERM",
            ", ".join(map(str, sorted(set(codes)))),
            "not as PID 1; the image's tests have that",
            "0",
            reached=not bad,
        ),
    ]


async def _measure(requests: int, sigterms: int) -> tuple[Counter[int], list[int]]:
    balancer, statuses, over = _Balancer(), Counter[int](), asyncio.Event()
    balancer.servers = [await _started(), await _started()]
    try:
        users = [
            *(_keep_alive(balancer, statuses, over, pause=0.02) for _ in range(_BUSY)),
            *(_keep_alive(balancer, statuses, over, pause=0.5) for _ in range(_IDLE)),
            *(_single(balancer, statuses, over) for _ in range(_SINGLE)),
        ]
        load = [asyncio.create_task(user) for user in users]
        codes = []
        while statuses.total() < requests or len(codes) < sigterms:
            await asyncio.sleep(_SECONDS_BETWEEN)
            codes.append(await _replace_oldest(balancer))
        over.set()
        await asyncio.gather(*load)
    finally:
        for server in balancer.servers:
            server.kill()
    return statuses, codes


async def _started() -> Server:
    server = Server(OURS, core=None)
    await asyncio.to_thread(server.until_ready)
    return server


async def _replace_oldest(balancer: _Balancer) -> int:
    balancer.servers.append(await _started())
    oldest = balancer.servers[0]
    oldest.terminate()
    await asyncio.sleep(_LATE_SECONDS)
    balancer.servers.remove(oldest)
    return await asyncio.to_thread(oldest.popen.wait, 60)


async def _keep_alive(
    balancer: _Balancer, statuses: Counter[int], over: asyncio.Event, pause: float
) -> None:
    connection, asked = await balancer.connection(), request("/test")
    while not over.is_set():
        if not connection.is_open:
            connection = await balancer.connection()
        statuses[await _status(connection, asked)] += 1
        await asyncio.sleep(random.uniform(0, pause))
    connection.close()


async def _single(balancer: _Balancer, statuses: Counter[int], over: asyncio.Event) -> None:
    asked = request("/test", close=True)
    while not over.is_set():
        try:
            connection = await balancer.connection()
        except OSError:
            statuses[FAILED] += 1
            continue
        statuses[await _status(connection, asked)] += 1
        connection.close()
        await asyncio.sleep(random.uniform(0, 0.02))


async def _status(connection: Connection, asked: bytes) -> int:
    try:
        async with asyncio.timeout(5):
            return await connection.get(asked)
    except TimeoutError:
        return FAILED
