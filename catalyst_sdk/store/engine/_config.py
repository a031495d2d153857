"""The engine's own configuration: small caches, hard memory cap, durable inserts."""

from __future__ import annotations

from pathlib import Path

_MIB = 1024 * 1024

IN_USE = 3
"""Exit code of the engine's process when another one holds its folder."""

SESSION_SETTINGS = {
    "async_insert": "0",  # the embedded default of 1 costs 70 ms an insert
    "max_threads": "2",
    "max_execution_time": "60",
    "max_memory_usage": str(700 * _MIB),
    "max_bytes_before_external_group_by": str(200 * _MIB),
    "max_bytes_before_external_sort": str(200 * _MIB),
}
"""What every connection starts with; a request may override those in `OVERRIDABLE`."""

OVERRIDABLE = frozenset(
    {
        "max_threads",
        "max_execution_time",
        "max_memory_usage",
        "max_result_rows",
        "max_result_bytes",
        "max_rows_to_read",
        "result_overflow_mode",
        "timeout_overflow_mode",
        "readonly",
        "final",
        "do_not_merge_across_partitions_select_final",
        "mutations_sync",
        "alter_sync",
        "use_skip_indexes_if_final",
        "materialize_skip_indexes_on_insert",
        "date_time_input_format",
        "insert_deduplication_token",
    }
)
"""Query settings a client may pass in the URL; others are ignored."""


def write_config(folder: Path, *, max_memory_bytes: int) -> Path:
    """Write the engine's XML beside its data and give its path."""
    text = f"""<clickhouse>
  <max_server_memory_usage>{max_memory_bytes}</max_server_memory_usage>
  <mark_cache_size>{64 * _MIB}</mark_cache_size>
  <index_mark_cache_size>{16 * _MIB}</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
"""
    path = folder / "engine.xml"
    path.write_text(text)
    return path
