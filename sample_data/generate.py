"""Write the sample company's exports, its list of planted defects and its README.

    python -m sample_data.generate [--out DIR]

The same bytes each time: one seed, no clock. Belongs here: the order of the steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

from sample_data.company import found_company
from sample_data.documenting import describe
from sample_data.listing import list_what_follows
from sample_data.paperwork import bill, file_records
from sample_data.planted import plant_charged_tickets, plant_copies, plant_tickets
from sample_data.planted_papers import plant_invoices, plant_records
from sample_data.stories import live_through_the_year
from sample_data.world import SEED, World
from sample_data.writing import number_rows, write_exports


def build() -> World:
    """The whole year with everything planted in it."""
    world = World(Random(SEED))  # noqa: S311 - a sample, nothing secret
    found_company(world)
    live_through_the_year(world)
    cases = plant_charged_tickets(world)
    plant_tickets(world)
    file_records(world)
    bill(world)
    plant_invoices(world, cases)
    plant_records(world)
    plant_copies(world)
    list_what_follows(world)
    number_rows(world)
    return world


def write(folder: Path) -> None:
    """Write all files into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    world = build()
    places = write_exports(world, folder)
    defects, readme = describe(world, places)
    (folder / "defects.yaml").write_text(defects, encoding="utf-8")
    (folder / "README.md").write_text(readme, encoding="utf-8")


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(description="Write the sample company's exports.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder to write to"
    )
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()
