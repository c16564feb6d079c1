/** Draw figures and let go of each while something of it is under way: just drawn, hovered, gliding, resized, dragged. */
async () => {
  const { Picture } = window.figures;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const theme = { signature: "a", font: "sans-serif", size: 12, background: "white", colors: { text: "black", muted: "grey", grid: "silver" } };
  const frame = () => new Promise(requestAnimationFrame);
  const n = 300, numbers = () => Array.from({ length: n }, Math.random);
  const layouts = [{ showlegend: true }, { xaxis: { range: [0, 1] }, yaxis: { range: [0, 1] } }, { title: { text: "A title" }, yaxis: { automargin: true, title: { text: "y" } } }];
  const pauses = [null, 0, 17, 60];
  let count = 0;
  const ways = ["draw", "hover", "glide", "resize", "legend", "drag"];
  const cases = layouts.flatMap((layout) => ways.flatMap((how) => pauses.map((pause) => ({ layout, how, pause }))));
  for (const { layout, how, pause } of cases) {
    const host = document.createElement("div");
    host.style.cssText = "position:fixed;left:300px;top:200px;width:600px;height:400px;z-index:9;background:white";
    document.body.append(host);
    const picture = new Picture("a", { data: [{ type: "scatter", mode: "markers", x: numbers(), y: numbers(), name: "one", meta: "points" }, { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], name: "two", meta: "line" }], layout: structuredClone(layout) }, ["a/points", "a/line"], host);
    picture.drag = how === "drag" && "zoom";
    picture.show(new Map([["a/line/y", [0, 1]]]), theme, false);
    const surface = host.querySelector(".nsewdrag");
    const point = (type, target = surface) => target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, clientX: 300 + 100 + 400 * Math.random(), clientY: 200 + 50 + 250 * Math.random(), view: window }));
    if (how !== "draw") await wait(150);
    if (how === "hover" || how === "out") { point("mousemove"); point("mousemove"); await frame(); point("mousemove"); }
    if (how === "drag") { point("mousemove"); point("mousedown"); point("mousemove", document.querySelector(".dragcover") ?? document); }
    if (how === "glide") { const tween = picture.show(new Map([["a/line/y", [1, 0]], ["a/points/y", numbers()]]), theme, true); tween?.(0.3); await frame(); tween?.(0.6); point("mousemove"); }
    if (how === "resize") { host.style.width = "500px"; picture.resize(); point("mousemove"); }
    if (how === "legend") { picture.show(new Map([["a/annotations", [{ x: 0, y: 0, text: "hello" }]], ["a/points/x", numbers()]]), theme, false); point("mousemove"); }
    if (pause !== null) await wait(pause);
    picture.destroy();
    host.remove();
    for (const type of ["mousemove", "mouseout"]) point(type);
    const cover = document.querySelector(".dragcover");
    if (cover) for (const type of ["mousemove", "mouseup"]) point(type, cover);
    await frame();
    count++;
  }
  return count;
}
