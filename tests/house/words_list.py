"""Words that no text of ours uses, with the reason and a better way to say it.

NEVER holds for every text. BEFORE_CHECK holds where a stranger can read along: text messages, and pages before the
recipient check. DOCUMENTS holds everywhere but in the contexts that a rule names. Patterns meet text in lower case,
after NFKC, without spaces and marks between Han characters.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A family of words of one language, why they are out, and what to say instead."""

    language: str
    pattern: str
    why: str
    contexts: tuple[str, ...] = ()

    def find(self, text: str) -> str | None:
        """The first piece of a normalised text that breaks this rule."""
        found = re.search(self.pattern, text)
        return found.group() if found else None


def words(*stems: str, endings: str = "") -> str:
    """A pattern for English words or phrases, whole, with any of the endings."""
    return rf"\b(?:{'|'.join(stems)}){endings}\b"


def any_of(listed: str) -> str:
    """A pattern for Chinese words that are listed with the mark 、 between them."""
    return "|".join(listed.split("、"))


NEAR = r"[^。!?;,]{0,6}"
PEOPLE = any_of("家人、亲友、父母、配偶、单位、同事、通讯录、居委")

NEVER = (
    Rule("zh", any_of("上门、外访、走访、到您单位"), "a visit reads as a threat"),
    Rule("en", words("visit you", "come to your home", "doorstep"), "a visit reads as a threat"),
    Rule("zh", rf"(?<!不)(?<!不会)(?:通知|联系|告知|找)(?:您的?)?(?:{PEOPLE})", "we tell no third party"),
    Rule(
        "en",
        r"(?<!not )(?<!never )\b(?:tell|contact|inform) your (?:family|parents|employer|colleagues|contacts)\b",
        "we tell no third party",
    ),
    Rule(
        "zh",
        any_of("黑名单、老赖、失信、信用破产、污点、永久"),
        "there is no such register; say what and until when",
    ),
    Rule(
        "en",
        words("blacklist", "ruined credit", "permanent record", endings="(?:s|ed)?"),
        "there is no such register",
    ),
    Rule("zh", any_of("公安、报案、立案、刑事、诈骗、恶意、坐牢、自首"), "a late payment is no crime"),
    Rule(
        "en",
        words("police", "criminal", "prosecution", "fraudster", "jail", endings="s?"),
        "a late payment is no crime",
    ),
    Rule("zh", any_of("最后通牒、最后警告、最后机会、最终通知、否则、后果自负"), "say what follows and when"),
    Rule(
        "en",
        words("final warning", "last chance", "final demand", "or else", "otherwise we will"),
        "say what follows and when",
    ),
    Rule(
        "zh",
        rf"(?:立即|马上|立刻|尽快|务必|(?<!宽)限期|三日内){NEAR}(?:还|付|缴|联系|回电|处理|结清)",
        "urgency is a date: 3月5日24:00前",
    ),
    Rule(
        "en",
        r"\b(?:immediately|at once|urgent(?:ly)?|asap|act now|without delay)\b[^.;:?!]{0,40}\b(?:pay|call|contact|settle)"
        r"|\b(?:pay|call|contact|settle)\b[^.;:?!]{0,40}\b(?:immediately|at once|urgently|asap|without delay)\b|\bact now\b",
        "urgency is a date: by 5 March 2026",
    ),
    Rule("zh", any_of("必须还、你必须、您必须、再不还、有义务"), "describe the account; do not command"),
    Rule(
        "en",
        words("you must pay", "you have to", "you are obliged", "you failed to", "you ignored", "you refused"),
        "describe the account; do not command or blame",
    ),
    Rule("zh", any_of("拖欠、欠债、欠钱、赖账、逃避、失约、不守信"), "a late payment has a day, not a label"),
    Rule(
        "en",
        words("defaulter", "delinquent", "bad payer", "debtor", "evade", endings="[sd]?"),
        "a late payment has a day, not a label",
    ),
    Rule("zh", any_of("催收、催缴、讨债、清收、委外"), "the portal does not collect: 提醒, 联系您"),
    Rule(
        "en",
        words("collector", "debt collection", "recovery agent", endings="s?"),
        "the portal does not collect",
    ),
    Rule("zh", any_of("滞纳金、罚款、处罚、制裁、惩罚"), "only the state fines: 罚息, 违约金, 逾期费"),
    Rule(
        "en",
        words("fine", "sanction", "punish", "surcharge", "penalty interest", endings="(?:s|ed)?"),
        "say penalty",
    ),
    Rule("zh", any_of("诚意、态度、配合、面子、给您机会、将心比心"), "no moralising"),
    Rule("en", words("show good faith", "cooperate", "our patience", "do the right thing"), "no moralising"),
    Rule(
        "zh",
        any_of("限时、仅限今天、内部政策、特批、停息挂账、免还、借新还旧、向亲友借"),
        "invented urgency or new debt",
    ),
    Rule(
        "en",
        words("limited offer", "today only", "special offer", "write off your debt", "take another loan"),
        "invented urgency or new debt",
    ),
    Rule("zh", any_of("温馨提示、敬请") + r"|^亲[,!~]|!", "tone: say the fact"),
    Rule("en", words("friendly reminder", "kindly", "simply", "just") + r"|!", "tone: say the fact"),
    Rule("any", "[\U0001f000-\U0001faff]", "no emoji"),
    Rule("zh", any_of("概不负责、不予受理、最终解释权、特此通知、勿来责问"), "every no names a way on"),
    Rule(
        "en",
        words("not our responsibility", "sole discretion", "we reserve the right"),
        "every no names a way on",
    ),
    Rule("zh", any_of("你、我司、本公司、贵户、尊敬的客户"), "您 and 我们"),
    Rule("zh", any_of("予以、届时、特此、相关"), "plain words that sound right read aloud"),
    Rule("zh", any_of("驳回、拒绝、很遗憾"), "say no with the fact and the next way: 这次不能同意"),
    Rule("en", words("rejected", "unfortunately"), "say no with the fact and the next way: we cannot agree to"),
    Rule("en", words("shortly", "soon"), "say the date"),
    Rule("zh", any_of("近期、尽快"), "say the date"),
    Rule("en", words("installment", endings="s?"), "British spelling: instalment"),
    Rule("en", r"\b\w+n['’]t\b|\b\w+['’](?:ll|re|ve|d)\b|\b(?:it|that|there)['’]s\b", "no contractions"),
)

