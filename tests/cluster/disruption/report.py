"""What is said of each disruption."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.cluster.disruption.load import Result
from tests.cluster.disruption.outcomes import Outcome
from tests.cluster.disruption.pods import Ends

SHOWN_FAILURES = 10
HEAD = (
    "disruption", "requests", "failures", "shed", "slowest, s", "cut", "took, s",
    "exit codes", "last new, s", "last kept, s", "load late, s", "starved",
)  # fmt: skip


@dataclass
class Disruption:
    """One disruption, and what the clients saw of it.

    Attributes:
        name: what was done.
        result: what came of the load.
        ends: how pods ended.
        began_seconds: from the first request to the disruption.
        took_seconds: from then until everything was as wanted again, rollouts included.
        note: what else there is to say.
    """

    name: str
    result: Result = field(default_factory=Result)
    ends: Ends = field(default_factory=Ends)
    began_seconds: float = 0
    took_seconds: float = 0
    note: str = ""

    @property
    def outcomes(self) -> list[Outcome]:
        return self.result.outcomes

    @property
    def failures(self) -> list[Outcome]:
        return [each for each in self.outcomes if each.is_failure]

    @property
    def shed(self) -> int:
        return sum(each.kind == "shed" for each in self.outcomes)

    def lasted_seconds(self) -> float:
        """From the first request to the last."""
        return self.outcomes[-1].sent_at - self.outcomes[0].sent_at

    def moment_seconds(self, outcome: Outcome) -> float:
        """When a request was sent, from the disruption on."""
        return outcome.sent_at - self.outcomes[0].sent_at - self.began_seconds

    def last_arrival_seconds(self, load: str) -> float:
        """How long after SIGTERM a pod still got requests of that load."""
        found = [o.draining_seconds for o in self.outcomes if o.load == load]
        return max((seconds for seconds in found if seconds is not None), default=0)

    def described_failures(self) -> str:
        """Each failure with its kind and moment."""
        lines = [
            f"{each.kind} at {self.moment_seconds(each):.2f} s ({each.load}, "
            f"after {each.took_seconds:.2f} s, pod {each.pod or 'unknown'})"
            for each in self.failures[:SHOWN_FAILURES]
        ]
        kinds = dict(Counter(each.kind for each in self.failures))
        said = "; ".join(filter(None, [str(kinds or "no failure"), self.note]))
        return "\n".join([f"{self.name}: {said}", *lines])

    def row(self) -> list[str]:
        """Its line of the table."""
        slowest = max((each.took_seconds for each in self.outcomes), default=0)
        codes = Counter(self.ends.codes.values())
        return [
            self.name,
            f"{len(self.outcomes):,}",
            str(len(self.failures)),
            f"{self.shed:,}",
            f"{slowest:.2f}",
            str(self.result.cut),
            f"{self.took_seconds:.1f}",
            ", ".join(f"{count} x {code}" for code, count in sorted(codes.items())) or "none",
            f"{self.last_arrival_seconds('new'):.2f}",
            f"{self.last_arrival_seconds('kept'):.2f}",
            f"{self.result.late_seconds:.2f}",
            f"{self.result.starved:.0%}",
        ]


@dataclass
class Report:
    """All disruptions of a run, written to `folder` as they come: a table, and every outcome."""

    folder: Path
    disruptions: list[Disruption] = field(default_factory=list)

    def add(self, disruption: Disruption) -> None:
        """Keep one, and print its line."""
        self.disruptions.append(disruption)
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(asdict(each)) + "\n" for each in disruption.outcomes)
        name = disruption.name.replace(" ", "-")
        with (self.folder / f"{name}.jsonl").open("w") as file:
            file.writelines(lines)
        (self.folder / "report.md").write_text(self.table())
        print("\n" + " | ".join(map(": ".join, zip(HEAD, disruption.row(), strict=True))))
        print(disruption.described_failures())

    def table(self) -> str:
        """The report, as Markdown."""
        rows = [HEAD, ["---"] * len(HEAD), *(each.row() for each in self.disruptions)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        failures = "\n\n".join(d.described_failures() for d in self.disruptions if d.failures)
        return f"{table}\n\n{failures}".rstrip() + "\n"
