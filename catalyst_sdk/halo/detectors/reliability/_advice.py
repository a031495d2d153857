"""What an error message tells an engineer: the likely cause and what to change, by its words."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

__all__ = ["Advice", "advice_for"]


class Advice(NamedTuple):
    """A reading of an error. `{site}` stands for the tool, model or span that failed."""

    why: str
    summary: str
    where: Literal["prompt", "tool", "harness", "model", "infra"]
    steps: tuple[str, ...]


_BY_WORDS: tuple[tuple[str, Advice], ...] = (
    (
        r"unauthori[sz]ed|authentication|invalid.?api.?key|\b401\b|expired.?token|token.?expired",
        Advice(
            "The credentials {site} uses are refused. No retry and no prompt can help.",
            "Renew the credentials of {site}, and stop the run at once when they are refused.",
            "infra",
            (
                "Check the key or token that {site} runs with: revoked, expired, wrong account or "
                "environment.",
                "Treat 401 as fatal in the harness: do not show it to the model as something to "
                "try again.",
                "Alert on the first one; every run after it fails the same way.",
            ),
        ),
    ),
    (
        r"permission|forbidden|not.?allowed|access.?denied|\b403\b",
        Advice(
            "{site} is called with rights it does not have. The model learns this only by failing.",
            "Grant {site} the right, or tell the model before it calls what is out of reach.",
            "tool",
            (
                "Decide whether this caller should have the right; if so, grant it.",
                "If not, say so in the tool's description, and offer the tool only to callers "
                "who may use it.",
                "Answer a refused call with what the model can do instead.",
            ),
        ),
    ),
    (
        r"connection|econn|refused|reset by peer|unreachable|dns|name resolution|getaddrinfo|"
        r"broken pipe|\b50[0234]\b|bad gateway|service unavailable|internal server error|ssl|tls",
        Advice(
            "What {site} depends on cannot be reached or answers with a server error, so the same "
            "call can succeed a moment later.",
            "Retry {site} inside the tool, with a limit, before the model or the user sees the "
            "failure.",
            "infra",
            (
                "Retry in the tool, not in the model: two attempts with 0.2 s and 1 s of jittered "
                "wait cost less than one model turn.",
                "After the last attempt return one plain sentence the model can act on, such as "
                "“the service is down, tell the user to try later”, not the raw exception.",
                "Watch the dependency's own error rate over the same hours; if it matches, the fix "
                "is there.",
            ),
        ),
    ),
    (
        r"json|decode|parse|unexpected token|expecting (value|property)|malformed|unterminated",
        Advice(
            "Something that should be JSON is not, and {site} raises instead of repairing or "
            "asking again.",
            "Make the producer promise JSON, and answer a parse error with the position and the "
            "expected shape.",
            "harness",
            (
                "Find out which side wrote it: model (use structured output or strict tool "
                "schemas) or service (check the content type before parsing).",
                "Catch the parse error where it is raised and send position and expected shape "
                "back to the model once.",
                "Log the offending text; the quotes below show where it broke.",
            ),
        ),
    ),
    (
        r"missing.*(argument|parameter|field|required)|required.*(missing|property)|field required|"
        r"validation error|unexpected keyword|invalid (argument|parameter|value|format|type)|"
        r"is not of type|must be|expected .* (got|but)|not a valid",
        Advice(
            "The arguments the model writes do not fit what {site} accepts; the schema or its "
            "description leaves room for them.",
            "Tighten the schema of {site} so that the rejected arguments cannot be written.",
            "tool",
            (
                "Put the rule the error states into the JSON schema (type, enum, pattern, "
                "required), not only into code.",
                "Turn on strict tool calling where the provider has it.",
                "Give one correct example call in the tool's description.",
                "Let the error name the field, the value and the accepted form, so that the next "
                "attempt can be right.",
            ),
        ),
    ),
    (
        r"no such file|file not found|enoent|is a directory|not a directory|path",
        Advice(
            "The model names paths that do not exist: it guesses instead of looking.",
            "Let {site} answer a wrong path with the nearest existing ones.",
            "tool",
            (
                "On a missing path return the entries of the closest existing parent (at most 20), "
                "as a normal result.",
                "State in the description what paths are relative to, with one example.",
                "Give the model the top-level listing at the start, so that it need not guess.",
            ),
        ),
    ),
    (
        r"not.?found|no such|does not exist|doesn't exist|unknown|\b404\b|no (record|result|match)",
        Advice(
            "{site} is asked for things that are not there: ids or names the model made up, "
            "copied wrongly, or took from another context.",
            "Let the model obtain the identifier before it calls {site}, and answer a miss with "
            "near matches.",
            "tool",
            (
                "Say in the description where the identifier comes from (“as returned by …”) and "
                "what it looks like.",
                "Answer a miss with the closest existing candidates instead of an error alone.",
                "Validate the form of the identifier in the schema (`pattern`).",
            ),
        ),
    ),
    (
        r"not available|unavailable|not enough|insufficient|out of stock|sold out|no seats|"
        r"already (booked|taken|exists|used|cancel)|conflict|\b409\b|does not add up|exceeds|"
        r"cannot be (used|modified|changed|cancel|refund)|not eligible|limit reached|declined",
        Advice(
            "{site} refuses for a reason of the business: a rule or the present state forbids it. "
            "The agent learns this only by trying, after it has proposed it.",
            "Check the rule before the action: give the agent what it needs to know before it "
            "calls {site}.",
            "tool",
            (
                "Offer a read-only check (a quote, availability or dry run) that returns the "
                "computed outcome, and tell the prompt to call it before {site}.",
                "Compute amounts and eligibility in code; do not let the model do the arithmetic.",
                "Return the refusal with what would be accepted (nearest dates, remaining balance, "
                "exact total).",
            ),
        ),
    ),
    (
        r"keyerror|attributeerror|typeerror|indexerror|nameerror|zerodivision|nonetype|undefined|"
        r"valueerror|assertion|unboundlocal|not subscriptable|cannot read propert",
        Advice(
            "This is a programming error inside {site}, not a wrong call: the code meets a value "
            "it does not expect.",
            "Mend the code of {site} for this input and add the failing call as a test.",
            "tool",
            (
                "Reproduce it with the arguments of a cited call below.",
                "Handle the missing or unexpected value, and answer with a sentence the model can "
                "use.",
                "Add the call as a regression test.",
            ),
        ),
    ),
    (
        r"memory|oom|disk|no space|killed|segmentation|exit code|non-zero exit|signal",
        Advice(
            "The process behind {site} runs out of a resource or is killed.",
            "Bound the work one call of {site} may ask for, and give the process what it needs.",
            "infra",
            (
                "Look at memory and disk of the worker at the times of the cited spans.",
                "Refuse inputs above a size the worker can handle, saying which size is accepted.",
                "Run heavy work out of the agent's process.",
            ),
        ),
    ),
)

_OTHERWISE_IN_CODE = Advice(
    "{site} raises this in the agent's own code, and what comes after does without its result.",
    "Reproduce a cited span of {site} and mend its cause, or handle the case where it is expected.",
    "harness",
    (
        "Open the first cited span; its input reproduces the error.",
        "If the case is legitimate, handle it before it becomes an exception.",
        "If not, mend it and add the input as a test.",
    ),
)
_OTHERWISE = Advice(
    "{site} raises this and nothing between it and the model turns it into something to act on.",
    "Reproduce a cited call of {site}, mend its cause, and turn what remains into an answer the "
    "model can use.",
    "tool",
    (
        "Open the first cited span; its arguments reproduce the error.",
        "Separate what is transient (retry in the tool) from what is permanent (tell the model "
        "what to do instead).",
        "Add the failing input as a test.",
    ),
)
_COMPILED = [(re.compile(words), advice) for words, advice in _BY_WORDS]


def advice_for(error_type: str, message: str, site: str, kind: str = "TOOL") -> Advice:
    """Read an error; *site* is the name of what failed, ready for a sentence."""
    otherwise = _OTHERWISE if kind in ("TOOL", "LLM", "RETRIEVER") else _OTHERWISE_IN_CODE
    text = f"{error_type} {message}".lower()
    found = next((a for pattern, a in _COMPILED if pattern.search(text)), otherwise)
    return Advice(
        found.why.replace("{site}", site),
        found.summary.replace("{site}", site),
        found.where,
        tuple(step.replace("{site}", site) for step in found.steps),
    )
