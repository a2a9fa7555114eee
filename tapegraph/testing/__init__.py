"""Laws that hold for every node, for testing nodes of your own: in pytest, from Python, and by `tapegraph test`.

In a package of nodes, one class tests a node on every law:

    from tapegraph.testing import NodeLaws

    class TestTremolo(NodeLaws):
        node = Tremolo  # or the name of a kind

Without pytest, `law(Tremolo)` for a law of `laws()` raises LawBroken with what was found, or DoesNotApply.

Where a law cannot hold for a node, the module of the node says so, with the reason as a comment, in a dictionary
LAW_EXCEPTIONS; its keys are the attributes of tapegraph.testing.law.Exceptions.
"""

from tapegraph.testing.kit import NodeLaws, laws
from tapegraph.testing.law import DoesNotApply, Law, LawBroken

__all__ = ["DoesNotApply", "Law", "LawBroken", "NodeLaws", "laws"]
