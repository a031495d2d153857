"""What the server remembers besides traces: projects, keys, settings."""

from catalyst_sdk.server.metadata._database import open_database
from catalyst_sdk.server.metadata._keys import SCOPES, Key, Keys
from catalyst_sdk.server.metadata._projects import DEFAULT_PROJECT, Project, Projects

__all__ = ["DEFAULT_PROJECT", "SCOPES", "Key", "Keys", "Project", "Projects", "open_database"]
