"""The page: a bundle of typed columns, one HTML file or a server on this machine that shows it."""
