"""Instalment plans: a borrower proposes, staff agree or say no, and the agreed paper is kept."""
