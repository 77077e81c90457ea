"""Runs in a pod: calls an address steadily, and prints as JSON what came of it.

    python3 - URL PER_SECOND SECONDS

Each call has a connection of its own, so that each goes through the Service anew.
"""

import http.client
import json
import sys
import threading
import time
import urllib.request
from collections import Counter

THREADS = 8


def call(url: str, per_second: float, seconds: float, outcomes: list[str]) -> None:
    """Call at times that do not depend on the answers."""
    start = time.monotonic()
    for n in range(max(1, int(per_second * seconds))):
        time.sleep(max(0.0, start + n / per_second - time.monotonic()))
        if time.monotonic() > start + seconds + 10:
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                outcomes.append(str(answer.status))
        except (OSError, http.client.HTTPException) as error:
            outcomes.append(f"{getattr(error, 'code', '')} {error}".strip())


def main() -> None:
    """Call from several threads, and count."""
    url, per_second, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    outcomes: list[str] = []
    work = (url, per_second / THREADS, seconds, outcomes)
    threads = [threading.Thread(target=call, args=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(Counter(outcomes)))


if __name__ == "__main__":
    main()
