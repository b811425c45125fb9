"""What is compared, how codes and references are made and met."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.access import checking, passwords, proof_words

BORN = date(1988, 2, 29)


def test_right_answers_pass() -> None:
    assert _match(BORN, "123X")


@pytest.mark.parametrize("typed", ["123x", "123X", "１２３ｘ", "１２３Ｘ", " 1 2 3 x ", "12-3X"])
def test_the_last_four_pass_as_people_type_them(typed: str) -> None:
    assert _match(BORN, typed)


@pytest.mark.parametrize("typed", ["", "1234", "23X", "123XX", "X321", "\udcff"])
def test_other_last_four_do_not(typed: str) -> None:
    assert not _match(BORN, typed)


def test_a_wrong_birth_date_does_not_pass() -> None:
    assert not _match(date(1988, 2, 28), "123X")
    assert not _match(None, "123X")


def test_what_the_row_does_not_have_is_not_compared() -> None:
    assert checking.answers_match(birth_date=BORN, id_last4=None, typed_date=BORN, typed_last4="anything")
    assert checking.answers_match(birth_date=None, id_last4="0042", typed_date=date(1999, 1, 1), typed_last4="0042")
    assert not checking.answers_match(birth_date=None, id_last4=None, typed_date=None, typed_last4="")


@given(st.text(max_size=8), st.dates() | st.none())
def test_nothing_else_passes(typed_last4: str, typed_date: date | None) -> None:
    right = typed_date == BORN and checking.plain_last4(typed_last4) == "123X"
    assert _match(typed_date, typed_last4) == right


def _match(typed_date: date | None, typed_last4: str) -> bool:
    return checking.answers_match(birth_date=BORN, id_last4="123x", typed_date=typed_date, typed_last4=typed_last4)


def test_codes_are_six_digits_and_differ() -> None:
    codes = {checking.new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190


def test_a_code_is_met_by_its_digits_in_its_session_under_any_key_in_use() -> None:
    stored = [checking.code_hash("old", 7, "000042"), checking.code_hash("new", 7, "123456")]
    assert checking.code_matches(["new", "old"], 7, "123456", stored) == 1
    assert checking.code_matches(["new", "old"], 7, "１２３ ４５６", stored) == 1
    assert checking.code_matches(["new", "old"], 7, "000042", stored) == 0
    assert checking.code_matches(["new"], 7, "000042", stored) is None
    assert checking.code_matches(["new", "old"], 8, "123456", stored) is None


def test_link_references_are_long_and_never_the_same() -> None:
    """SL-05: 132 bits, evenly drawn; each of the 64 letters is about as frequent as the others."""
    refs = [checking.new_link_ref() for _ in range(10_000)]
    assert len(set(refs)) == len(refs)
    assert {len(ref) for ref in refs} == {22}
    counts: dict[str, int] = {}
    for ref in refs:
        for letter in ref:
            counts[letter] = counts.get(letter, 0) + 1
    expected = 10_000 * 22 / 64
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert len(counts) == 64
    assert chi_square < 140  # 63 degrees of freedom: p < 1e-6 beyond


def test_proof_words_are_two_of_the_language() -> None:
    for language, words in (("zh", proof_words.CHINESE), ("en-GB", proof_words.ENGLISH), ("fr", proof_words.ENGLISH)):
        one, two = proof_words.pick(language)
        assert one != two
        assert {one, two} <= set(words)


def test_proof_words_are_many_short_and_said_once() -> None:
    for words in (proof_words.CHINESE, proof_words.ENGLISH):
        assert len(words) >= 100
        assert len(set(words)) == len(words)
    assert {len(word) for word in proof_words.CHINESE} == {2}
    assert max(map(len, proof_words.ENGLISH)) <= 8


def test_a_password_is_met_by_itself_alone() -> None:
    secrets = passwords.new_secrets()
    stored = passwords.password_hash(secrets.password)
    assert stored.startswith("$argon2id$")
    assert passwords.password_matches(stored, secrets.password)
    assert not passwords.password_matches(stored, secrets.password + "x")
    assert not passwords.password_matches(None, secrets.password)
    assert not passwords.password_matches("not a hash", secrets.password)


def test_a_totp_code_is_met_in_its_step_and_the_two_beside_it() -> None:
    import pyotp

    secret = passwords.new_secrets().totp
    now = datetime(2026, 4, 17, 9, 0, 10, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    otp = pyotp.TOTP(secret)
    for shift in (-1, 0, 1):
        assert passwords.totp_step(secret, otp.generate_otp(step + shift), now) == step + shift
    for shift in (-2, 2):
        assert passwords.totp_step(secret, otp.generate_otp(step + shift), now) is None
    assert passwords.totp_step(None, otp.generate_otp(step), now) is None
