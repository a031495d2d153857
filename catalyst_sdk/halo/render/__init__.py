"""The report as text for a terminal, as Markdown and as HTML."""

from catalyst_sdk.halo.render._html import render_html
from catalyst_sdk.halo.render._markdown import render_markdown
from catalyst_sdk.halo.render._terminal import render_terminal

__all__ = ["render_html", "render_markdown", "render_terminal"]
