"""The ledger once more, written from the law alone: plain dictionaries and fractions, slow and obvious.

What belongs here: what the law says of issues, consumes, time, caps, restrictions and repeated keys. What does not:
anything of the application's. Where the ledger records what happens, this model remembers only grants and what was
taken from them, and works every figure out of those two, for whichever instant it is asked about.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]
Lot = dict[str, Any]

STEPS_MAX = 2**63 - 1
NEVER = datetime.max.replace(tzinfo=UTC)


class Reference:
    """A ledger of grants and takings; instants are aware, amounts are fractions of whole units."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, Any]] = {}
        self.customers: set[str] = set()
        self.lots: list[Lot] = []
        self.takings: list[dict[str, Any]] = []
        self.receipts: dict[str, tuple[Request, Answer]] = {}
        self.last_balance: dict[tuple[str, str], Fraction] = {}

    def submit(self, request: Request, now: datetime) -> Answer:
        """What the ledger answers: `refused` with a code, or the `events` that it writes; and whether it replays."""
        if not _is_well_written(request):
            return {"refused": "INVALID_INPUT"}
        meant = _meaning(request)
        if request["key"] in self.receipts:
            first, answer = self.receipts[request["key"]]
            return {**answer, "replayed": True} if first == meant else {"refused": "IDEMPOTENCY_CONFLICT"}
        answer = getattr(self, "_" + request["operation"])({**meant, "decimals": _decimals(request)}, now)
        if "refused" not in answer:
            self.receipts[request["key"]] = (meant, answer)
        return answer

    def figures(self, customer: str, type_code: str, now: datetime) -> dict[str, Fraction | int]:
        """Every figure of the account as it stands at `now`."""
        lots = self._lots_of(customer, type_code)
        takings = [taking for taking in self.takings if (taking["customer"], taking["type"]) == (customer, type_code)]
        return {
            "available": sum((_left(lot) for lot in lots if _is_usable(lot, now)), Fraction()),
            "unrestricted": sum((_left(lot) for lot in lots if _is_usable(lot, now) and not lot["tags"]), Fraction()),
            "pending": sum((_left(lot) for lot in lots if lot["effective"] > now), Fraction()),
            "issued": sum((lot["amount"] for lot in lots), Fraction()),
            "consumed": sum((taking["amount"] for taking in takings), Fraction()),
            "expired": sum((_left(lot) for lot in lots if lot["expires"] <= now), Fraction()),
            "version": len(lots) + len(takings) + sum(1 for lot in lots for _ in _changes(lot, now)),
        }

    def grants(self, customer: str, type_code: str, now: datetime) -> dict[int, dict[str, Any]]:
        """Of each grant of the account, by its number: what remains of it at `now`, and its state."""
        return {
            lot["number"]: {
                "remaining": _left(lot) if lot["expires"] > now else 0,
                "consumed": sum(lot["taken"], Fraction()),
                "expired": _left(lot) if lot["expires"] <= now else 0,
                "state": _state(lot, now),
            }
            for lot in self._lots_of(customer, type_code)
        }

    def edges(self, now: datetime) -> list[datetime]:
        """The instants after `now` at which a grant begins or ends, soonest first."""
        return sorted({lot[end] for lot in self.lots for end in ("effective", "expires") if now < lot[end] < NEVER})

    def usable(self, request: Request, now: datetime) -> Fraction:
        """What a consume with this type, customer, instant and tags could take."""
        lots = self._lots_of(request["customer"], request["type"])
        matching = [lot for lot in lots if _matches(lot, request["tags"])]
        return sum((_least_left(lot, request["effective"] or now, now) for lot in matching), Fraction())

    def _register(self, request: Request, now: datetime) -> Answer:
        if request["customer"] in self.customers:
            return {"refused": "ALREADY_EXISTS"}
        self.customers.add(request["customer"])
        return {"events": [{"kind": "CUSTOMER_REGISTERED"}], "replayed": False}

    def _cap(self, request: Request, now: datetime) -> Answer:
        if request["type"] not in self.types:
            return {"refused": "UNKNOWN_TYPE"}
        self.types[request["type"]]["cap"] = request["cap"]
        return {"events": [{"kind": "TYPE_REVISED"}], "replayed": False}

    def _issue(self, request: Request, now: datetime) -> Answer:
        known = self.types.get(request["type"])
        if known is None:
            return {"refused": "UNKNOWN_TYPE"}
        effective, expires = request["effective"] or now, request["expires"] or NEVER
        if not _fits(request, known) or expires <= effective:
            return {"refused": "INVALID_INPUT"}
        if _is_too_far_back(effective, known, now):
            return {"refused": "BACKDATE_NOT_ALLOWED"}
        figures = self.figures(request["customer"], request["type"], now)
        standing = figures["available"] + figures["pending"]
        most = Fraction(STEPS_MAX, 10 ** known["scale"])
        if max(standing, figures["issued"]) + request["amount"] > most:
            return {"refused": "BALANCE_CAP_EXCEEDED"}
        if expires > now and known["cap"] is not None and standing + request["amount"] > known["cap"]:
            return {"refused": "BALANCE_CAP_EXCEEDED"}
        self.customers.add(request["customer"])
        overdue = self._unsaid(request, now)
        lot = {
            **request,
            "number": len(self.lots),
            "effective": effective,
            "expires": expires,
            "recorded": now,
            "taken": [],
            "said": set(),
        }
        self.lots.append(lot)
        own = {
            "kind": "ISSUED",
            "delta": request["amount"] if effective <= now else Fraction(),
            "effective": effective,
            "allocations": [(lot["number"], request["amount"])],
        }
        return self._told(request, [*overdue, own, *self._unsaid(request, now)])

    def _consume(self, request: Request, now: datetime) -> Answer:
        known = self.types.get(request["type"])
        if known is None:
            return {"refused": "UNKNOWN_TYPE"}
        if request["customer"] not in self.customers:
            return {"refused": "UNKNOWN_CUSTOMER"}
        effective = request["effective"] or now
        if not _fits(request, known) or effective > now:
            return {"refused": "INVALID_INPUT"}
        if _is_too_far_back(effective, known, now):
            return {"refused": "BACKDATE_NOT_ALLOWED"}
        usable = self.usable(request, now)
        if usable < request["amount"]:
            return self._too_little(request, usable, now)
        overdue = self._unsaid(request, now)
        allocations = self._take(request, effective, now)
        taking = {"customer": request["customer"], "type": request["type"], "amount": request["amount"]}
        self.takings.append(taking)
        own = {
            "kind": "CONSUMED",
            "delta": -request["amount"],
            "effective": effective,
            "allocations": allocations,
        }
        return self._told(request, [*overdue, own])

    def _take(self, request: Request, effective: datetime, now: datetime) -> list[tuple[int, Fraction]]:
        lots = self._lots_of(request["customer"], request["type"])
        wanted = request["amount"]
        allocations = []
        for lot in sorted(lots, key=_turn):
            taken = min(wanted, _least_left(lot, effective, now) if _matches(lot, request["tags"]) else Fraction())
            if taken > 0:
                lot["taken"].append(taken)
                allocations.append((lot["number"], taken))
                wanted -= taken
        return allocations

    def _too_little(self, request: Request, usable: Fraction, now: datetime) -> Answer:
        lots = self._lots_of(request["customer"], request["type"])
        anyhow = sum((_least_left(lot, request["effective"] or now, now) for lot in lots), Fraction())
        return {
            "refused": "INSUFFICIENT_BALANCE",
            "available": usable,
            "missing": request["amount"] - usable,
            "unusable": anyhow - usable,
            "pending": self.figures(request["customer"], request["type"], now)["pending"],
            "next_activation": min((lot["effective"] for lot in lots if lot["effective"] > now), default=None),
        }

    def _unsaid(self, request: Request, now: datetime) -> list[dict[str, Any]]:
        """What time has done to the account and no event has said yet; from now on it is said."""
        changes = [
            (instant, kind != "ACTIVATED", lot["number"], kind, amount, lot)
            for lot in self._lots_of(request["customer"], request["type"])
            for instant, kind, amount in _changes(lot, now)
            if kind not in lot["said"]
        ]
        events = []
        for instant, _, number, kind, amount, lot in sorted(changes, key=lambda change: change[:3]):
            lot["said"].add(kind)
            delta = amount if kind == "ACTIVATED" else -amount
            events.append({"kind": kind, "delta": delta, "effective": instant, "allocations": [(number, amount)]})
        return events

    def _told(self, request: Request, events: list[dict[str, Any]]) -> Answer:
        account = (request["customer"], request["type"])
        for event in events:
            self.last_balance[account] = self.last_balance.get(account, Fraction()) + event["delta"]
            event["balance"] = self.last_balance[account]
        return {"events": events, "replayed": False}

    def _lots_of(self, customer: str, type_code: str) -> list[Lot]:
        return [lot for lot in self.lots if (lot["customer"], lot["type"]) == (customer, type_code)]


