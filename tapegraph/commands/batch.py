"""tapegraph batch: many clips through random machines, into files and a manifest."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import allow_option, nodes_option, overwrite_option, warn
from tapegraph.errors import printable
from tapegraph.files.kinds import CONTAINERS

if TYPE_CHECKING:
    from tapegraph.batch.run import Batch, Shard

EXAMPLES = """\b
Examples:
  tapegraph batch machines.yaml corpus/ taped/ --jobs 8
  tapegraph batch machines.yaml corpus/ taped/ --jobs 8 --resume
  tapegraph batch machines.yaml clips.csv taped/ --epoch 2 --format flac
  tapegraph batch tc260 'corpus/*/*.wav' taped/ --shard $SLURM_ARRAY_TASK_ID/100
  tapegraph batch machines.yaml s3://speech/raw/ s3://speech/taped/ --scheduler tcp://head:8786
  tapegraph batch --replay taped/manifest.jsonl ann/yes yes.wav"""

FAILURE = 1
MOST_WARNINGS = 20  # that are printed; all of them are in the manifest
MOST_NAMES = 10  # of clips in a line
KINDS = [extension[1:] for extension in CONTAINERS]
FORMAT = f"Kind of file: {', '.join(KINDS)}; otherwise as in IN."
SHARD = "Do only the I-th of N parts; which part a clip is in depends on its id alone."
SCHEDULER = "Let the workers of a dask scheduler do it; local: workers that are started here, as many as --jobs."
RETRIES = "How often to try a clip again whose process died, or whose object store failed."


def shard(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    """Return the value of --shard."""
    from tapegraph.batch.run import Shard

    if value is None:
        return None
    index, _, count = value.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise click.BadParameter(f"{value} is not I/N with I from 1 to N")
    return Shard(int(index), int(count))


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="SPEC IN... OUT")
@click.option("--jobs", "-j", default=1, type=click.IntRange(1), metavar="N", help="Processes that share the work.")
@click.option("--shard", callback=shard, metavar="I/N", help=SHARD)
@click.option("--resume", is_flag=True, help="Go on where a batch has ended, and redo what has changed since.")
@overwrite_option
@click.option("--format", "kind", type=click.Choice(KINDS), metavar="KIND", help=FORMAT)
@click.option("--subtype", metavar="NAME", help="Sample format: PCM_16, PCM_24, FLOAT ...; otherwise as in IN.")
@click.option("--mixed", is_flag=True, help="Take clips of any sample rate, number of channels and length.")
@click.option("--epoch", default=0, type=click.IntRange(0), metavar="N", help="Draw the machines of another epoch.")
@click.option("--retries", default=2, show_default=True, type=click.IntRange(0), metavar="N", help=RETRIES)
@click.option("--scheduler", metavar="ADDRESS|local", help=SCHEDULER)
@click.option("--replay", metavar="MANIFEST", help="Make a clip of a manifest again: --replay MANIFEST ID OUT.wav.")
@allow_option
@nodes_option
@click.option("--quiet", "-q", is_flag=True, help="Print only what failed.")
def command(
    files: tuple[str, ...],
    jobs: int,
    shard: Shard | None,
    resume: bool,
    overwrite: bool,
    kind: str | None,
    subtype: str | None,
    mixed: bool,
    epoch: int,
    retries: int,
    scheduler: str | None,
    replay: str | None,
    allow: tuple[str, ...],
    quiet: bool,
) -> int:
    """Put clips through the random machines of SPEC, into the folder OUT with a manifest.

    SPEC is a file of random machines; a graph or a preset works too, as a machine without chance. IN are audio files,
    folders of them, patterns in quotes, and lists: .csv or .jsonl files with path, start and end in seconds, and id.

    A clip is called like its file without the extension, relative to the folder, the list, or the folder before the
    first wildcard; that is its id, its name in OUT and what its machine is drawn from. An output is as long as its clip
    and in time with it. The files are the same whatever the number of jobs, shards and interruptions.

    A clip that is empty, silent, not finite or cannot be read is a line on stderr and in the manifest; without --mixed
    so is one whose sample rate or channels are not those of most, or that is shorter than the latency of its machine.
    The others go on, and the exit status is 1.
    """
    if replay is not None:
        from tapegraph.batch.replay import replay as make_again

        if len(files) != 2:
            raise click.UsageError("--replay takes the ID of a clip and an output; write --replay MANIFEST ID OUT.wav")
        make_again(replay, *files, subtype=subtype, overwrite=overwrite, allow=allow)
        return 0
    if len(files) < 3:
        raise click.UsageError("something is missing; write SPEC IN... OUT")
    if "" in files:
        raise click.UsageError("a name is empty; write SPEC IN... OUT, and . for the folder that you are in")
    if resume and overwrite:
        raise click.UsageError("--resume keeps what is done, --overwrite replaces it; choose one")
    from tapegraph.batch import engines
    from tapegraph.batch.clips import find_clips
    from tapegraph.batch.machines import absolute, open_machine
    from tapegraph.batch.run import Batch
    from tapegraph.batch.usual import usual_form
    from tapegraph.batch.work import Job

    spec, *given, out = files
    machine = open_machine(spec, allow)
    clips = find_clips(given, out)
    job = Job(machine, absolute(spec), out, epoch, kind, subtype, mixed, None if mixed else usual_form(clips))
    batch = Batch(job, clips, shard=shard, resume=resume, overwrite=overwrite, retries=retries)
    if scheduler is not None:
        from tapegraph.batch.cluster import on_cluster

        engine = on_cluster(scheduler, jobs)
    else:
        engine = engines.processes(jobs) if jobs > 1 else engines.here
    if batch.kept or batch.changed:
        changed = f"; {batch.changed} more have changed and are made anew" if batch.changed else ""
        click.echo(f"{batch.kept} of {len(batch.clips)} clips are done already{changed}", err=True)
    screen = Screen(batch, quiet)
    try:
        with contextlib.closing(batch.run(engine)) as lines:
            for line in lines:
                screen.show(line)
    except KeyboardInterrupt:
        screen.clear()
        done = f"{batch.kept + screen.done} of {len(batch.clips)} clips are done"
        click.echo(f"{done}; the same command with --resume goes on", err=True)
        raise
    screen.summarise()
    return FAILURE if screen.failed else 0


class Screen:
    """What is seen of a batch: progress, a line for each clip that failed, and a summary."""

    def __init__(self, batch: Batch, quiet: bool) -> None:
        self.batch, self.quiet = batch, quiet
        self.live = sys.stderr.isatty() and not quiet
        self.started = time.monotonic()
        self.failed: list[str] = []
        self.done = self.warnings = 0

    def show(self, line: dict[str, Any]) -> None:
        """Show what became of a clip."""
        name = printable(line["id"])
        if line["status"] == "failed":
            self.failed.append(name)
            self.say(f"{name}: {line['source']}: {line['error']}")
        else:
            self.done += 1
            for warning in line["warnings"]:
                self.warn(f"{name}: {warning}")
        if self.live:
            self.show_progress()

    def warn(self, text: str) -> None:
        self.warnings += 1
        if not self.quiet and self.warnings <= MOST_WARNINGS:
            self.clear()
            warn(text)

    def say(self, text: str) -> None:
        self.clear()
        click.echo(printable(text), err=True)

    def clear(self) -> None:
        if self.live:
            click.echo("\r\033[K", nl=False, err=True)

    def show_progress(self) -> None:
        count, all_ = self.done + len(self.failed), len(self.batch.left)
        rate = count / (time.monotonic() - self.started)
        left_s = (all_ - count) / rate
        left = f"{left_s / 60:.1f} minutes" if left_s > 90 else f"{left_s:.0f} s"
        failed = f", {len(self.failed)} failed" if self.failed else ""
        line = f"{count} of {all_} clips{failed}, {rate:.1f} a second, {left} left"
        click.echo(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}", nl=False, err=True)

    def summarise(self) -> None:
        self.clear()
        if self.warnings > MOST_WARNINGS and not self.quiet:
            self.say(f"{self.warnings - MOST_WARNINGS} more warnings are in the manifest")
        if self.failed:
            more = len(self.failed) - MOST_NAMES
            some = ", ".join(self.failed[:MOST_NAMES])
            self.say(f"{len(self.failed)} failed: {some}{f' and {more} more' if more > 0 else ''}")
        if self.quiet:
            return
        from tapegraph.quantity import plural

        if self.batch.removed:
            self.say(f"{plural(self.batch.removed, 'output')} of before, of another format, deleted")
        wall_s = time.monotonic() - self.started
        before = f", {self.batch.kept} before" if self.batch.kept else ""
        rate = f" ({self.done / wall_s:.1f} a second)" if self.done else ""
        click.echo(
            f"{self.batch.manifest.path}: {plural(self.done, 'clip')} done{before}, {len(self.failed)} failed, "
            f"in {wall_s:.1f} s{rate}"
        )
