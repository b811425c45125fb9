"""Amounts in Chinese capitals, as a paper writes them once: 1180.00 becomes 壹仟壹佰捌拾元整.

The rules are those of the banks' forms (正确填写票据和结算凭证的基本规定): one 零 for any run of zeros inside, 整 where
no fen follow.
"""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
_FEN = 100
_MOST = 10**16


def in_capitals(fen: int) -> str:
    """An amount of yuan, given in fen. ValueError below zero and from a hundred million million yuan on."""
    if not 0 <= fen < _MOST * _FEN:
        raise ValueError("no capitals for this amount")
    yuan, part = divmod(fen, _FEN)
    jiao, last = divmod(part, 10)
    whole = f"{_whole(yuan)}元" if yuan else ""
    if not part:
        return f"{whole or '零元'}整"
    gap = "零" if yuan and (not jiao or yuan % 10 == 0) else ""
    tenths = f"{_DIGITS[jiao]}角" if jiao else ""
    hundredths = f"{_DIGITS[last]}分" if last else "整"
    return f"{whole}{gap}{tenths}{hundredths}"


def _whole(yuan: int) -> str:
    groups = []
    while yuan:
        yuan, group = divmod(yuan, 10_000)
        groups.append(group)
    text = ""
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group:
            gap = "零" if text and (group < 1_000 or (index + 1 < len(groups) and groups[index + 1] % 10 == 0)) else ""
            text += f"{gap if not text.endswith('零') else ''}{_group(group)}{_GROUPS[index]}"
    return text


def _group(group: int) -> str:
    text = ""
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += f"{_DIGITS[digit]}{_PLACES[place]}"
        elif text and not text.endswith("零") and group % 10**place:
            text += "零"
    return text
