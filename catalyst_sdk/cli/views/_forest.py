"""The spans of one trace as rows of a tree: nested, folded where they repeat, cut where too many.

Nothing here recurses: a trace may be a thousand levels deep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from catalyst_sdk.spans import SpanFacts

ROWS_SHOWN = 400
_FOLDED_FROM = 3


class Node(msgspec.Struct):
    """A span, or a run of like siblings, with its children."""

    facts: SpanFacts
    depth: int = 0
    children: list[Node] = []
    repeats: list[SpanFacts] = []
    """The siblings folded into this one, itself included; empty for a single span."""
    last: bool = True
    """The last child of its parent."""
    trunk: tuple[bool, ...] = ()
    """For each ancestor below the root: whether it was a last child."""
    hidden: int = 0
    """Spans below it that are not shown."""

    @property
    def end_ns(self) -> int:
        """The end of the span, or of the last of its repeats."""
        return max((one.end_ns for one in self.repeats), default=self.facts.end_ns)

    @property
    def duration_ns(self) -> int:
        """Time spent, summed over repeats."""
        return sum(one.duration_ns for one in self.repeats) or self.facts.duration_ns

    @property
    def cost_usd(self) -> float:
        """Cost, summed over repeats."""
        return sum(one.cost_usd for one in self.repeats) or self.facts.cost_usd

    @property
    def failed(self) -> bool:
        """Whether the span itself ended in an error."""
        return self.facts.status == "ERROR"


def grow(spans: Sequence[SpanFacts]) -> list[Node]:
    """Nest spans under their parents; whose parent is absent is a root. Siblings by start time.

    A span that claims to descend from itself, through others or directly, becomes a root too.
    """
    nodes: dict[str, Node] = {}
    order = sorted(spans, key=lambda span: (span.start_ns, -span.end_ns))
    kept = [nodes.setdefault(span.span_id, Node(facts=span, children=[])) for span in order]
    unique = list({id(node): node for node in kept}.values())
    roots: list[Node] = []
    for node in unique:
        parent = nodes.get(node.facts.parent_span_id)
        (roots if parent is None or parent is node else parent.children).append(node)
    _free_cycles(unique, roots, nodes)
    return roots


def _free_cycles(nodes: list[Node], roots: list[Node], by_id: dict[str, Node]) -> None:
    reached = {id(node) for node in walk(roots)}
    for node in nodes:
        if id(node) in reached:
            continue
        parent = by_id[node.facts.parent_span_id]
        parent.children = [child for child in parent.children if child is not node]
        roots.append(node)
        reached.update(id(below) for below in walk([node]))


def walk(roots: Sequence[Node]) -> list[Node]:
    """Give all nodes, parents first, in the order they are shown."""
    seen: list[Node] = []
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        seen.append(node)
        stack.extend(reversed(node.children))
    return seen


def below(spans: Sequence[SpanFacts], top: SpanFacts) -> list[SpanFacts]:
    """Give a span and its descendants."""
    trees = {node.facts.span_id: node for node in walk(grow(spans))}
    return [node.facts for node in walk([trees[top.span_id]])]


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a tree is shown."""

    depth: int | None = None
    """Levels below the root; None for all."""
    rows: int | None = ROWS_SHOWN
    """Most rows; None for all, with nothing folded."""
    errors: bool = False
    """Only spans that failed, and the way to them."""
    kinds: frozenset[str] = frozenset()
    """Only these kinds, and the way to them; empty for all."""
    by_name: bool = True
    """Fold like siblings when there are too many rows; else only the same call repeated."""
    more: str = "--all"
    """What to type to see what is hidden."""