def read_amount(raw: str | int) -> Fraction | None:
    """The number that the caller wrote, or None where it is none that the law takes (L1.2)."""
    if isinstance(raw, int):
        return Fraction(raw) if 0 <= raw <= STEPS_MAX else None
    whole, dot, decimals = raw.partition(".")
    if not (raw.isascii() and whole.isdigit() and len(whole) <= 19 and (whole == "0" or whole[0] != "0")):
        return None
    if dot and not (decimals.isdigit() and len(decimals) <= 9):
        return None
    return Fraction(raw)


def _is_well_written(request: Request) -> bool:
    if request["operation"] in ("register", "cap"):
        return True
    amount = read_amount(request["amount"])
    is_fair = request["operation"] != "issue" or 0 <= request["priority"] <= 100
    return amount is not None and amount > 0 and is_fair


def _meaning(request: Request) -> Request:
    meant = {name: value for name, value in request.items() if name != "key"}
    if "amount" in meant:
        meant["amount"] = read_amount(meant["amount"])
    return meant


def _decimals(request: Request) -> int:
    return len(str(request.get("amount", "")).partition(".")[2])


def _fits(request: Request, known: dict[str, Any]) -> bool:
    return bool(request["decimals"] <= known["scale"] and request["amount"] * 10 ** known["scale"] <= STEPS_MAX)


