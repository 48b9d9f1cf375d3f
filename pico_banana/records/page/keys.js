// What clicks and keys do; the last part of every page, which starts it.
const inViewer = {
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
  s: () => setView("slider"),
  b: () => setView("sides"),
  k: () => setView("blink"),
  d: () => setView("difference"),
  c: () => setView("changed"),
};
const inList = {
  ArrowLeft: () => walk(-1),
  ArrowRight: () => walk(1),
  "/": () => search?.focus(),
};

async function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (document.querySelector("dialog[open]:not(#viewer)")) return;
  const action = (viewer.open ? inViewer : inList)[event.key] ?? onRow[event.key];
  if (!action) return;
  event.preventDefault();
  await action(viewer.open ? seen.card : document.activeElement.closest("article"));
  remember();
}

// To the next card of the list, from the one that has the focus.
async function walk(step) {
  const card = document.activeElement.closest("article");
  const next = card ? await rows.neighbour(card, step) : await rows.first();
  if (!next) return;
  rows.reveal(next);
  // On what was made of the source, which Enter then compares with it; on the card where no picture is here.
  const [source, made = source] = figures(next);
  (made?.querySelector("button") ?? next.querySelector("figure button") ?? next).focus({ preventScroll: true });
}

function open(event) {
  const figure = event.target.closest("button") && event.target.closest("figure[data-place]");
  if (!figure) return;
  const card = figure.closest("article");
  show(card, figures(card).indexOf(figure));
  remember();
}

on(document.querySelector("main"), "click", open);
on(byId("previous"), "click", async () => remember(await go(-1)));
on(byId("next"), "click", async () => remember(await go(1)));
on(byId("views"), "click", ({ target }) => target.dataset.view && setView(target.dataset.view), remember);
on(byId("before"), "input", compare);
on(byId("aligned"), "input", compare);
on(slider, "input", wipe);
on(viewer, "close", remember, () => rows.reveal(seen.card));
on(document, "keydown", press);
recall();
