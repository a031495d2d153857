"""Where answers go: tables for people, tab-separated text, JSON or ids for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.text import Text

from catalyst_sdk.cli._flags import given
from catalyst_sdk.cli._format import block, one_line
from catalyst_sdk.cli._lines import cut, styled
from catalyst_sdk.cli._pager import page
from catalyst_sdk.cli._screen import ColorChoice, Screen, detect
from catalyst_sdk.cli._suggest import unknown
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.errors import ConfigError

Mode = Literal["human", "json", "jsonl", "ids"]
_PAGE = 25


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """How one command answers."""

    screen: Screen
    error_screen: Screen
    mode: Mode = "human"
    fields: tuple[str, ...] = ()
    header: bool = True
    pager: bool = True
    path: str = ""
    """A file to write to instead of stdout."""

    @property
    def theme(self) -> Theme:
        """Glyphs and colours for stdout."""
        return Theme(self.screen)

    def check_fields(self, known: Sequence[str]) -> None:
        """Refuse `--fields` that do not exist; called before any file is read."""
        for field in self.fields:
            if field not in known:
                raise unknown("field", field, known)

    def write(self, text: str) -> None:
        """Write data, through the pager when a terminal is too short for it."""
        if self.path:
            self.write_bytes(text.encode(errors="backslashreplace"))
        elif text and not (self.pager and page(text, self.screen)):
            sys.stdout.write(text)
            sys.stdout.flush()

    def write_bytes(self, data: bytes) -> None:
        """Write data as it is."""
        if not self.path:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        try:
            Path(self.path).write_bytes(data)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(f"{self.path} cannot be written: {reason}.") from None

    def stored(self, lines: Sequence[bytes]) -> None:
        """Write stored lines: byte for byte into a pipe or file, harmless on a terminal."""
        data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
        if self.screen.tty:
            self.write(block(data.decode(errors="replace")))
        else:
            self.write_bytes(data)

    def value(self, text: str) -> None:
        """Write foreign text: as it is into a pipe or file, harmless on a terminal."""
        if self.screen.tty:
            self.write(block(text).rstrip("\n") + "\n")
        else:
            self.write_bytes(text.encode(errors="surrogateescape"))

    def lines(self, lines: Iterable[Text]) -> None:
        """Write styled lines."""
        self.write(self.screen.render(lines))

    def document(self, value: Any) -> None:
        """Write one JSON document: indented on a terminal, one line otherwise."""
        encoded = msgspec.json.encode(value)
        if self.screen.tty and self.mode == "json":
            encoded = msgspec.json.format(encoded, indent=2)
        self.write(encoded.decode() + "\n")

    def note(self, text: str | Text, style: str = "muted") -> None:
        """Tell something beside the data, on stderr."""
        theme = Theme(self.error_screen)
        line = Text(text, style=theme.role(style)) if isinstance(text, str) else text
        sys.stderr.write(self.error_screen.render([line]))
        sys.stderr.flush()

    def rows(self, limit: int | None) -> int:
        """Give how many rows to list unless asked: a screenful for people, a page, or all."""
        if limit is not None:
            return limit
        return _PAGE if self.mode == "json" or (self.mode == "human" and self.screen.tty) else 0

    def hint(self, said: Sequence[str], command: str = "") -> None:
        """End with what was shown and the next useful command, where a person looks."""
        if self.mode != "human" or not (self.screen.tty and self.error_screen.tty):
            return
        theme = Theme(self.error_screen)
        footer = f" {theme.mark('dot')} ".join(one_line(part) for part in said if part)
        left = cut(Text(footer, style=theme.role("muted")), self.error_screen.width)
        right = styled(("next: ", theme.role("muted")), (command, theme.role("accent")))
        self.note(_ends(left, right if command else Text(), self.error_screen.width))


def _ends(left: Text, right: Text, width: int) -> Text:
    if not left:
        return right
    gap = width - left.cell_len - right.cell_len
    if gap >= 2 or not right:
        return left + Text(" " * max(0, gap)) + right if right else left
    return left + Text("\n") + right


def to_file(output: Output, path: str) -> Output:
    """Give the same output, written to a file as into a pipe."""
    screen = Screen(ascii=output.screen.ascii, now_ns=output.screen.now_ns)
    return msgspec.structs.replace(output, screen=screen, path=path)


class Listing(msgspec.Struct, kw_only=True):
    """Rows of one kind, as JSON objects."""

    items: list[dict[str, Any]]
    columns: tuple[str, ...]
    """Fields shown in tab-separated text when none are asked for."""
    identity: tuple[str, ...]
    """The fields `-q` prints."""
    next_cursor: str | None = None


def show_listing(output: Output, listing: Listing, draw: Callable[[Theme], list[Text]]) -> None:
    """Write a listing in the mode asked for; *draw* makes the table for people."""
    if output.mode == "ids":
        output.write("".join(_joined(item, listing.identity) for item in listing.items))
    elif output.mode == "json":
        items = [_picked(item, output.fields) for item in listing.items]
        output.document({"items": items, "next_cursor": listing.next_cursor})
    elif output.mode == "jsonl":
        lines = [msgspec.json.encode(_picked(item, output.fields)) for item in listing.items]
        output.write("".join(line.decode() + "\n" for line in lines))
    elif output.screen.tty and not output.fields:
        output.lines(draw(output.theme) if listing.items else [])
    else:
        fields = output.fields or listing.columns
        head = ["\t".join(fields) + "\n"] if output.header else []
        output.write("".join([*head, *(_joined(item, fields) for item in listing.items)]))


def _picked(item: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {field: item[field] for field in fields} if fields else item


def _joined(item: dict[str, Any], fields: Sequence[str]) -> str:
    return "\t".join(_cell(item[field]) for field in fields) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_cell(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
    return one_line(str(value))


def current_output(environ: Mapping[str, str]) -> Output:
    """Make the output of the running command from the flags given anywhere on its line."""
    return make_output(given(), environ)


def make_output(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Output:
    """Make an output from flags; those that contradict each other are refused."""
    named: dict[str, Mode] = {"json": "json", "jsonl": "jsonl", "quiet": "ids"}
    modes: list[Mode] = [named[flag] for flag in named if flags.get(flag)]
    if len(modes) > 1:
        raise ConfigError("--json, --jsonl and -q exclude each other.", hint="Give one of them.")
    color: ColorChoice = flags.get("color") or "auto"
    plain = bool(flags.get("ascii"))
    fields = tuple(
        field.strip() for field in (flags.get("fields") or "").split(",") if field.strip()
    )
    return Output(
        screen=detect(sys.stdout, environ, color=color, plain=plain),
        error_screen=detect(sys.stderr, environ, color=color, plain=plain),
        mode=modes[0] if modes else "human",
        fields=fields,
        header=not flags.get("no_header"),
        pager=not flags.get("no_pager"),
    )
