"""What is cleaned up after its time: pictures, members' words, and files that nothing stands behind."""
