"""Programs that Go builds for these tests, where it is new enough for their modules."""
import render
from table import skip

TOO_OLD = render.ROOT / ".build/tools/go-too-old"  # install.sh looks once, and leaves its reason there


def demand():
    if TOO_OLD.exists():
        skip(TOO_OLD.read_text())


def make(program, recipe, build):
    """Builds a program, unless it was built by this recipe before."""
    stamp = program.with_name(f"{program.name}.recipe")
    if not (program.exists() and stamp.exists() and stamp.read_text() == recipe):
        build()
        stamp.write_text(recipe)
