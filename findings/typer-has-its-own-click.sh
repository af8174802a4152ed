#!/usr/bin/env bash
# typer 0.29.2 with click 8.5.1, side by side.
#
# Typer was a layer over Click, and programs use both: a command raises click.ClickException or click.BadParameter with
# a sentence for the user, a callback asks click.get_current_context(). Typer 0.29 brings a copy of Click of its own
# (typer._click). The names of the package `click` still import, and nothing warns, but they are other classes:
#   - an exception of Click raised inside a command is no exception of Typer's: no message is printed, the process ends
#     with a traceback (in the test runner: exit code 1 and empty output);
#   - click.get_current_context() says that there is no active click context;
#   - typer.core.TyperGroup is no subclass of click.Group, so that a class of one cannot be handed to the other.
# What works: typer.BadParameter, typer.Exit, typer.Context as a parameter.
#
# Seen: "context: There is no active click context.", "group: False", "raised: ClickException, output: ''",
# "typer's own: exit code 2, message printed: True".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet typer==0.29.2 click==8.5.1
cat > "$folder/program.py" <<'PYTHON'
import click
import typer
from typer.testing import CliRunner

app = typer.Typer()


@app.command()
def context() -> None:
    try:
        print("context:", click.get_current_context().info_name)
    except RuntimeError as error:
        print("context:", error)


@app.command()
def clicks() -> None:
    raise click.ClickException("There is no such file.")


@app.command()
def typers() -> None:
    raise typer.BadParameter("There is no such file.")


run = CliRunner().invoke
print(run(app, ["context"]).output.strip())
print("group:", issubclass(typer.core.TyperGroup, click.Group))
found = run(app, ["clicks"])
print(f"raised: {type(found.exception).__name__}, output: {found.output!r}")
found = run(app, ["typers"])
print(f"typer's own: exit code {found.exit_code}, message printed: {'no such file' in found.output}")
PYTHON
"$folder/venv/bin/python" "$folder/program.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
context: There is no active click context.
group: False
raised: ClickException, output: ''
typer's own: exit code 2, message printed: True
SEEN
