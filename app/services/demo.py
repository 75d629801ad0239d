"""The demo: a coffee house's loyalty program, some weeks of its past and then its days as they go.

What belongs here: who its customers are and what they do. What does not: a file to tell it in, a server around it
(`cli`). Everything that looks like chance comes from one seed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from app.clock import Clock, FixedClock
from app.domain.account import Funding
from app.domain.commands import (
    Actor,
    ActorKind,
    Consume,
    Context,
    DefineEntitlementType,
    Issue,
    RegisterCustomer,
    SingleCommand,
)
from app.domain.entitlement_type import EntitlementCategory
from app.domain.validity import CalendarEnd, Validity
from app.services.ledger import Ledger

T = TypeVar("T")

CORRELATION = "demo"
WEEKS = 6
VISITS_AN_HOUR_MAX = 5
OPENING_HOURS = range(7, 20)
PAUSE_SECONDS_MAX = 0.6
BURST_OF = 24

TILL = Actor(ActorKind.API_KEY, "till", "The till")
OFFICE = Actor(ActorKind.USER, "marketing", "Marketing")

POINTS, CREDIT, COFFEE, VOUCHER = "BEANS", "CREDIT", "FREE_COFFEE", "CAKE_VOUCHER"

_FIRST = "Ada Bruno Carla Dario Elif Femi Greta Hugo Ines Jonas Kiran Lena Mateo Nadia Olu Petra Quinn Rosa Samir Tilda"
_LAST = "Abel Brandt Costa Diaz Eriksen Fischer Gupta Haddad Ito Jensen Keller"
_NAMES = [f"{first} {last}" for first, last in zip(_FIRST.split() * 2, _LAST.split() * 4, strict=False)]
_GUESTS = [f"guest-{number:03}" for number in range(1, len(_NAMES) + 1)]


@dataclass(frozen=True, slots=True)
class Dice:
    """Chance that falls the same way for the same seed."""

    source: FixedClock

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return int.from_bytes(self.source.secret(4), "big") % limit

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[self.below(len(among))]

    def happens(self, percent: int) -> bool:
        """Whether something that happens so often happens now."""
        return self.below(100) < percent


@dataclass(slots=True)
class Story:
    """What happens, one command after another; keys are numbered, so the same seed tells the same story."""

    dice: Dice
    prefix: str
    first_order: int = 1
    number: int = 0

    def opening(self) -> list[SingleCommand]:
        """What may be held, and who the guests are."""
        yearly, weekly = Validity("P1Y", CalendarEnd.END_OF_MONTH), Validity("P14D", CalendarEnd.END_OF_DAY)
        return [
            self._type(POINTS, "Coffee beans", EntitlementCategory.POINTS, "bean", 0, yearly),
            self._type(CREDIT, "Store credit", EntitlementCategory.CREDITS, "EUR", 2, None, "500"),
            self._type(COFFEE, "Free coffee", EntitlementCategory.PRODUCT, "cup", 0, Validity("P30D")),
            self._type(VOUCHER, "Cake voucher", EntitlementCategory.VOUCHER, "voucher", 0, weekly, "3"),
            *(
                RegisterCustomer(
                    idempotency_key=self._key(),
                    customer_id=guest,
                    name=name,
                    email=f"{name.replace(' ', '.').lower()}@example.com",
                    metadata={"favourite": self.dice.pick(("espresso", "flat white", "filter", "tea"))},
                    correlation_id=CORRELATION,
                )
                for guest, name in zip(_GUESTS, _NAMES, strict=True)
            ),
        ]

    def visit(self, now: datetime) -> list[SingleCommand]:
        """What one guest's visit asks of the ledger; it may well ask too much, and be refused."""
        # Few guests come often, most now and then.
        guest = _GUESTS[min(self.dice.below(len(_GUESTS)), self.dice.below(len(_GUESTS)))]
        order = f"order-{self.first_order + self.number:06}"
        cents = 250 + 10 * self.dice.below(180)
        asked: list[SingleCommand] = []
        if self.dice.happens(22):
            asked.append(self._consume(guest, COFFEE, "1", "free coffee", order))
        elif self.dice.happens(18):
            asked.append(self._consume(guest, POINTS, str(self.dice.pick((20, 50, 80))), "reward", order))
        elif self.dice.happens(18):
            asked.append(self._consume(guest, CREDIT, f"{cents / 100:.2f}", "paid with credit", order))
        asked.append(self._issue(guest, POINTS, str(-(-cents // 100)), "order", order))
        if self.dice.happens(12):
            asked.append(self._issue(guest, COFFEE, "1", "tenth stamp", order))
        if self.dice.happens(9):
            asked.append(self._issue(guest, CREDIT, str(10 * (1 + self.dice.below(4))), "top-up", order, Funding.PAID))
        if self.dice.happens(5):
            asked.append(self._campaign(guest, now))
        return asked

    def outlook(self, now: datetime) -> list[SingleCommand]:
        """What is about to happen: grants that wait for their day, and others that are running out."""
        asked: list[SingleCommand] = []
        for guest in _GUESTS[::3]:
            later = now + timedelta(days=1 + self.dice.below(12))
            asked.append(self._issue(guest, COFFEE, "2", "birthday", None, effective_at=later))
        for guest in _GUESTS[1::3]:
            soon = now + timedelta(hours=2 + self.dice.below(60))
            asked.append(self._issue(guest, POINTS, "25", "happy hour", None, expires_at=soon))
        asked += [
            self._issue(guest, CREDIT, "5", "drinks only", None, restricted_to=("drinks",)) for guest in _GUESTS[2::6]
        ]
        return asked

    def _campaign(self, guest: str, now: datetime) -> SingleCommand:
        days = timedelta(days=1 + self.dice.below(4))
        match self.dice.below(3):
            case 0:
                return self._issue(guest, VOUCHER, "1", "autumn cake", None)
            case 1:
                return self._issue(guest, POINTS, "40", "double beans", None, expires_at=now + days)
            case _:
                return self._issue(guest, COFFEE, "1", "birthday", None, effective_at=now + days)

    def _issue(
        self,
        guest: str,
        code: str,
        amount: str,
        reason: str,
        order: str | None,
        funding: Funding = Funding.PROMOTIONAL,
        *,
        effective_at: datetime | None = None,
        expires_at: datetime | None = None,
        restricted_to: tuple[str, ...] = (),
    ) -> Issue:
        return Issue(
            idempotency_key=self._key(),
            customer_id=guest,
            type_code=code,
            amount=amount,
            reason=reason,
            funding=funding,
            effective_at=effective_at,
            expires_at=expires_at,
            restricted_to=restricted_to,
            correlation_id=order or CORRELATION,
            metadata={} if order is None else {"order": order},
        )

    def _consume(self, guest: str, code: str, amount: str, reason: str, order: str) -> Consume:
        return Consume(
            idempotency_key=self._key(),
            customer_id=guest,
            type_code=code,
            amount=amount,
            reason=reason,
            tags=("drinks",),
            correlation_id=order,
            metadata={"order": order},
        )

    def _type(
        self,
        code: str,
        name: str,
        category: EntitlementCategory,
        unit: str,
        scale: int,
        validity: Validity | None,
        max_balance: str | None = None,
    ) -> DefineEntitlementType:
        return DefineEntitlementType(
            idempotency_key=self._key(),
            code=code,
            name=name,
            category=category,
            unit=unit,
            scale=scale,
            time_zone="Europe/Berlin",
            default_validity=validity,
            max_balance=max_balance,
            correlation_id=CORRELATION,
        )

    def _key(self) -> str:
        self.number += 1
        return f"{self.prefix}:{self.number}"


async def tell_past(ledger: Ledger, name: str, clock: FixedClock, until: datetime, seed: int) -> None:
    """Write some weeks of history up to `until`, each event recorded when it happened: the clock is moved along."""
    story = Story(Dice(FixedClock(until, seed)), "past")
    day = until - timedelta(weeks=WEEKS)
    clock.move_to(day)
    await _ask(ledger, name, OFFICE, story.opening())
    while day < until:
        for hour in OPENING_HOURS:
            instant = day.replace(hour=hour, minute=story.dice.below(60))
            visits = story.dice.below(VISITS_AN_HOUR_MAX + 1)
            if clock.now() < instant < until:
                clock.move_to(instant)
                await _ask(ledger, name, TILL, [each for _ in range(visits) for each in story.visit(instant)])
        day += timedelta(days=1)
    clock.move_to(until)
    await _ask(ledger, name, OFFICE, story.outlook(until))


async def live_on(ledger: Ledger, name: str, clock: Clock, seed: int) -> None:
    """A few visits a second, now and then a crowd at once; goes on until it is cancelled."""
    began_at = clock.now()
    story = Story(Dice(FixedClock(began_at, seed + 1)), f"live:{began_at.isoformat()}", first_order=100_000)
    while True:
        visits = BURST_OF if story.dice.happens(2) else 1
        asked = [command for _ in range(visits) for command in story.visit(clock.now())]
        await _ask(ledger, name, TILL, asked)
        await clock.sleep(PAUSE_SECONDS_MAX * story.dice.below(1_000) / 1_000)


async def _ask(ledger: Ledger, name: str, actor: Actor, commands: list[SingleCommand]) -> None:
    context = Context(actor, name)
    await asyncio.gather(*(ledger.submit(command, context) for command in commands))
