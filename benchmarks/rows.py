"""Lines of the printed table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line; `is_met` is None where nothing is aimed at or nothing could be measured."""

    name: str
    ours: str = ""
    beside: str = ""
    ratio: float | None = None
    aim: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """As printed."""
        met = {True: "met", False: "missed", None: ""}[self.is_met]
        return (self.name, self.ours, self.beside, "" if self.ratio is None else f"{self.ratio:.2f}", self.aim, met)


def table(rows: list[Row]) -> str:
    """The rows in columns."""
    lines = [("", "ours", "beside", "ratio", "aim", ""), *(row.cells() for row in rows)]
    # An unmeasured row is one long remark and sets no width.
    widths = [max(len(line[at]) for line in lines if "not measured" not in line[1]) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