def _is_too_far_back(effective: datetime, known: dict[str, Any], now: datetime) -> bool:
    return known["backdate"] is not None and now - effective > known["backdate"]


def _left(lot: Lot) -> Fraction:
    return lot["amount"] - sum(lot["taken"], Fraction())


def _is_usable(lot: Lot, now: datetime) -> bool:
    return bool(lot["effective"] <= now < lot["expires"])


def _least_left(lot: Lot, since: datetime, now: datetime) -> Fraction:
    """The least that was left of the grant at any instant from `since` to `now`: it only gets less while it lives."""
    return _left(lot) if _is_usable(lot, since) and _is_usable(lot, now) else Fraction()


def _matches(lot: Lot, tags: tuple[str, ...]) -> bool:
    return not lot["tags"] or bool(set(lot["tags"]) & set(tags))


def _turn(lot: Lot) -> tuple[Any, ...]:
    """Restricted first, then the lower priority, the sooner expiry, gifts, the cheaper, the older."""
    return (
        len(lot["tags"]) == 0,
        lot["priority"],
        lot["expires"],
        lot["paid"],
        Fraction(lot["cost"] or 0),
        lot["effective"],
        lot["number"],
    )


def _state(lot: Lot, now: datetime) -> str:
    if now < lot["effective"]:
        return "SCHEDULED"
    if now >= lot["expires"]:
        return "EXPIRED"
    return "ACTIVE" if _left(lot) else "EXHAUSTED"


def _changes(lot: Lot, now: datetime) -> Iterator[tuple[datetime, str, Fraction]]:
    """What time alone has done to the grant by `now`."""
    if lot["recorded"] < lot["effective"] <= now:
        yield lot["effective"], "ACTIVATED", lot["amount"]
    if lot["expires"] <= now and _left(lot):
        yield lot["expires"], "EXPIRED", _left(lot)
