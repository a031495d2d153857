"""Reading spans from files, globs and standard input."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans._framing import OnBadLine, spans_of_stream
from catalyst_sdk.spans._open import Source, expand, open_stream, os_reason
from catalyst_sdk.spans._span import Span


def read_spans(source: Source, *, on_bad_line: OnBadLine | None = None) -> Iterator[Span]:
    """Yield the spans of files, globs or "-" (standard input) in any format this package knows.

    What cannot be read is given to *on_bad_line* and skipped. Raises NotFound for a path that
    does not exist, and BadInput when a file cannot be read or nothing in all of them is a span.
    """
    return _read_all(expand(source), on_bad_line or _ignore)


def _ignore(_: BadLine) -> None:
    return None


def _read_all(names: list[str], report: OnBadLine) -> Iterator[Span]:
    found = 0
    failure: BadInput | None = None
    for name in names:
        try:
            for span in _File(name, report).spans():
                found += 1
                yield span
        except BadInput as error:
            if len(names) == 1:
                raise
            failure = failure or error
            report(BadLine(source=name, line=0, reason=error.message))
    if not found and failure:
        raise failure


class _File:
    """One source, and what was found wrong with it."""

    def __init__(self, name: str, report: OnBadLine) -> None:
        self._name = name
        self._shown = "standard input" if name == "-" else name
        self._report = report
        self._first: BadLine | None = None
        self._bad = 0

    def spans(self) -> Iterator[Span]:
        found = 0
        with open_stream(self._name) as stream:
            try:
                for span in spans_of_stream(stream, self._shown, self._note):
                    found += 1
                    yield span
            except (OSError, EOFError) as error:
                self._cut_off(error, found)
        if not found:
            raise BadInput(self._nothing())

    def _note(self, bad: BadLine) -> None:
        self._bad += 1
        self._first = self._first or bad
        self._report(bad)

    def _cut_off(self, error: Exception, found: int) -> None:
        """Keep what was read of a damaged or truncated file."""
        reason = os_reason(error) if isinstance(error, OSError) else "the file is cut off"
        if not found:
            raise BadInput(f"{self._shown} cannot be read: {reason}.") from None
        self._note(BadLine(source=self._shown, line=0, reason=reason))

    def _nothing(self) -> str:
        first = self._first
        if first is None:
            return f"{self._shown} holds no spans."
        where = f"line {first.line}: " if first.line else ""
        more = f"; {self._bad} bad lines in all" if self._bad > 1 else ""
        return f"{self._shown} holds no span that can be read ({where}{first.reason}{more})."
