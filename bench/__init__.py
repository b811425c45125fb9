"""How fast the portal is, each figure beside a bare reference of the same run: `make bench`, or `python -m bench`."""