def rows(spans: Sequence[SpanFacts], fold: Fold) -> list[Node]:
    """Give the rows of a tree in order, each knowing what is hidden below it."""
    roots = grow(spans)
    if fold.errors or fold.kinds:
        roots = _pruned(roots, fold)
    if fold.rows is not None:
        roots = _folded(roots, by_input=True)
        if fold.by_name and len(walk(roots)) > fold.rows:
            roots = _folded(roots, by_input=False)
    roots = _cut(roots, fold)
    _place(roots)
    return walk(roots)


def _pruned(roots: list[Node], fold: Fold) -> list[Node]:
    wanted: set[int] = set()
    for node in reversed(walk(roots)):
        fits = (node.failed or not fold.errors) and (
            not fold.kinds or node.facts.kind in fold.kinds
        )
        if fits or any(id(child) in wanted for child in node.children):
            wanted.add(id(node))
    for node in walk(roots):
        node.children = [child for child in node.children if id(child) in wanted]
    return [root for root in roots if id(root) in wanted]


def _folded(roots: list[Node], *, by_input: bool) -> list[Node]:
    for node in walk(roots):
        node.children = _fold_siblings(node.children, by_input=by_input)
    return _fold_siblings(roots, by_input=by_input)


def _likeness(node: Node, by_input: bool) -> object:
    facts = node.facts
    if node.children or (by_input and not facts.input_hash):
        return id(node)
    alike = (facts.kind, facts.name, facts.tool_name, facts.model, facts.status)
    return (*alike, facts.input_hash) if by_input else alike


def _fold_siblings(siblings: list[Node], *, by_input: bool) -> list[Node]:
    folded: list[Node] = []
    start = 0
    while start < len(siblings):
        first, likeness = siblings[start], _likeness(siblings[start], by_input)
        end = start + 1
        while end < len(siblings) and _likeness(siblings[end], by_input) == likeness:
            end += 1
        run = siblings[start:end]
        if len(run) >= _FOLDED_FROM:
            first.repeats = [one for node in run for one in node.repeats or [node.facts]]
            run = [first]
        folded.extend(run)
        start = end
    return folded


def _cut(roots: list[Node], fold: Fold) -> list[Node]:
    """Hide what is too deep or too much, level by level, keeping the way to errors."""
    shown = _chosen(roots, fold)
    below: dict[int, int] = {}
    for node in reversed(walk(roots)):
        below[id(node)] = len(node.repeats) or 1
        below[id(node)] += sum(below[id(child)] for child in node.children)
    for node in walk(roots):
        node.hidden = sum(below[id(child)] for child in node.children if id(child) not in shown)
        node.children = [child for child in node.children if id(child) in shown]
    kept = [root for root in roots if id(root) in shown]
    if kept:
        kept[-1].hidden += sum(below[id(root)] for root in roots if id(root) not in shown)
    return kept


def _chosen(roots: list[Node], fold: Fold) -> set[int]:
    room = fold.rows if fold.rows is not None else 1 << 60
    chosen = {id(root) for root in roots[:room]}
    for path in _error_paths(roots) if fold.depth is None else ():
        if len(chosen) + len(path) > room // 2:
            break
        chosen.update(path)
    level, depth = list(roots), 0
    while level and len(chosen) < room and (fold.depth is None or depth < fold.depth):
        level, depth = [child for node in level for child in node.children], depth + 1
        chosen.update(id(node) for node in level[: room - len(chosen)])
    return chosen


def _error_paths(roots: list[Node]) -> Iterator[list[int]]:
    parents = {id(child): node for node in walk(roots) for child in node.children}
    for node in walk(roots):
        if not node.failed:
            continue
        path, above = [id(node)], parents.get(id(node))
        while above is not None:
            path.append(id(above))
            above = parents.get(id(above))
        yield path


def _place(roots: list[Node]) -> None:
    for root in roots:
        root.trunk, root.depth, root.last = (), 0, True
    for node in walk(roots):
        for child in node.children:
            child.depth = node.depth + 1
            child.last = child is node.children[-1] and not node.hidden
            child.trunk = (*node.trunk, node.last) if node.depth else ()
