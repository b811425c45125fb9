// Draws boxes on a page with a finger, a pen or a mouse. Without this the page is covered by ticking its bands.
(() => {
  const root = document.querySelector("[data-cover]");
  if (!root || !self.PointerEvent) return;
  const sheet = root.querySelector(".cover__boxes");
  const list = root.querySelector("[data-boxes]");
  list.before(root.querySelector("template[data-draw]").content.cloneNode(true));
  const drawing = root.querySelector("[data-drawing]");
  let start = null;
  let shape = null;

  const at = (event) => {
    const place = sheet.getBoundingClientRect();
    const whole = (value) => Math.max(0, Math.min(1000, Math.round(value * 1000)));
    return [whole((event.clientX - place.left) / place.width), whole((event.clientY - place.top) / place.height)];
  };

  function spread(point) {
    const box = [Math.min(start[0], point[0]), Math.min(start[1], point[1]), Math.abs(start[0] - point[0]), Math.abs(start[1] - point[1])];
    ["x", "y", "width", "height"].forEach((name, place) => shape.setAttribute(name, box[place]));
    return box;
  }

  function forget(value) {
    sheet.querySelectorAll(`[data-box="${value}"]`).forEach((each) => each.remove());
  }

  drawing.addEventListener("change", () => sheet.classList.toggle("cover__boxes--drawing", drawing.checked));

  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    sheet.setPointerCapture(event.pointerId);
    start = at(event);
    shape = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    sheet.append(shape);
  });

  sheet.addEventListener("pointermove", (event) => { if (start) spread(at(event)); });

  sheet.addEventListener("pointercancel", () => { if (shape) shape.remove(); start = shape = null; });

  sheet.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = spread(at(event));
    if (box[2] < 8 || box[3] < 4) {
      shape.remove();
    } else {
      const row = root.querySelector("template[data-box-row]").content.cloneNode(true);
      Object.assign(row.querySelector("input"), { name: "box", value: box.join(","), checked: true });
      shape.dataset.box = box.join(",");
      list.append(row);
    }
    start = shape = null;
  });

  list.addEventListener("change", (event) => {
    if (event.target.checked) return;
    forget(event.target.value);
    event.target.closest("label").remove();
  });
})();
