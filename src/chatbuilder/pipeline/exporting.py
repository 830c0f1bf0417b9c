"""The package on disk: guide, answers, plan, data files and the platform's own artefacts."""

from __future__ import annotations

from chatbuilder import audit
from chatbuilder.answers import to_toml
from chatbuilder.config import Config
from chatbuilder.export import ExportReport, export_files, zip_bytes
from chatbuilder.paths import locate, typed
from chatbuilder.solution import Solution, json_text


def package(solution: Solution, config: Config) -> dict[str, bytes]:
    """Return every file of the package by POSIX path. Workbooks are rendered here."""
    files = {file.path: file.data() for file in solution.files}
    files["README.md"] = solution.guide.markdown.encode()
    files["answers.toml"] = to_toml(config).encode()
    files["plan.json"] = json_text(solution.plan.data()).encode()
    return dict(sorted(files.items()))


def zip_name(config: Config) -> str:
    """Return the file name of the zipped package."""
    from chatbuilder.generators.common.text import slug

    return f"{slug(config.name)}-{config.platform}.zip"


def export(solution: Solution, config: Config, folder: str, *, zipped: bool = False) -> ExportReport:
    """Write the package into a folder, or as one zip in it. Raises `InputError`."""
    files = package(solution, config)
    if zipped:
        name = zip_name(config)
        files = {name: zip_bytes(files, name.removesuffix(".zip"))}
    report = export_files(files, typed(folder))
    audit.record(
        locate().audit_log, "export", platform=config.platform, place=report.place, written=len(report.written),
        updated=len(report.updated), removed=len(report.removed), kept=len(report.kept),
    )  # fmt: skip
    return report
