"""What traces and spans look like in a terminal: rows in, styled lines out."""
