import createScatterplot from "regl-scatterplot";

const canvas = document.querySelector("canvas");
const plot = createScatterplot({ canvas, width: 1280, height: 800, pointSize: 2, opacity: 0.3 });

window.show = (x, y) => plot.draw({ x, y });
window.morph = (x, y) => plot.draw({ x, y }, { transition: true, transitionDuration: 1600 });
