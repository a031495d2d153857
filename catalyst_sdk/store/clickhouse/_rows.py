"""Spans to columns: what one insert carries, as an Arrow stream."""

from __future__ import annotations

from typing import Any, cast

from catalyst_sdk.spans import Span, SpanFacts, encode_span
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.clickhouse._schema import FACTS
from catalyst_sdk.store.files._arrow import number_array, word_array
from catalyst_sdk.store.files._columns import to_batch

_SHORT = 512
"""Longer text is payload: it is searched in `raw`, not kept as an attribute a second time."""


class Rows:
    """Columns of one insert into `spans`, filled span by span."""

    def __init__(self) -> None:
        self._rows: list[SpanFacts] = []
        self._project: list[str] = []
        self._version: list[int] = []
        self._attributes: list[_Split] = []
        self._resource: list[_Split] = []
        self._raw: list[bytes] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, project: str, version: int, span: Span, facts: SpanFacts) -> None:
        """Append one span."""
        self._rows.append(facts)
        self._project.append(project)
        self._version.append(version)
        self._attributes.append(_Split(span.attributes))
        self._resource.append(_Split(span.resource))
        self._raw.append(encode_span(span))

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the order of `to_arrow`."""
        named = ["attr_str", "attr_num", "attr_bool", "res_str", "raw"]
        return ["project_id", "start_time", "version", *(fact.name for fact in FACTS), *named]

    def to_arrow(self) -> bytes:
        """Give all rows as one Arrow IPC stream."""
        pa = optional("pyarrow")
        rows, attributes = self._rows, self._attributes
        strings = pa.map_(pa.string(), pa.string())
        arrays: list[Any] = [
            word_array(self._project),
            number_array([facts.start_ns for facts in rows], "int64").cast(
                pa.timestamp("ns", "UTC")
            ),
            number_array(self._version, "uint64"),
        ]
        columns = to_batch(rows)
        arrays += [columns.column(fact.name) for fact in FACTS]
        arrays += [
            pa.array([split.text for split in attributes], strings),
            pa.array([split.numbers for split in attributes], pa.map_(pa.string(), pa.float64())),
            pa.array([split.flags for split in attributes], pa.map_(pa.string(), pa.bool_())),
            pa.array([split.text for split in self._resource], strings),
            pa.array(self._raw, pa.binary()),
        ]
        batch = pa.record_batch(arrays, names=self.columns)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return bytes(sink.getvalue().to_pybytes())


class _Split:
    """One span's attributes by type, as lists of pairs."""

    __slots__ = ("flags", "numbers", "text")

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.text: list[tuple[str, str]] = []
        self.numbers: list[tuple[str, float]] = []
        self.flags: list[tuple[str, bool]] = []
        for name, value in attributes.items():
            if isinstance(value, str):
                if len(value) <= _SHORT:
                    self.text.append((name, value))
            elif isinstance(value, bool):
                self.flags.append((name, value))
            elif isinstance(value, int):
                self.numbers.append((name, float(value)))
                if not -(2**53) < value < 2**53:
                    self.text.append((name, str(value)))  # exact where a float is not
            elif isinstance(value, float):
                self.numbers.append((name, value))
            elif isinstance(value, list | tuple):
                text = ",".join(map(str, cast("list[Any]", value)))
                if len(text) <= _SHORT:
                    self.text.append((name, text))
