"""What all sandboxes of this process have seen on the wire, for the last line of a test run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.discord.rest import Recorded, Violation


@dataclass(slots=True)
class Tally:
    """Requests whose bodies and answers were held against Discord's document, all others, and what broke a rule.

    `without_document` counts the sandboxes that would have asked the document and did not have it.
    """

    checked: int = 0
    others: int = 0
    violations: list[str] = field(default_factory=list)
    without_document: int = 0

    def add(self, requests: Iterable[Recorded], violations: Sequence[Violation], *, is_wrong_on_purpose: bool) -> None:
        """Counts what a sandbox that closes has seen; what is wrong on purpose is left out."""
        for done in requests:
            if is_wrong_on_purpose and done.faults:
                continue
            self.checked += done.is_checked
            self.others += not done.is_checked
        self.violations += [
            str(found) for found in violations if found.direction == "answer" or not is_wrong_on_purpose
        ]

    def take_over(self, checked: int, others: int, violations: Sequence[str], without_document: int) -> None:
        """Adds what another process has counted."""
        self.checked += checked
        self.others += others
        self.violations += violations
        self.without_document += without_document

    @property
    def summary(self) -> str:
        """One line."""
        return (
            f"the wire: {self.checked} requests and their answers checked by Discord's document, {self.others} others,"
            f" {len(self.violations)} violations"
        )


TALLY = Tally()
