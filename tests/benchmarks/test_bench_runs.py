"""`make bench` runs and prints every job. It gates on nothing that a clock says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.desfire.card import DesfireCard
from tests.benchmarks import __main__ as bench
from tests.benchmarks import host
from tests.benchmarks.jobs import JOBS, Job


def test_every_job_of_the_page_is_printed_with_its_plan() -> None:
    said = "\n".join(bench.air_lines())
    assert all(said.count(job.title) == len(job.rates_kbps) for job in JOBS)
    assert {job.chip for job in JOBS} == {"Classic", "DESFire"}
    assert "1.00 1.00 1.00" in said


@pytest.mark.parametrize("job", bench.timed_jobs(), ids=lambda job: job.title)
def test_host_time_is_measured_beside_its_floor(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "gettempdir", lambda: str(tmp_path))
    with host.in_folder(tmp_path, "one") as folder:
        found = host.report(job, folder, rounds=1, each=2)
    assert min(found.floor_us, found.own_us, found.driver_us) > 0
    assert (found.bare_ratio is not None) == ("tap" in job.name)
    assert job.title in "\n".join(bench.host_lines([found]))


def test_the_simulators_time_is_not_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that moves while the card works and at no other time, the host takes none."""
    job = next(job for job in JOBS if job.title == "DESFire: bind")
    answer, now = DesfireCard.answer, [0]

    def slowly(card: DesfireCard, frame: bytes) -> bytes | None:
        now[0] += 1_000_000
        return answer(card, frame)

    monkeypatch.setattr(DesfireCard, "answer", slowly)
    for module in ("hw_sim.field", "tests.benchmarks.host"):
        monkeypatch.setattr(f"{module}.perf_counter_ns", lambda: now[0])
    assert host.card_part(job)() == host.Took(own=0, driver=0)
    assert now[0] >= 19_000_000


def test_a_busy_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "gettempdir", lambda: str(tmp_path))
    assert [host.lowest_today("a", ns) for ns in (5.0, 3.0, 9.0)] == [5.0, 3.0, 3.0]
    assert host.lowest_today("b", 7.0) == 7.0
