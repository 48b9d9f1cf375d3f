// The big view: one picture over the one it was made from, as slider, side by side, blinking, their difference, or with
// what was changed marked.
const viewer = byId("viewer");
const stage = byId("stage");
const slider = viewer.querySelector("input[type=range]");
const changed = byId("changed");
const seen = { card: null, picture: 0, view: "slider" };

function figures(card) {
  return [...card.querySelectorAll("figure[data-place]")];
}

// The small copy in a figure, or what stands there for a picture that is not here.
function copyIn(figure) {
  return figure.querySelector("[data-before]");
}

function show(card, picture) {
  Object.assign(seen, { card, picture });
  const all = figures(card);
  const after = all[picture];
  const choice = byId("before");
  choice.replaceChildren(...all.map((each, place) => new Option(each.title, place)));
  choice.value = copyIn(after).dataset.before;
  compare();
  byId("title").textContent = [...after.querySelector("figcaption").childNodes].map((each) => each.textContent).join(" · ");
  byId("what").textContent = [...card.querySelectorAll("p")].map((each) => each.textContent).join("\n");
  viewer.dispatchEvent(new Event("shown"));
  if (!viewer.open) viewer.showModal();
}

function compare() {
  const all = figures(seen.card);
  const [under, over] = stage.querySelectorAll("img");
  draw(under, all[Number(byId("before").value)]);
  draw(over, all[seen.picture]);
  const { mask, box, shift } = copyIn(all[seen.picture]).dataset;
  changed.style.backgroundImage = mask ? `url("${mask}")` : "";
  const [left, top, right, bottom] = (box ?? "0 0 0 0").split(" ").map((share) => `${share * 100}%`);
  Object.assign(changed.firstElementChild.style, { left, top, width: `calc(${right} - ${left})` });
  Object.assign(changed.firstElementChild.style, { height: `calc(${bottom} - ${top})`, visibility: box ? "" : "hidden" });
  const [x, y] = (shift ?? "0 0").split(" ").map((share) => `${-share * 100}%`);
  over.style.translate = byId("aligned").checked ? `${x} ${y}` : "";
  viewer.querySelector("[data-view=changed]").hidden = !mask && !box;
  byId("aligned").parentElement.hidden = !shift;
}

// The small copy at once, then the whole picture where the page can have it.
async function draw(image, figure) {
  const copy = copyIn(figure);
  image.alt = copy.alt ?? copy.textContent;
  if (!copy.src) return image.removeAttribute("src");
  image.src = copy.src;
  if (!copy.dataset.large) return;
  await image.decode().catch(() => {});
  if (image.src === copy.src) image.src = copy.dataset.large;
}

function setView(view) {
  seen.view = view;
  stage.className = view;
  slider.hidden = view !== "slider";
  for (const button of byId("views").children) button.setAttribute("aria-pressed", button.dataset.view === view);
}

function wipe() {
  stage.style.setProperty("--at", `${slider.value}%`);
}

// The next picture of the row, then of the next row; the source is what the others are compared with.
async function go(step) {
  const next = Math.max(seen.picture, 1) + step;
  if (next >= 1 && next < figures(seen.card).length) return show(seen.card, next);
  const card = await rows.neighbour(seen.card, step);
  if (card) show(card, step > 0 ? Math.min(1, figures(card).length - 1) : figures(card).length - 1);
}

