"""A trainer in a container, by the engine's own HTTP interface."""
