"""Machines compared by ear: a song through each of them at equal loudness, as files and a page for the browser."""
