"""The domain against the reference model, by a Hypothesis state machine: any commands, any order, any jump of time.

What belongs here: what may happen, and that both agree on it. What does not: the law (`reference`), driving the domain
(`miniature`).
"""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.domain.state import State, evolve
from tests.model.miniature import Miniature
from tests.model.reference import STEPS_MAX, Reference
from tests.support.volume import volume

STEPS_A_RUN = 50
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=5, minutes=45))
CUSTOMERS = ("anna", "ben")
SCALES = {"POINTS": 0, "CREDIT": 2}
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)

account = {
    "customer": st.sampled_from(("anna", "anna", "anna", "anna", "ben")),
    "type": st.sampled_from(("POINTS", "POINTS", "CREDIT")),
}
restrictions = st.sampled_from(((), (), (), (), ("books",), ("books", "games")))
tags = st.sampled_from(((), ("books",), ("games",), ("books", "games")))
decimals = st.sampled_from(("", "", ".5", ".25", ".50", ".01"))
pasts = st.sampled_from((None, None, None, None, 0 * DAY, -MOMENT, -DAY, -DAY - MOMENT, -2 * DAY))
issues = st.fixed_dictionaries(
    {
        "operation": st.just("issue"),
        **account,
        "amount": st.tuples(st.sampled_from((2, 3, 5, 8, 13, 20)), decimals),
        "effective": st.sampled_from((None, None, None, 0 * DAY, DAY, 2 * DAY, -MOMENT, -DAY, -2 * DAY)),
        "life": st.sampled_from((None, None, None, None, DAY, 3 * DAY, 9 * DAY, MOMENT)),
        "priority": st.sampled_from((50, 50, 50, 50, 0, 100)),
        "paid": st.sampled_from((False, False, True)),
        "cost": st.sampled_from((None, None, "2", "10", "0.10")),
        "tags": restrictions,
    }
)
consumes = st.fixed_dictionaries(
    {
        "operation": st.just("consume"),
        **account,
        "amount": st.tuples(st.sampled_from((1, 1, 2, 3, 7)), decimals),
        "effective": pasts,
        "tags": tags,
    }
)
exact_consumes = st.fixed_dictionaries(
    {
        "operation": st.just("exact"),
        **account,
        "effective": pasts,
        "tags": tags,
        "beyond": st.sampled_from((0, 0, 1, -1)),
    }
)
faults = st.sampled_from(
    (
        {"type": "NONE"},
        {"customer": "nobody"},
        {"effective": -90 * DAY},
        {"effective": 90 * DAY},
        {"life": 0 * DAY},
        {"priority": 101},
        *(
            {"amount": amount}
            for amount in ("0", 0, "0.00", "-1", -1, "1e3", "", "0.001", "01", str(STEPS_MAX), STEPS_MAX + 1)
        ),
    )
)
HAPPENINGS = {
    "time": (2, st.fixed_dictionaries({"passed": st.sampled_from((MOMENT, DAY / 24, DAY, 3 * DAY))})),
    "edge": (2, st.fixed_dictionaries({"number": st.integers(0, 2), "early": st.booleans()})),
    "issue": (9, issues),
    "consume": (7, consumes),
    "exact": (5, exact_consumes),
    "fault": (3, st.builds(lambda request, fault: {**request, **fault}, issues | consumes, faults)),
    "repeat": (
        3,
        st.fixed_dictionaries(
            {"back": st.integers(0, 5), "how": st.sampled_from(("same", "spelled", "moved", "other", "renamed"))}
        ),
    ),
    "register": (1, st.fixed_dictionaries({"operation": st.just("register"), "customer": account["customer"]})),
    "cap": (
        1,
        st.fixed_dictionaries(
            {"operation": st.just("cap"), "type": account["type"], "cap": st.sampled_from((None, None, 0, 30, 90))}
        ),
    ),
}
happenings = st.sampled_from([name for name, (weight, _) in HAPPENINGS.items() for _ in range(weight)]).flatmap(
    lambda name: st.tuples(st.just(name), HAPPENINGS[name][1])
)


