import { Deck, OrthographicView } from "@deck.gl/core";
import { ScatterplotLayer } from "@deck.gl/layers";

const deck = new Deck({ canvas: document.querySelector("canvas"), width: 1280, height: 800, views: new OrthographicView(), initialViewState: { target: [0, 0], zoom: 8 }, layers: [] });

function layer(x, y, after) {
  const positions = new Float32Array(2 * x.length);
  for (let i = 0; i < x.length; i++) [positions[2 * i], positions[2 * i + 1]] = [x[i], y[i]];
  return new ScatterplotLayer({
    id: "points",
    data: { length: x.length, attributes: { getPosition: { value: positions, size: 2 } } },
    getRadius: 1, radiusUnits: "pixels", getFillColor: [0, 114, 178, 77],
    transitions: after ? { getPosition: 1600 } : {},
  });
}

window.show = (x, y) => new Promise((done) => deck.setProps({ layers: [layer(x, y)], onAfterRender: done }));
window.morph = (x, y) => new Promise((done) => (deck.setProps({ layers: [layer(x, y, true)] }), setTimeout(done, 1700)));
