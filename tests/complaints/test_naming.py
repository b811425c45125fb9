"""Whom a complaint names by its own words: read widely, so that it never reaches that person."""

import pytest

from portal.complaints.naming import Name, named

STAFF = (
    Name(1, "乔木", "qiaomu"),
    Name(2, "沈若", "shenruo"),
    Name(3, "Hua Li", "hli"),
    Name(4, "欧阳明月", "ouyang"),
    Name(5, "Qiao Mu", "Qiao Mu"),
    Name(6, "He Song", "he"),
)


@pytest.mark.parametrize(
    ("who", "words", "expected"),
    [
        ("沈若", "", (2,)),
        ("沈经理", "", (2,)),
        ("沈", "", (2,)),
        ("沈某", "", (2,)),
        ("小沈", "", (2,)),
        ("明月", "", (4,)),
        ("欧阳主管", "", (4,)),
        ("Li", "", (3,)),
        ("qiao", "", (5,)),
        ("", "沈 若 骂 我", (2,)),
        ("", "一个姓乔的打电话给我", (1,)),
        ("", "乔经理打的", (1,)),
        ("", "他叫ＳＨＥＮＲＵＯ", (2,)),
        ("", "Ms. Li shouted at me", (3,)),
        ("", "It was Li, Hua from your office", (3,)),
        ("乔木和沈若", "", (1, 2)),
        ("He", "", (6,)),
        ("Song", "", (6,)),
        ("", "Mr He called", (6,)),
    ],
)
def test_somebody_is_named(who: str, words: str, expected: tuple[int, ...]) -> None:
    assert named(who, [words], STAFF) == expected


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("", ""),
        ("王经理", "他说话很大声"),
        ("", "It is likely that he knew"),
        ("", "大家都说小沈阳好看"),
        ("a man", "He would not say his name."),
        ("he said he was from the bank", "Did he? He did."),
    ],
)
def test_nobody_is_named(who: str, words: str) -> None:
    assert named(who, [words], STAFF) == ()
