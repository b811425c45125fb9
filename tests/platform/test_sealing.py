"""Sealed texts are read with the same purpose and a known key, and by nobody else."""

import pytest

from portal.platform.sealing import SealBroken, seal, unseal

OLD, NEW = "an-old-secret-key", "a-new-secret-key"


def test_rotated_keys_still_read() -> None:
    sealed = seal([OLD], "outbox", "123456")
    assert "123456" not in sealed
    assert unseal([NEW, OLD], "outbox", sealed) == "123456"


@pytest.mark.parametrize(("keys", "purpose"), [([NEW], "outbox"), ([OLD], "totp"), ([], "outbox")])
def test_others_do_not(keys: list[str], purpose: str) -> None:
    with pytest.raises(SealBroken):
        unseal(keys, purpose, seal([OLD], "outbox", "123456"))


@pytest.mark.parametrize("sealed", ["", "x", "ä", "AAAA", "A" * 60])
def test_no_seal_at_all(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal([OLD], "outbox", sealed)
