"""What people and reports ask of jobs. Nothing here changes one."""
