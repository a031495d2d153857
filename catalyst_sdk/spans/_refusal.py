"""Did the model decline? How a short answer begins, where its provider does not say so."""

from __future__ import annotations

import re

_SHORT = 600
_LEAD = 240

_MAY = ("can't", "cannot", "can not", "won't", "will not", "unable", "not able", "must", "do not")
_CANNOT = r"(?:can't|cannot|can not|am unable to|am not able to|won't|will not|must decline)"
_DECLINES = re.compile(
    r"\b(?:"
    rf"(?:i|we)(?: am|'m| are|'re)? (?:really |so |very )?sorry,? (?:but |that )?(?:i|we) {_CANNOT}"
    rf"|sorry,? (?:but )?i {_CANNOT}"
    r"|i(?:'m| am) (?:unable|not able) to (?:help|assist|comply|fulfil|discuss"
    r"|provide (?:that|assistance|guidance|instructions))"
    r"|i (?:can't|cannot|can not|won't|will not) (?:help|assist|comply|fulfil|engage|discuss"
    r"|support|participate|create (?:that|this|content)|generate (?:that|this|content)"
    r"|provide (?:that|assistance|guidance|instructions|help|information (?:on|about) how))"
    r"|i must (?:decline|refuse)"
    r"|as an ai(?: language)?(?: model| assistant)?,? i (?:can't|cannot|am unable|do not)"
    r")\b"
)
_FAILS = re.compile(
    r"\b(?:find|locate|see|access|process|complete|verify|cancel|modify|book|change|update)\b"
)


def is_refusal(text: str) -> bool:
    """Tell whether a short answer declines to help, as against reporting that something failed."""
    if not text or len(text) > _SHORT:
        return False
    lead = text[:_LEAD].lower().replace("’", "'")
    if not any(word in lead for word in _MAY):
        return False
    match = _DECLINES.search(lead)
    return match is not None and _FAILS.search(lead, match.end(), match.end() + 24) is None
