"""``rs.bridge``: the commands of ``repscope bridge``, under the same names."""

from repscope.transform.catalogue import MethodInfo, method
from repscope.transform.catalogue import methods as all_methods
from repscope.verbs.bridge.diffusion_files import export_diffusion, import_diffusion
from repscope.verbs.bridge.fit import apply_bridge as apply
from repscope.verbs.bridge.fit import fit_bridge as fit
from repscope.verbs.bridge.info import bridge_info as info
from repscope.verbs.bridge.judge import report_bridges as report

__all__ = ["apply", "export_diffusion", "fit", "import_diffusion", "info", "methods", "report"]


def methods(name: str | None = None) -> list[MethodInfo]:
    """What each bridge learns from, what it costs, when to choose it.

    Args:
        name: of one method; all of them without.

    Raises:
        UnknownNameError: no such method.
    """
    return list(all_methods()) if name is None else [method(name)]
