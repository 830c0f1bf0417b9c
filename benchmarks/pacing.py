"""How much of a vendor's rate limit a long row of writes uses, without ever being refused.

Time is scaled down (`SCALE`: the window and the latency alike, the same code) unless CHATBUILDER_BENCH_FULL is set.
Beside it, in the same run, a client that sends one call after the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Figure

SCALE = 1.0 if os.environ.get("CHATBUILDER_BENCH_FULL") else 1 / 20
GOAL = 1 / 0.95  # of the limit, the other way round: smaller is better


@dataclass(frozen=True, slots=True)
class Paced:
    """What one run came to: calls a minute in the vendor's own time, answers 429, and rows that are not there."""

    rate: float
    refused: int
    lost: int


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor: latencies in seconds, calls a minute that its limit allows, and how to write `abreast` at a time."""

    name: str
    latencies: tuple[float, ...]
    limit: float
    abreast: int
    write: Callable[[float, float, int], Paced]
    scale: float = SCALE


def at_once(work: Callable[[int], Any], count: int, abreast: int) -> float:
    """Do `work` for 0 … count-1 on some threads and return the seconds it took."""
    start = time.perf_counter()
    with ThreadPoolExecutor(abreast) as pool:
        for _ in pool.map(work, range(count)):
            pass
    return time.perf_counter() - start


def notion(latency: float, scale: float, abreast: int) -> Paced:
    """Make 400 rows, one call each, with 180 calls allowed in 60 seconds."""
    from tests.contract.notion_workspace import MARK
    from tests.vendors.notion import NotionFake, serving

    from chatbuilder.config import Config
    from chatbuilder.pipeline import build
    from chatbuilder.provision.notion import NotionProvisioner
    from chatbuilder.provision.notion.api import Api
    from chatbuilder.provision.notion.judge import judge
    from chatbuilder.provision.notion.transport import NotionTransport
    from chatbuilder.provision.outside.limits import Limit, Pacer
    from chatbuilder.provision.outside.policy import Policy
    from chatbuilder.secret import Secret
    from chatbuilder.solution import Step, resolve

    rows, fake = 400, NotionFake(latency=latency * scale, window=60 * scale)
    plan = build(Config(platform="notion", priorities=("organization",), complexity="simple")).plan
    fake.workspace.run(plan)
    source = fake.workspace.source_of("sessions")
    before = len(source.rows)
    sample = next(step for step in plan if step.payload["makes"] == "row")
    body = resolve(sample.payload, {**fake.workspace.results, "target": {"mark": MARK}})["body"]

    def make(number: int) -> None:
        title = {"title": [{"type": "text", "text": {"content": f"Row {number}"}}]}
        asked = {**body, "properties": {**body["properties"], "Title": title}}
        step = Step(f"row:{number}", "Row", "http", {**sample.payload, "body": asked})
        provisioner.deliver(step, step.payload, None)

    with serving(fake) as url:
        transport = NotionTransport(Secret(fake.token), url)
        provisioner = NotionProvisioner(Api(Policy("Notion", transport, Pacer(Limit(180, 60 * scale)), judge)))
        seconds = at_once(make, rows, abreast)
        provisioner.close()
    return Paced(rows / seconds * 60 * scale, fake.refusals, rows - (len(source.rows) - before))


def notion_sync(latency: float, scale: float, abreast: int) -> Paced:
    """Find and write new chats as sync does, a page a call, under the same limit."""
    from unittest.mock import patch

    from tests.vendors.notion import NotionFake, serving

    from chatbuilder.config import Config
    from chatbuilder.generators.notion.chats import Pages
    from chatbuilder.pipeline import build
    from chatbuilder.pipeline.rooms.notion import BATCH
    from chatbuilder.provision.notion import api
    from chatbuilder.provision.notion.filling import Ground, PageRows
    from chatbuilder.provision.outside.limits import Limit
    from chatbuilder.provision.outside.site import Site
    from chatbuilder.provision.rows import Delivery, Wanted
    from chatbuilder.secret import Secret

    rows, fake = 400, NotionFake(latency=latency * scale, window=60 * scale)
    solution = build(Config(platform="notion", priorities=("organization",), complexity="simple"))
    fake.workspace.run(solution.plan)
    source = fake.workspace.source_of("sessions")
    before = len(source.rows)
    ground = Ground({"sessions": source.id}, Pages(solution.blueprint).columns, (), "bench", abreast)
    keys = [f"chatgpt:{number}" for number in range(rows)]
    with serving(fake) as url, patch.object(api, "LIMIT", Limit(api.LIMIT.calls, api.LIMIT.seconds * scale)):
        store = PageRows(Site(Secret(fake.token), url=url), ground, lambda key, why, seconds: None)
        start, failed = time.perf_counter(), 0
        store.check()
        for at in range(0, rows, BATCH):
            store.find([Wanted(key) for key in keys[at : at + BATCH]])
            values = [{"source_id": {"rich_text": [{"text": {"content": key}}]}} for key in keys[at : at + BATCH]]
            new = [Delivery(keys[at + n], "", {"values": value, "said": []}) for n, value in enumerate(values)]
            failed += sum(bool(done.problem) for done in store.write(new))
        seconds = time.perf_counter() - start
        store.close()
    return Paced(store.requests / seconds * 60 * scale, fake.refusals, failed + rows - (len(source.rows) - before))


def airtable(latency: float, scale: float, abreast: int) -> Paced:
    """Upsert rows, 10 a call, with 5 calls allowed a second and 30 seconds of refusals after one too many."""
    from tests.vendors.airtable import TOKEN, AirtableFake, serving

    from chatbuilder.provision import airtable as platform
    from chatbuilder.provision.airtable.judge import judge
    from chatbuilder.provision.airtable.transport import AirtableTransport
    from chatbuilder.provision.outside.limits import Limit, Pacer
    from chatbuilder.provision.outside.policy import Policy
    from chatbuilder.provision.outside.site import Site
    from chatbuilder.secret import Secret
    from chatbuilder.solution import Step

    calls = 100 if abreast > 1 else 30
    fake = AirtableFake(latency=latency * scale, second=scale, penalty=30 * scale, rows=50_000)
    base = fake.add_base("Rows", ("Chats", ("Title", "Source ID")))
    table = next(iter(base.tables))

    def write(number: int) -> None:
        records = [{"fields": {"Title": "x", "Source ID": f"{number}-{row}"}} for row in range(10)]
        body = {"performUpsert": {"fieldsToMergeOn": ["Source ID"]}, "records": records}
        payload = {"makes": "rows", "path": "/v0/{base}/{table}", "params": {"base": base.id, "table": table}}
        provisioner.deliver(Step(str(number), "Rows", "http", payload), {**payload, "body": body}, None)

    with serving(fake) as url:
        limit = Limit(platform.LIMIT.calls, platform.LIMIT.seconds * scale, platform.LIMIT.gap * scale)
        policy = Policy("Airtable", AirtableTransport(Secret(TOKEN), url), Pacer(limit), judge)
        provisioner = platform.Airtable(Site(Secret(TOKEN)), policy)
        seconds = at_once(write, calls, abreast)
        provisioner.close()
    return Paced(calls / seconds * 60 * scale, fake.refusals, calls * 10 - len(base.cells[table]))


def airtable_sync(latency: float, scale: float, abreast: int) -> Paced:
    """Write new chats as sync does, 10 records a call, under the same limit."""
    from tests.vendors.airtable import TOKEN, AirtableFake, serving

    from chatbuilder.provision import airtable as platform
    from chatbuilder.provision.airtable.filling import AirtableRows, Ways
    from chatbuilder.provision.airtable.judge import judge
    from chatbuilder.provision.airtable.transport import AirtableTransport
    from chatbuilder.provision.outside.limits import Limit, Pacer
    from chatbuilder.provision.outside.policy import Policy
    from chatbuilder.provision.rows import Delivery
    from chatbuilder.secret import Secret

    rows = 3_000 if abreast > 1 else 300
    fake = AirtableFake(latency=latency * scale, second=scale, penalty=30 * scale, rows=50_000)
    base = fake.add_base("Chats", ("Chat Sessions", ("Title", "Source ID")))
    table = next(iter(base.tables))
    wanted = {"title": ("Title", "singleLineText"), "source_id": ("Source ID", "singleLineText")}
    new = [Delivery(f"s:{n}", "", {"fields": {"title": f"Chat {n}", "source_id": f"s:{n}"}}) for n in range(rows)]
    with serving(fake) as url:
        limit = Limit(platform.LIMIT.calls, platform.LIMIT.seconds * scale, platform.LIMIT.gap * scale)
        policy = Policy("Airtable", AirtableTransport(Secret(TOKEN), url), Pacer(limit), judge)
        ways = Ways(policy, "bench", lambda key, why, seconds: None, abreast, limit.gap)
        names = {"sessions": "Chat Sessions"}
        store = AirtableRows(ways, base.id, {}, names, wanted, list(wanted), transcripts=False)
        store.related([])  # reads the schema
        start, before = time.perf_counter(), store.requests
        failed = sum(bool(done.problem) for done in store.write(new))
        seconds = time.perf_counter() - start
        store.close()
    return Paced(
        (store.requests - before) / seconds * 60 * scale, fake.refusals, failed + rows - len(base.cells[table])
    )


VENDORS = [
    Vendor("Notion", (0.3, 0.8), 180, 6, notion),
    Vendor("Notion, sync", (0.3, 0.8), 180, 6, notion_sync),
    # Its window is a second, in which a thread that wakes late counts: time runs only a little faster.
    Vendor("Airtable", (0.2, 0.5), 300, 4, airtable, max(SCALE, 1 / 2)),
    Vendor("Airtable, sync", (0.2, 0.5), 300, 4, airtable_sync, max(SCALE, 1 / 2)),
]


def figures() -> Iterator[Figure]:
    """Write with every vendor at each of its latencies."""
    for vendor in VENDORS:
        scaled = "" if vendor.scale == 1 else f", time 1:{1 / vendor.scale:.0f}"
        for latency in vendor.latencies:
            paced = vendor.write(latency, vendor.scale, vendor.abreast)
            alone = vendor.write(latency, vendor.scale, 1)
            detail = (
                f"{paced.rate:.0f} of {vendor.limit:.0f} calls/min, {paced.refused} refused, {paced.lost} lost; "
                f"one by one {alone.rate:.0f}{scaled}"
            )
            name = f"pacing, {vendor.name} at {latency * 1e3:.0f} ms"
            clean = paced.refused == paced.lost == 0
            yield Figure(name, vendor.limit / paced.rate if clean else float("inf"), GOAL, detail)
