"""The processes of this machine: who they are, what belongs to whom, what they use."""
