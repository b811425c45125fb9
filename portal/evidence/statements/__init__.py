"""Bank statements: the bytes of a file become rows and balances. Runs inside the sandbox child only."""
