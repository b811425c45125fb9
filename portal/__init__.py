"""The borrower-facing repayment self-service portal."""
