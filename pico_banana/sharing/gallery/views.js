// The big view: one picture over the one it was made from, as slider, side by side, blinking, or their difference.
const viewer = byId("viewer");
const stage = byId("stage");
const slider = viewer.querySelector("input[type=range]");
const seen = { card: null, picture: 0, view: "slider" };

function pictures(card) {
  return [...card.querySelectorAll("img")];
}

function show(card, picture, before) {
  Object.assign(seen, { card, picture });
  const all = pictures(card);
  const after = all[picture];
  const choice = byId("before");
  choice.replaceChildren(...all.map((each, place) => new Option(each.alt, place)));
  choice.value = before ?? after.dataset.before;
  compare();
  byId("title").textContent = after.alt;
  byId("what").textContent = [...card.querySelectorAll("p")].map((each) => each.textContent).join("\n");
  if (!viewer.open) viewer.showModal();
}

function compare() {
  const all = pictures(seen.card);
  const [under, over] = stage.querySelectorAll("img");
  const [before, after] = [all[Number(byId("before").value)], all[seen.picture]];
  [under.src, under.alt] = [before.src, before.alt];
  [over.src, over.alt] = [after.src, after.alt];
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

// The next picture of the row, then of the next row on screen; the source is what the others are compared with.
function go(step) {
  const steps = onScreen().flatMap((card) => pictures(card).map((_, picture) => ({ card, picture })).slice(1));
  const at = steps.findIndex(({ card, picture }) => card === seen.card && picture === Math.max(seen.picture, 1));
  const next = steps[at + step];
  if (next) show(next.card, next.picture);
}

