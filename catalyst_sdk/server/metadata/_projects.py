"""Projects: who owns traces."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select

from catalyst_sdk.errors import ConfigError, NotFound
from catalyst_sdk.server.metadata._tables import projects

DEFAULT_PROJECT = "default"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


@dataclass(frozen=True)
class Project:
    """One project; *id* stands in addresses, *name* is for people."""

    id: str
    name: str
    created_ns: int


class Projects:
    """Create and list projects."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, project_id: str, name: str = "") -> Project:
        """Add a project; ConfigError when the id is taken or not of letters, digits, - and _."""
        if not _NAME.fullmatch(project_id):
            raise ConfigError(
                f"{project_id!r} cannot be a project's id.",
                hint="Use 1 to 64 lower-case letters, digits, '-' and '_'.",
            )
        project = Project(project_id, name or project_id, time.time_ns())
        with self._engine.begin() as connection:
            if connection.scalar(select(projects.c.id).where(projects.c.id == project_id)):
                raise ConfigError(f"The project {project_id!r} exists already.")
            connection.execute(insert(projects).values(**project.__dict__))
        return project

    def get(self, project_id: str) -> Project:
        """Give a project; NotFound when there is none of that id."""
        with self._engine.connect() as connection:
            found = connection.execute(select(projects).where(projects.c.id == project_id))
            row = found.mappings().first()
        if row is None:
            raise NotFound(f"There is no project {project_id!r}.")
        return Project(row["id"], row["name"], row["created_ns"])

    def list(self) -> list[Project]:
        """Give all projects, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(projects).order_by(projects.c.created_ns))
            return [Project(row["id"], row["name"], row["created_ns"]) for row in rows.mappings()]

    def ensure_default(self) -> Project:
        """Give the default project, made when it is not there."""
        try:
            return self.get(DEFAULT_PROJECT)
        except NotFound:
            return self.create(DEFAULT_PROJECT)
