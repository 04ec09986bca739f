"""The page in a notebook: an anywidget that holds it in a frame and gives the selection back."""

from __future__ import annotations

from typing import Any

_SCRIPT = """
export default {
  render({ model, el }) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.title = "Repscope";
    frame.style.cssText = "width: 100%; border: 1px solid #8886; height: " + model.get("height") + "px";
    frame.srcdoc = model.get("page");
    const listen = (event) => {
      if (event.source !== frame.contentWindow || event.data?.repscope !== "selection") return;
      model.set("selection", event.data.ids);
      model.save_changes();
    };
    window.addEventListener("message", listen);
    el.append(frame);
    return () => window.removeEventListener("message", listen);
  },
};
"""
HEIGHT = 640


def make_widget(page: bytes, height: int = HEIGHT) -> Any:
    """A widget whose ``selection`` is a list of the ids that are selected on the page.

    Args:
        page: from :func:`repscope.viewer.html.one_file`.
        height: pixels.

    Raises:
        ImportError: anywidget is not installed.
    """
    import anywidget
    import traitlets

    class Widget(anywidget.AnyWidget):
        """The page, and what is selected on it."""

        _esm = _SCRIPT
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)
        selection = traitlets.List(traitlets.Unicode()).tag(sync=True)

    return Widget(page=page.decode(), height=height)


def frame(page: bytes, height: int = HEIGHT) -> str:
    """The page in a frame, for notebooks where widgets are off."""
    import html

    return (
        f'<iframe sandbox="allow-scripts allow-downloads" title="Repscope" width="100%" height="{height}" '
        f'srcdoc="{html.escape(page.decode())}"></iframe>'
    )
