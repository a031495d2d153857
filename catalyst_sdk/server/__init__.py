"""The server: OTLP ingest, JSON API, dashboard."""
