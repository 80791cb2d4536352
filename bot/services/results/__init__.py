"""What people do with a finished result: look closely, go on from it, delete it, tell of it."""