BEFORE_CHECK = (
    Rule(
        "zh",
        any_of("贷、借、还款、欠、债、逾期、到期、账单、分期、扣款、罚、违约、金额、余额"),
        "a stranger may read along",
    ),
    Rule(
        "en",
        words(
            "loan",
            "debt",
            "credit",
            "overdue",
            "arrears",
            "instalment",
            "balance",
            "owe",
            "amount",
            endings="s?",
        )
        + "|"
        + words("due", "penalty", "penalties", "(?:re)?pay(?:s|ing|ment|ments)?", "(?:re)?paid"),
        "a stranger may read along",
    ),
    Rule("any", r"[¥$€£₩₹]|\bcny\b|\busd\b", "no amount where a stranger may read along"),
    Rule("zh", any_of("中奖、退款、红包、快递、包裹、优惠、奖励"), "neutral, never a lure"),
    Rule(
        "en",
        words("prize", "refund", "reward", "parcel", "discount", "gift", endings="s?"),
        "neutral, never a lure",
    ),
)

DOCUMENTS = (
    Rule("zh", any_of("征信、信用报告"), "a fact with a date, never a lever", ("credit_notice", "correction")),
    Rule(
        "en",
        words("credit register", "credit file", "credit score"),
        "a fact with a date, never a lever",
        ("credit_notice", "correction"),
    ),
    Rule(
        "zh",
        any_of("起诉、诉讼、法院、仲裁、律师函、开庭、强制执行、查封、保全"),
        "what is not decided must not be said",
        ("letter.step", "routes"),
    ),
    Rule(
        "en",
        words("legal action", "sue", "court", "proceedings", "lawyer's letter", "enforcement", endings="s?"),
        "what is not decided must not be said",
        ("letter.step", "routes"),
    ),
)

# Contexts and places of texts that are read before the recipient check.
BEFORE_CHECK_CONTEXTS = ("sms", "landing", "link", "check", "code", "not_me", "start")
BEFORE_CHECK_PLACES = (
    r"templates/access/(?:landing|link|check|code|not_me|start)|portal/access/(?:pages|session_pages|texts)\.py"
    r"|templates/account/shared"
)

# Pieces that may stand, each with its reason. They are taken out of a text before it is read.
ALLOWED = {
    "永久删除": "of a deleted file",
    "permanently deleted": "of a deleted file",
    "您可以向警方报案": "advice to a victim of misuse",
    "诉讼时效": "the name of a legal period, in an agreement",
    "催收款": "the name of a risk class, which staff alone see",
}

# Words in capitals that are names, not stress.
CAPITALS = frozenset(("JPEG", "HEIC", "TOTP", "PORTAL", "HTML", "HTTP", "HTTPS", "XLSX"))

# Texts that are the same in both languages.
SAME_IN_BOTH = frozenset(("PDF", "CSV", "JSON", "English", "ID", "TOTP", "LPR", "×", "+", "="))
