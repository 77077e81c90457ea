"""An upgrade that cannot work changes nothing for those who call."""

import time

from tests.cluster.cluster import namespace

NEVER_READY = '--set-json=env={"ROOKERY_HOST": "192.0.2.1"}'


def test_failed_upgrade_rolls_back_while_the_old_pods_serve():
    """Pods that never start are taken back, and every call meanwhile is answered."""
    with namespace("rookery-test-rollback") as release:
        release.install()
        before = {pod["metadata"]["name"] for pod in release.pods()}
        with release.calling(per_second=20, seconds=50) as outcomes:
            start = time.monotonic()
            options = [NEVER_READY, "--rollback-on-failure", "--wait", "--timeout=25s"]
            result = release.helm("upgrade", *options, check=False)
            print(f"\nfailed and rolled back after {time.monotonic() - start:.1f} s", end="")
            serving = {pod["metadata"]["name"] for pod in release.pods()}

            assert 0 != result.returncode
            assert before <= serving
        history = release.helm("history").stdout

        assert {"200"} == set(outcomes)
        assert "Rollback to 1" in history
        assert 2 == release.ready()
