/** Where the square of the map, 0 to 1 in both directions and y upwards, lies on the screen. */
export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export const MAX_ZOOM = 400;

export const HOME: Camera = { x: 0.5, y: 0.5, zoom: 1 };

export interface Size {
  width: number;
  height: number;
}

export function scaleOf(camera: Camera, size: Size): number {
  return Math.min(size.width, size.height) * camera.zoom;
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): [number, number] {
  const scale = scaleOf(camera, size);
  return [size.width / 2 + (x - camera.x) * scale, size.height / 2 - (y - camera.y) * scale];
}

export function toMap(camera: Camera, size: Size, px: number, py: number): [number, number] {
  const scale = scaleOf(camera, size);
  return [camera.x + (px - size.width / 2) / scale, camera.y - (py - size.height / 2) / scale];
}

/** Zoom by a factor so that what is under a pixel stays there. */
export function zoomAt(camera: Camera, size: Size, px: number, py: number, factor: number): Camera {
  const zoom = Math.min(MAX_ZOOM, Math.max(0.5, camera.zoom * factor));
  const [x, y] = toMap(camera, size, px, py);
  const ratio = camera.zoom / zoom;
  return { x: x + (camera.x - x) * ratio, y: y + (camera.y - y) * ratio, zoom };
}

/** Side of a point in CSS pixels, and its opacity, by how many share the plot. */
export function pointLook(n: number, camera: Camera, size: Size): { side: number; alpha: number } {
  const room = Math.sqrt((size.width * size.height) / Math.max(n, 1));
  const side = Math.min(14, Math.max(2, 0.3 * room) * Math.pow(Math.max(camera.zoom, 1), 0.35));
  const cover = (n * side * side) / (size.width * size.height * camera.zoom * camera.zoom);
  return { side, alpha: Math.min(0.85, Math.max(0.12, 0.35 / Math.sqrt(cover + 1e-9))) };
}
