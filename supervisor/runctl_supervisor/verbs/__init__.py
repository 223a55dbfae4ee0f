"""What SSM calls: short processes, each of which answers with one line of JSON and ends."""
