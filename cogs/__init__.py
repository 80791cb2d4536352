"""One file per command family. A method acknowledges, calls one service, renders."""
