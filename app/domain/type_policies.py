"""An entitlement type's members judged together: when it is defined, and again when it is revised.

What belongs here: which definitions make sense. What does not: what the policies do (`decide`, `burn`, `due`).
"""

from dataclasses import replace
from datetime import datetime

from app.domain.amounts import RawAmount, to_steps
from app.domain.commands import UNSET, Absent, DefineEntitlementType, ReviseEntitlementType
from app.domain.entitlement_type import EntitlementType
from app.domain.rejections import InvalidInput, invalid
from app.domain.validity import parse_elapsed

_PLAIN = (
    "name",
    "unit",
    "time_zone",
    "default_validity",
    "max_backdate",
    "on_expired_reversal",
    "reversal_grace",
    "clawback",
    "hold_ttl_default",
    "hold_ttl_max",
    "metadata",
)


def defined(command: DefineEntitlementType, now: datetime) -> EntitlementType | tuple[InvalidInput, ...]:
    """The type that the command defines, or INVALID_INPUT for every member that does not fit the others."""
    definition = EntitlementType(
        code=command.code,
        name=command.name,
        category=command.category,
        unit=command.unit,
        scale=command.scale,
        created_at=now,
        time_zone=command.time_zone,
        default_validity=command.default_validity,
        max_backdate=command.max_backdate,
        on_expired_reversal=command.on_expired_reversal,
        reversal_grace=command.reversal_grace,
        clawback=command.clawback,
        hold_ttl_default=command.hold_ttl_default,
        hold_ttl_max=command.hold_ttl_max,
        metadata=command.metadata,
    )
    return _judged(definition, command.max_balance, command.debt_limit)


def revised(known: EntitlementType, command: ReviseEntitlementType) -> EntitlementType | tuple[InvalidInput, ...]:
    """The type after the command, or INVALID_INPUT for every member that does not fit the others."""
    given = {member: getattr(command, member) for member in _PLAIN if getattr(command, member) is not UNSET}
    return _judged(replace(known, **given), command.max_balance, command.debt_limit)


def _judged(
    definition: EntitlementType, max_balance: RawAmount | Absent | None, debt_limit: RawAmount | Absent
) -> EntitlementType | tuple[InvalidInput, ...]:
    problems = []
    default, longest = parse_elapsed(definition.hold_ttl_default), parse_elapsed(definition.hold_ttl_max)
    if default is not None and longest is not None and default > longest:
        problems.append(invalid("A hold's default time to live cannot exceed its maximum.", "holdTtlDefault"))
    misfit = f"{definition.code} takes at most {definition.scale} decimal places and 64 bits of smallest steps."
    if max_balance is not UNSET:
        cap = None if max_balance is None else to_steps(max_balance, definition.scale)
        if max_balance is not None and cap is None:
            problems.append(invalid(misfit, "maxBalance"))
        definition = replace(definition, max_balance=cap)
    if debt_limit is not UNSET:
        debt = to_steps(debt_limit, definition.scale)
        if debt is None:
            problems.append(invalid(misfit, "debtLimit"))
        elif debt > 0:
            problems.append(invalid("Debt cannot be granted yet: the limit must be 0.", "debtLimit"))
        definition = replace(definition, debt_limit=debt or 0)
    return tuple(problems) or definition
