"""Which terms a kind of figure hangs on, and whether a changed one is about this figure.

Belongs here: what narrows the terms: the file, the key, and what the ticket is. Does not belong
here: comparing terms (``terms.differences``) and naming causes (``causes``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

TERMS: Final[Mapping[str, Mapping[str, Collection[str] | None]]] = {
    "response": {
        "response_targets": None,
        "fault_levels": None,
        "service_hours": None,
        "cities": {"tier1"},
        "readings": {"response_clock", "holidays", "clock_stops_at", "strictness"},
    },
    "filing": {"filing": {"due_hours", "forms", "required_fields"}, "services": None},
    "inspection": {"obligations": {"inspection"}, "readings": {"inspection_quarters"}},
    "training": {"obligations": {"training"}, "readings": {"training_due"}},
    "charge": {
        "service_levels": None,
        "services": None,
        "charges": {
            "free_service_months",
            "maintenance_fee_services",
            "billing_due_days",
            "duplicate_window_days",
        },
        "rate_card": None,
        "products": None,
        "cities": {"service_centre"},
        "readings": {"first_free_year", "charge_day"},
    },
    "expert_team": {"fault_levels": None},
    "service_catalogue": {"services": None},
    "provider_routing": {},
    "trial_contract": {"obligations": {"trial"}},
    "assessment_consent": {"obligations": {"assessment"}},
    "phone_before_onsite": {"obligations": {"phone_first"}},
}
"""The terms each kind hangs on: files, and of each the keys that count."""

_SERVICE_TRAITS: Final[Mapping[str, frozenset[str]]] = {
    "filing": frozenset({"stage"}),
    "charge": frozenset({"stage", "mode"}),
    "service_catalogue": frozenset({"only_for"}),
}
"""What of a service a kind hangs on; its names are on none."""


def concerns(kind: str, file: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    """Whether a changed term, at ``path`` of ``file``, is about a figure of this ``kind``.

    ``about`` is what is known of it and did not change: level, tier, clock, service, customer and
    product type, charge type, form. What is not known rules nothing out.
    """
    asked = _QUESTIONS.get(file)
    return asked is None or asked(kind, [*path, None, None, None], about)


def _fits(about: Mapping[str, Any], **wanted: object) -> bool:
    """Whether nothing that is known is other than wanted; a blank path asks for nothing."""
    return all(value is None or about.get(name) in (None, value) for name, value in wanted.items())


def _of_targets(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    return _fits(about, fault_level=path[1], city_tier=path[2])


def _of_levels(kind: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    trait = {"response": "clock", "expert_team": "expert_team"}.get(kind)
    is_of_trait = path[2] is None or trait is None or path[2] == trait
    return _fits(about, fault_level=path[1]) and is_of_trait


def _of_hours(_: str, __: Sequence[Any], about: Mapping[str, Any]) -> bool:
    return about.get("clock") != "calendar"


def _of_readings(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    match path[0]:
        case "holidays":
            return about.get("clock") != "calendar"
        case "response_clock":
            return not about.get("is_around_the_clock")
        case "first_free_year":
            return _fits(about, charge_type="service_fee")
    return True


def _of_services(kind: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    traits = _SERVICE_TRAITS.get(kind)
    is_of_trait = path[2] is None or traits is None or path[2] in traits
    return _fits(about, service_code=path[1]) and is_of_trait


def _of_matrix(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    is_of_fee = _fits(about, charge_type="service_fee")
    if path[0] == "charging":
        return is_of_fee and _fits(about, service_level=path[1])
    return is_of_fee and _fits(about, customer_type=path[1], stage=path[2], mode=path[3])


def _of_charges(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    if path[0] == "maintenance_fee_services":
        return _fits(about, charge_type="maintenance_fee")
    return path[0] == "duplicate_window_days" or about.get("charge_type") != "repair_replacement"


def _of_products(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    return _fits(about, product_type=path[1]) and about.get("charge_type") != "service_fee"


def _of_centre(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    return path[0] != "service_centre" or _fits(about, charge_type="service_fee")


def _of_forms(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    match path[0]:
        case "forms":
            return _fits(about, stage=path[1])
        case "required_fields":
            return _fits(about, form=path[1])
    return True


def _of_rates(_: str, path: Sequence[Any], about: Mapping[str, Any]) -> bool:
    """Whether a price, by what it is for (``terms.differences``), may be that of a charge."""
    if path[0] != "rates" or path[1] is None:
        return True
    charge_type, *between, _currency = str(path[1]).split(" ")
    service, product = about.get("service_code"), about.get("product_type")
    if not _fits(about, charge_type=charge_type) or service is None or product is None:
        return _fits(about, charge_type=charge_type)
    return " ".join(between) in ("", service, product, f"{service} {product}")


_QUESTIONS: Final[Mapping[str, Callable[[str, Sequence[Any], Mapping[str, Any]], bool]]] = {
    "response_targets": _of_targets,
    "fault_levels": _of_levels,
    "service_hours": _of_hours,
    "readings": _of_readings,
    "services": _of_services,
    "service_levels": _of_matrix,
    "charges": _of_charges,
    "products": _of_products,
    "cities": _of_centre,
    "filing": _of_forms,
    "rate_card": _of_rates,
}
