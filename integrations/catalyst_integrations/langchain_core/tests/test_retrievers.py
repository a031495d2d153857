from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from inline_snapshot import snapshot
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from opentelemetry.trace import Tracer

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of, span_tree


class Shelf(BaseRetriever):
    """Finds what it holds, inside a span of the host's."""

    documents: list[Document]
    tracer: Any = None
    model: Any = None

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        if query == "nothing":
            raise LookupError("the shelf is empty")
        tracer: Tracer = self.tracer
        with tracer.start_as_current_span("search"):
            for question in ("rephrase", "rank"):
                if self.model is not None:
                    self.model.invoke(question)
        return self.documents


def _shelf(spans: SpanCollector, **more: Any) -> Shelf:
    documents = [
        Document("refunds take 5 days", metadata={"source": "faq", "score": 0.91}, id="d1"),
        Document("no refunds on gifts", metadata={"relevance_score": 0.4}),
        Document("ask us"),
    ]
    return Shelf(documents=documents, tracer=spans.provider.get_tracer("host"), **more)


def test_a_retrievers_span_has_query_documents_and_scores(way: Any, spans: SpanCollector) -> None:
    assert len(way.invoke(_shelf(spans), "refunds?")) == 3
    span = next(span for span in spans.settled() if span.name == "Shelf")
    attributes = attributes_of(span)
    assert attributes[semconv.SPAN_KIND] == "RETRIEVER"
    assert attributes[semconv.INPUT_VALUE] == "refunds?"
    assert json.loads(attributes[semconv.RETRIEVAL_DOCUMENTS]) == [
        {
            "content": "refunds take 5 days",
            "id": "d1",
            "score": 0.91,
            "metadata": {"source": "faq", "score": 0.91},
        },
        {
            "content": "no refunds on gifts",
            "score": 0.4,
            "metadata": {"relevance_score": 0.4},
        },
        {"content": "ask us"},
    ]


def test_what_runs_in_a_retriever_is_below_it(way: Any, spans: SpanCollector) -> None:
    from langchain_core.language_models import GenericFakeChatModel

    model = GenericFakeChatModel(messages=iter(["one", "two"]))
    way.invoke(_shelf(spans, model=model), "refunds?")
    assert span_tree(spans.settled()) == snapshot("""\
Shelf [RETRIEVER]
  search [-]
    GenericFakeChatModel [LLM]
    GenericFakeChatModel [LLM]\
""")


def test_a_failing_retriever_is_an_error(way: Any, spans: SpanCollector) -> None:
    with pytest.raises(LookupError, match="the shelf is empty"):
        way.invoke(_shelf(spans), "nothing")
    assert span_tree(spans.settled()) == snapshot("Shelf [RETRIEVER] ERROR")


def test_a_vector_stores_retriever_is_a_span(way: Any, spans: SpanCollector) -> None:
    pytest.importorskip("numpy")

    class Lengths(Embeddings):
        """As good as it needs to be."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float(len(text)), 1.0] for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return [float(len(text)), 1.0]

    store = InMemoryVectorStore(Lengths())
    store.add_texts(["refunds take 5 days", "no refunds on gifts"])
    assert len(way.invoke(store.as_retriever(search_kwargs={"k": 1}), "refunds?")) == 1
    assert span_tree(spans.settled()) == snapshot("VectorStoreRetriever [RETRIEVER]")


def test_a_cancelled_retriever_ends_its_span(spans: SpanCollector) -> None:
    class Slow(Shelf):
        """Never answers."""

        async def _aget_relevant_documents(self, query: str, *, run_manager: Any) -> Any:
            started.set()
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(Slow(documents=[]).ainvoke("refunds?"))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = asyncio.Event()
    asyncio.run(cancel())
    assert span_tree(spans.settled()) == snapshot("Slow [RETRIEVER] ERROR")
