"""Glyphs and colours: one letter, one colour and one word for each kind of span."""

from __future__ import annotations

import msgspec

from catalyst_sdk.cli._screen import Screen


class _Hue(msgspec.Struct, frozen=True):
    letter: str
    light: str
    dark: str
    ansi: str
    """Where the background is not known: one of the colours the user's own theme sets."""


# Chosen so that kinds stay apart under simulated colour blindness on either background.
_KINDS = {
    "AGENT": _Hue("A", "#72389a", "#e3acfd", "magenta"),
    "LLM": _Hue("L", "#2e6ada", "#438afc", "blue"),
    "TOOL": _Hue("T", "#b25900", "#d0a100", "yellow"),
    "CHAIN": _Hue("C", "#323f51", "#888d9d", "bright_black"),
    "RETRIEVER": _Hue("R", "#046e58", "#78efce", "green"),
    "EMBEDDING": _Hue("E", "#0d6f94", "#5cc4ea", "cyan"),
    "RERANKER": _Hue("K", "#3f7512", "#a3d65c", "green"),
    "GUARDRAIL": _Hue("G", "#a8326f", "#f58cc0", "bright_magenta"),
    "EVALUATOR": _Hue("V", "#7a6400", "#dcc64a", "bright_yellow"),
    "PROMPT": _Hue("P", "#8a3ba3", "#dd93f2", "bright_magenta"),
    "UNKNOWN": _Hue("·", "#5c6470", "#98a2b3", "bright_black"),
}
_ROLES = {
    "error": _Hue("✗", "#a8071a", "#ff7b70", "red"),
    "ok": _Hue("✓", "#1a7a3c", "#57d08a", "green"),
    "warn": _Hue("!", "#8f5a00", "#f2b84b", "yellow"),
    "accent": _Hue("", "#1f5fd6", "#7db1ff", "cyan"),
    "muted": _Hue("", "#586072", "#9aa5b5", "bright_black"),
}

UNICODE_MARKS = {
    "ok": "✓",
    "error": "✗",
    "unset": "·",
    "warning": "!",
    "note": "└",
    "fork": "├─ ",
    "last": "└─ ",
    "pipe": "│  ",
    "gap": "   ",
    "arrow": "→",
    "more": "…",
    "times": "×",
    "dot": "·",
    "tool": "⚙",
    "bar": "▎",
    "rule": "─",
    "deep": "⋯",
}
ASCII_MARKS = {
    "ok": "+",
    "error": "x",
    "unset": "-",
    "warning": "!",
    "note": "`-",
    "fork": "|- ",
    "last": "`- ",
    "pipe": "|  ",
    "gap": "   ",
    "arrow": "->",
    "more": "...",
    "times": "x",
    "dot": "-",
    "tool": "*",
    "bar": "|",
    "rule": "-",
    "deep": "..",
}


_SPELLED = str.maketrans(
    {UNICODE_MARKS[name]: ASCII_MARKS[name] for name in ("ok", "error", "more", "arrow", "times")}
    | dict.fromkeys("“”„", '"')
    | dict.fromkeys("‘’", "'")
    | dict.fromkeys("│▌▎▐█", "|")
    | dict.fromkeys("–—─·•", "-")
    | {"≈": "~", "≤": "<=", "≥": ">=", "⚙": "*"}
)


def spelled(text: str) -> str:
    """Give text drawn elsewhere in ASCII; letters of other alphabets become ?."""
    return text.translate(_SPELLED).encode("ascii", "replace").decode()


class Theme(msgspec.Struct, frozen=True):
    """Names what things look like on one screen."""

    screen: Screen

    def mark(self, name: str) -> str:
        """Give a glyph in the characters this screen has."""
        return (ASCII_MARKS if self.screen.ascii else UNICODE_MARKS)[name]

    def role(self, name: str) -> str:
        """Give the rich style of `error`, `ok`, `warn`, `accent` or `muted`."""
        return self._color(_ROLES[name])

    def kind(self, kind: str) -> str:
        """Give the rich style of a span kind."""
        return self._color(_KINDS.get(kind, _KINDS["UNKNOWN"]))

    def letter(self, kind: str) -> str:
        """Give the letter that stands for a span kind."""
        letter = _KINDS.get(kind, _KINDS["UNKNOWN"]).letter
        return "." if self.screen.ascii and letter == "·" else letter

    def status(self, status: str, *, ended: bool = True) -> tuple[str, str]:
        """Give glyph and style of `OK`, `ERROR` or `UNSET`.

        A span that ended without an error is in order, whether or not its writer said so.
        """
        if status == "ERROR":
            return self.mark("error"), self.role("error")
        if not ended:
            return self.mark("unset"), self.role("muted")
        return self.mark("ok"), self.role("ok")

    def _color(self, hue: _Hue) -> str:
        background = self.screen.background
        if background == "unknown":
            return hue.ansi
        return hue.light if background == "light" else hue.dark
