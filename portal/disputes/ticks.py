"""What is ticked on the receipt of a penalty, before it is known whether it can be disputed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.disputes.effect import Span, Stretch, sharing_nights


@dataclass(frozen=True, slots=True)
class Ticks:
    """What is ticked on the form: names of nights, and the late fee. `stretches` None: everything, as at first."""

    stretches: tuple[str, ...] | None = None
    nights: tuple[str, ...] = ()
    late_fee: bool = False

    def spans(self, offered: Sequence[Stretch]) -> list[Span]:
        """The nights that are ticked; ValueError if a name is none of those offered."""
        free = {stretch.span.name: stretch.span for stretch in offered if not stretch.inside}
        whole = list(free) if self.stretches is None else self.stretches
        if not set(whole) <= set(free) or not all(_is_inside(name, free.values()) for name in self.nights):
            raise ValueError("these nights are not on the receipt")
        return [*(free[name] for name in whole), *map(Span.read, self.nights)]

    def moved_to(self, offered: Sequence[Stretch]) -> "Ticks":
        """The same on a receipt that has changed: every stretch that shares a night with one that was ticked.

        Single nights stay as they are where they can still be ticked.
        """
        free = [stretch.span for stretch in offered if not stretch.inside]
        now = sharing_nights(self.stretches or (), free)
        single = tuple(name for name in self.nights if _is_inside(name, free))
        return Ticks(tuple(span.name for span in now), single, self.late_fee)


def _is_inside(name: str, spans: Iterable[Span]) -> bool:
    try:
        night = Span.read(name)
    except ValueError:
        return False
    return any(span.from_day <= night.from_day and night.to_day <= span.to_day for span in spans)
