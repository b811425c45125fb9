"""Text messages: their words, the gateways that carry them, their delivery, and the borrower's diary."""
