/** Points: WebGL2 where there is one, else a plain canvas for as many as it can bear. */

import { scaleOf, toScreen, type Camera, type Size } from "./camera";

export const HIDDEN = 0;
export const SHOWN = 1;
export const SELECTED = 2;
export const CANVAS_POINTS = 50_000;

export interface Scene {
  camera: Camera;
  size: Size;
  ratio: number;
  /** Between the two stages, 0 to 1. */
  t: number;
  side: number;
  alpha: number;
  /** Some are selected, and the others step back. */
  dimmed: boolean;
}

export interface Renderer {
  readonly limit: number;
  stages(from: Uint16Array, to: Uint16Array): void;
  look(codes: Uint8Array, states: Uint8Array, palette: string[]): void;
  draw(scene: Scene): void;
}

const VERTEX = `#version 300 es
in vec2 a_from; in vec2 a_to; in uvec2 a_look;
uniform vec2 u_centre; uniform vec2 u_scale; uniform float u_t, u_side, u_alpha; uniform uint u_pass;
uniform sampler2D u_palette;
flat out vec4 v_colour;
void main() {
  vec2 at = mix(a_from, a_to, u_t);
  gl_Position = vec4((at - u_centre) * u_scale, 0.0, 1.0);
  if (a_look.y != u_pass) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = u_side;
  v_colour = vec4(texelFetch(u_palette, ivec2(int(a_look.x), 0), 0).rgb, 1.0) * u_alpha;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform float u_side;
flat in vec4 v_colour; out vec4 colour;
void main() {
  colour = v_colour;
  // Nobody sees whether two pixels are round.
  if (u_side < 3.0) return;
  float edge = (0.5 - length(gl_PointCoord - 0.5)) * u_side;
  if (edge < 0.0) discard;
  colour *= clamp(edge, 0.0, 1.0);
}`;

class WebGlRenderer implements Renderer {
  readonly limit = Infinity;
  private readonly uniforms: Record<string, WebGLUniformLocation | null> = {};
  private readonly resident = new Map<Uint16Array, WebGLBuffer>();
  private readonly lookBuffer: WebGLBuffer;
  private readonly places: number[];
  private pair: [WebGLBuffer, WebGLBuffer] | null = null;
  private n = 0;
  private selected = false;

  constructor(private readonly gl: WebGL2RenderingContext) {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "");
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "");
    gl.useProgram(program);
    for (const name of ["u_centre", "u_scale", "u_t", "u_side", "u_pass", "u_alpha"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
    this.places = ["a_from", "a_to", "a_look"].map((name) => gl.getAttribLocation(program, name));
    this.places.forEach((place) => gl.enableVertexAttribArray(place));
    this.lookBuffer = gl.createBuffer();
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  stages(from: Uint16Array, to: Uint16Array): void {
    this.n = from.length / 2;
    this.pair = [this.buffer(from), this.buffer(to)];
  }

  /** Every stage is sent to the GPU once. */
  private buffer(points: Uint16Array): WebGLBuffer {
    let found = this.resident.get(points);
    if (!found) {
      found = this.gl.createBuffer();
      this.gl.bindBuffer(this.gl.ARRAY_BUFFER, found);
      this.gl.bufferData(this.gl.ARRAY_BUFFER, points, this.gl.STATIC_DRAW);
      this.resident.set(points, found);
    }
    return found;
  }

  look(codes: Uint8Array, states: Uint8Array, palette: string[]): void {
    const gl = this.gl;
    const both = new Uint8Array(2 * codes.length);
    this.selected = false;
    for (let i = 0; i < codes.length; i++) {
      both[2 * i] = codes[i];
      both[2 * i + 1] = states[i];
      if (states[i] === SELECTED) this.selected = true;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lookBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, both, gl.DYNAMIC_DRAW);
    const pixels = new Uint8Array(palette.flatMap((colour) => [...rgb(colour), 255]));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  }

  draw({ camera, size, ratio, t, side, alpha, dimmed }: Scene): void {
    const gl = this.gl;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.pair) return;
    [...this.pair, this.lookBuffer].forEach((buffer, at) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      if (at < 2) gl.vertexAttribPointer(this.places[at], 2, gl.UNSIGNED_SHORT, true, 0, 0);
      else gl.vertexAttribIPointer(this.places[at], 2, gl.UNSIGNED_BYTE, 0, 0);
    });
    const scale = scaleOf(camera, size);
    gl.uniform2f(this.uniforms.u_centre, camera.x, camera.y);
    gl.uniform2f(this.uniforms.u_scale, (2 * scale) / size.width, (2 * scale) / size.height);
    gl.uniform1f(this.uniforms.u_t, t);
    for (const pass of this.selected ? [SHOWN, SELECTED] : [SHOWN]) {
      const strong = pass === SELECTED;
      gl.uniform1f(this.uniforms.u_side, (strong ? side + 2 : side) * ratio);
      gl.uniform1f(this.uniforms.u_alpha, strong ? 1 : dimmed ? alpha * 0.3 : alpha);
      gl.uniform1ui(this.uniforms.u_pass, pass);
      gl.drawArrays(gl.POINTS, 0, this.n);
    }
  }
}

class CanvasRenderer implements Renderer {
  readonly limit = CANVAS_POINTS;
  private from = new Uint16Array();
  private to = new Uint16Array();
  private codes = new Uint8Array();
  private states = new Uint8Array();
  private palette: string[] = [];

  constructor(private readonly context: CanvasRenderingContext2D) {}

  stages(from: Uint16Array, to: Uint16Array): void {
    this.from = from as Uint16Array<ArrayBuffer>;
    this.to = to as Uint16Array<ArrayBuffer>;
  }

  look(codes: Uint8Array, states: Uint8Array, palette: string[]): void {
    this.codes = codes as Uint8Array<ArrayBuffer>;
    this.states = states as Uint8Array<ArrayBuffer>;
    this.palette = palette;
  }

  draw({ camera, size, ratio, t, side, alpha, dimmed }: Scene): void {
    const context = this.context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    // A seeded choice would need shuffling; every so manieth is even over the file's order.
    const every = Math.ceil(this.codes.length / this.limit);
    for (const pass of [SHOWN, SELECTED]) {
      context.globalAlpha = pass === SELECTED ? 1 : dimmed ? alpha * 0.3 : alpha;
      const r = (pass === SELECTED ? side + 2 : side) / 2;
      for (let i = 0; i < this.codes.length; i += every) {
        if (this.states[i] !== pass) continue;
        const x = (this.from[2 * i] + (this.to[2 * i] - this.from[2 * i]) * t) / 65535;
        const y = (this.from[2 * i + 1] + (this.to[2 * i + 1] - this.from[2 * i + 1]) * t) / 65535;
        const [px, py] = toScreen(camera, size, x, y);
        if (px < -r || py < -r || px > size.width + r || py > size.height + r) continue;
        context.fillStyle = this.palette[this.codes[i]];
        context.beginPath();
        context.arc(px, py, r, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}

/** What can draw on a canvas here. */
export function makeRenderer(canvas: HTMLCanvasElement): { renderer: Renderer; note: string } {
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  if (gl) return { renderer: new WebGlRenderer(gl), note: "" };
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser can draw neither with WebGL2 nor on a canvas.");
  return { renderer: new CanvasRenderer(context), note: "This browser has no WebGL2; points are drawn slowly." };
}

export function rgb(colour: string): [number, number, number] {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