class LedgerMachine(RuleBasedStateMachine):
    """Both ledgers get every request at the same instant and must give the same answer.

    One rule with weights of our own: Hypothesis leaves rules out of whole runs, and a run without issues tells nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.domain = Miniature()
        self.model = Reference()
        self.sent: list[dict] = []
        self._define("POINTS", None, None)
        self._define("CREDIT", Fraction(60), 2 * DAY)

    @rule(happening=happenings)
    def something_happens(self, happening: tuple[str, dict]) -> None:
        name, details = happening
        if name == "time":
            self.now += details["passed"]
        elif name == "edge":
            self._come_to_an_edge(**details)
        elif name == "repeat":
            self._send_again(**details)
        else:
            self._send(self._request(details))

    @invariant()
    def every_figure_is_the_same(self) -> None:
        for customer in CUSTOMERS:
            for type_code in SCALES:
                self._compare(customer, type_code)

    def teardown(self) -> None:
        """Fold all events from nothing: that is the live state."""
        folded = State()
        for event in self.domain.events:
            folded = evolve(folded, event)
        live = self.domain.state
        assert (folded.position, folded.types, folded.customers) == (live.position, live.types, live.customers)
        assert folded.accounts == live.accounts

    def _define(self, code: str, cap: Fraction | None, backdate: timedelta | None) -> None:
        members = {"max_balance": cap and str(cap), "max_backdate": backdate and f"P{backdate.days}D"}
        self.domain.define(code, SCALES[code], self.now, **members)
        self.model.types[code] = {"scale": SCALES[code], "cap": cap, "backdate": backdate}

    def _come_to_an_edge(self, number: int, early: bool) -> None:
        edges = self.model.edges(self.now)
        if edges:
            edge = edges[min(number, len(edges) - 1)]
            self.now = edge - MOMENT if early else edge

    def _request(self, details: dict) -> dict:
        """The request that the details stand for: instants from offsets, and an amount in the type's own scale."""
        request = {name: value for name, value in details.items() if name not in ("life", "beyond")}
        scale = SCALES.get(request.get("type"), 0)
        if request.get("effective") is not None:
            request["effective"] += self.now
        if request["operation"] == "issue":
            life = details["life"]
            request["expires"] = None if life is None else (request["effective"] or self.now) + life
        if request["operation"] == "exact":
            usable = self.model.usable(request, self.now)
            step = Fraction(1, 10**scale)
            request |= {"operation": "consume", "amount": _text(max(usable + details["beyond"] * step, step), scale)}
        elif isinstance(request.get("amount"), tuple):
            whole, decimals = request["amount"]
            request["amount"] = f"{whole}{decimals}" if scale and decimals else whole
        return request

    def _send(self, request: dict) -> None:
        request["key"] = f"key {len(self.sent)}"
        self.sent.append(request)
        self._both_answer(request)

    def _send_again(self, back: int, how: str) -> None:
        if not self.sent:
            return
        request = dict(self.sent[-1 - back % len(self.sent)])
        if how == "spelled":
            _spell_otherwise(request)
        elif how == "other" and "customer" in request:
            request["customer"] = "ben" if request["customer"] == "anna" else "anna"
        elif how == "moved" and request.get("effective"):
            request["effective"] += MOMENT
        elif how == "renamed":
            request["key"] += " again"
        self._both_answer(request)

    def _both_answer(self, request: dict) -> None:
        expected = self.model.submit(dict(request), self.now)
        assert self.domain.submit(dict(request), self.now) == expected

    def _compare(self, customer: str, type_code: str) -> None:
        account = self.domain.account(customer, type_code, self.now)
        assert account.balances()
        expected = self.model.figures(customer, type_code, self.now)
        version = expected.pop("version")
        assert account.version == version
        assert {name: self.domain.units(getattr(account, name), type_code) for name in expected} == expected
        grants = {
            self.domain.numbers[grant.grant_id]: {
                "remaining": self.domain.units(grant.remaining, type_code),
                "consumed": self.domain.units(grant.consumed, type_code),
                "expired": self.domain.units(grant.expired, type_code),
                "state": grant.state(self.now).value,
            }
            for grant in account.grants.values()
        }
        assert grants == self.model.grants(customer, type_code, self.now)


def _text(amount: Fraction, scale: int) -> str:
    whole, steps = divmod(int(amount * 10**scale), 10**scale)
    return f"{whole}.{steps:0{scale}}" if scale else str(whole)


def _spell_otherwise(request: dict) -> None:
    """Write the same request in another way, where there is one."""
    amount = str(request.get("amount", ""))
    if amount.isdigit():
        request["amount"] = f"{amount}.00"
    if request.get("effective"):
        request["effective"] = request["effective"].astimezone(EAST)


LedgerMachine.TestCase.settings = settings(
    max_examples=volume(ci=500, soak=20_000),
    stateful_step_count=STEPS_A_RUN,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestLedgerMachine = LedgerMachine.TestCase
