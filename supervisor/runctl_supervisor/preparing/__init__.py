"""What has to be on the instance before a trainer may start."""
