"""What goes to the bucket: checkpoints, outputs, the log."""
