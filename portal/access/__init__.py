"""How people come in: links, the recipient check, codes, sessions, devices; staff accounts and four eyes."""
