"""`make bench`: frames, bytes, air time and host time of issuing, binding and tapping.

Prints, and fails for nothing: frames and bytes are gated by `tests/cards/test_frames_as_planned`,
times are this machine's. Options: `--rounds N --each N --dir DIR`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.host import Report, in_folder, report
from tests.benchmarks.jobs import JOBS, Job
from tests.benchmarks.plan import planned

RATIO_HOST, RATIO_AIR, TAP_MS = 2.0, 1.05, 100.0


def air_lines() -> list[str]:
    """What goes over the air, by the model, beside the plan (the floor)."""
    lines = [
        "Over the air: modelled (docs/air.md; DESFire card times are choices of ours)",
        f"{'job':44} {'kbit/s':>6} {'frames':>6} {'bytes':>6} {'ms':>7}   ratio to the plan",
    ]
    for job in JOBS:
        plan = planned(job.chip, job.name, older=job.older)
        for kbps in job.rates_kbps:
            field = job.run(kbps)
            ms = field.air_us / 1000
            frames = plan.frames + (kbps > job.rates_kbps[0])  # PPS is one more
            ratios = (
                f"{field.frames / frames:.2f} {_bytes_ratio(field.bytes, plan.bytes, kbps):.2f} "
                f"{ms / plan.ms.get(kbps, ms):.2f}"
            )
            lines.append(
                f"{job.title:44} {kbps:6} {field.frames:6} {field.bytes:6,} {ms:7.1f}   {ratios}"
            )
    lines.append(f"targets: {RATIO_AIR} of the plan; a tap {TAP_MS:.0f} ms at 106 kbit/s")
    return lines


PPS_BYTES = 5 + 3


def _bytes_ratio(took: int, plan: int, kbps: int) -> float:
    return took / (plan + PPS_BYTES * (kbps > 106))


def host_lines(reports: list[Report]) -> list[str]:
    """The host's own time, beside its floor in the same run."""
    lines = [
        "On the host, less the simulator and the driver: medians, beside the sum of the bare parts",
        f"{'job':44} {'floor us':>8} {'own us':>8} {'ratio':>6} {'p99 us':>8} {'p99/p99':>7}"
        f" {'no commit':>9} {'driver us':>9} {'fdatasync us':>12} {'load':>5}",
    ]
    for each in reports:
        bare = "-" if each.bare_ratio is None else f"{each.bare_ratio:.1f}"
        lines.append(
            f"{each.title:44} {each.floor_us:8.0f} {each.own_us:8.0f} {each.ratio:6.2f}"
            f" {each.p99_us:8.0f} {each.p99_ratio:7.1f} {bare:>9}"
            f" {each.driver_us:9.0f} {each.sync_us:12.0f} {each.load:5.1f}"
            f"{'  disturbed: repeat it' if each.disturbed else ''}"
        )
    lines.append(
        f"target: a tap {RATIO_HOST} of its floor, commit included; no target without it, nor for"
        " issuing and binding (the card's part alone, no ledger)"
    )
    return lines


def timed_jobs() -> list[Job]:
    """Of a Classic's two slots one is enough."""
    return [job for job in JOBS if job.name != "free tap" and job.older == "B"]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--each", type=int, default=100)
    options.add_argument("--dir", type=Path, default=None)
    given = options.parse_args()
    with TemporaryDirectory(prefix="bench-", dir=given.dir) as folder:
        print("\n".join(air_lines()), end="\n\n", flush=True)
        reports = []
        for number, job in enumerate(timed_jobs()):
            with in_folder(Path(folder), str(number)) as mine:
                reports.append(report(job, mine, rounds=given.rounds, each=given.each))
        print("\n".join(host_lines(reports)))


if __name__ == "__main__":
    main()
