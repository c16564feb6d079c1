// @ts-check
/** The paths of lines in pixels, as Plotly draws them: points that lie on one line as nearly as the eye can see left out, curves through points. */

/** @typedef {[number, number]} Pixel */
/** @typedef {{ shape: string, smoothing: number, simplify: boolean, width: number, filled: boolean, across: number, along: number }} Kind  across, along: the size of the plot */

const FINEST = 0.2; // of the tolerance: nearer points are one
const GROWTH = 10; // of the tolerance, for each size of the plot that a point is out of it
const SCREENS = 20; // sizes of the plot, beyond which Plotly cuts lines off

/** @param {Pixel} one @param {Pixel} other */
const apart = (one, other) => Math.sqrt((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2);

/**
 * Whether the way from one place to another leads across the plot, in parts of its size.
 * @param {Pixel} from
 * @param {Pixel} to
 */
function crosses([x, y], [right, low]) {
  const across = right - x, along = low - y, norm = across * across + along * along;
  const dot = across * (0.5 - x) + along * (0.5 - y), area = (0.5 - x) * along - (0.5 - y) * across;
  return dot > 0 && dot < norm && area * area < norm;
}

/**
 * The points of one piece without those that make no difference: of a cluster that lies on a line its first, its furthest either way
 * and its last.
 * @param {Pixel[]} points
 * @param {Kind} kind
 * @param {number} total  of points in all pieces
 */
function thinned(points, { width, filled, across, along }, total) {
  const base = Math.max(width || 1, 3) / 4, kept = [points[0]];
  /** @param {Pixel} point @returns {Pixel} */
  const share = ([x, y]) => [x / across, y / along];
  /** @param {Pixel} point @param {Pixel | undefined} next */
  const tolerance = (point, next) => {
    const [x, y] = share(point), out = Math.max(0, -x, x - 1, -y, y - 1);
    const seen = out > 0 && (crosses([x, y], share(kept[kept.length - 1])) || (next !== undefined && crosses([x, y], share(next))));
    return (1 + GROWTH * (seen ? 0 : out)) * base;
  };
  let start = points[0];
  for (let i = 1; i < points.length; i++) {
    let high = points[i], next = points[i + 1];
    const first = apart(high, start), ends = filled && kept.length === total - 1;
    if (!ends && first < tolerance(high, next) * FINEST) continue;
    const unit = [(high[0] - start[0]) / first, (high[1] - start[1]) / first];
    let low = start, end = high, furthest = first, nearest = 0, least = 0, most = 0, turned = false;
    /** @type {Pixel | undefined} */
    let point;
    for (i++; i < points.length; i++) {
      point = next;
      next = points[i + 1];
      const way = [point[0] - start[0], point[1] - start[1]], aside = way[0] * unit[1] - way[1] * unit[0];
      [least, most] = [Math.min(least, aside), Math.max(most, aside)];
      if (most - least > tolerance(point, next)) break;
      end = point;
      const on = way[0] * unit[0] + way[1] * unit[1];
      if (on > furthest) [furthest, high, turned] = [on, point, false];
      else if (on < nearest) [nearest, low, turned] = [on, point, true];
    }
    if (turned) kept.push(high, ...(end === low ? [] : [low]));
    else kept.push(...(low === start ? [] : [low]), ...(end === high ? [] : [high]));
    kept.push(end);
    if (i >= points.length || !point) break;
    kept.push(point);
    start = point;
  }
  return kept;
}

/**
 * The pieces of a line, which has gaps where a number is missing; null where it goes so far out of the plot that Plotly cuts it off.
 * @param {(Pixel | null)[]} points
 * @param {Kind} kind
 * @returns {Pixel[][] | null}
 */
export function pieces(points, kind) {
  const { shape, simplify, across, along } = kind;
  /** @type {Pixel[][]} */
  const found = [];
  /** @type {Pixel[] | null} */
  let piece = null;
  for (const point of points) {
    if (!point) piece = null;
    else if (Math.abs(point[0] - across / 2) > SCREENS * across || Math.abs(point[1] - along / 2) > SCREENS * along) return null;
    else if (piece) piece.push(point);
    else found.push(piece = [point]);
  }
  return shape === "linear" && simplify ? found.map((one) => thinned(one, kind, points.length)) : found;
}

/** @param {number} pixel */
const round = (pixel) => Math.round(pixel * 100) / 100;

/**
 * Where a curve comes to one of its points from, and where it goes on to (Catmull and Rom's).
 * @param {Pixel} before
 * @param {Pixel} point
 * @param {Pixel} after
 * @param {number} smoothing
 */
function tangent(before, point, after, smoothing) {
  const one = [before[0] - point[0], before[1] - point[1]], two = [after[0] - point[0], after[1] - point[1]];
  const [near, far] = [one, two].map(([x, y]) => (x * x + y * y) ** 0.25);
  const [right, down] = [0, 1].map((n) => (far * far * one[n] - near * near * two[n]) * smoothing);
  const [from, to] = [3 * far * (near + far), 3 * near * (near + far)];
  return [
    [round(point[0] + (from && right / from)), round(point[1] + (from && down / from))],
    [round(point[0] - (to && right / to)), round(point[1] - (to && down / to))],
  ];
}

/**
 * @param {Pixel[]} points
 * @param {Kind} kind
 */
export function path(points, { shape, smoothing }) {
  const { length } = points;
  if (shape !== "spline" || length < 3) return `M${points.join("L")}`;
  const tangents = points.slice(1, -1).map((point, n) => tangent(points[n], point, points[n + 2], smoothing));
  const middle = tangents.slice(1).map(([from], n) => `C${tangents[n][1]} ${from} ${points[n + 2]}`);
  return `M${points[0]}Q${tangents[0][0]} ${points[1]}${middle.join("")}Q${tangents[length - 3][1]} ${points[length - 1]}`;
}
