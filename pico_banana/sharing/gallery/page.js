// What clicks, keys and changes do.
const keys = {
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
  s: () => setView("slider"),
  b: () => setView("sides"),
  k: () => setView("blink"),
  d: () => setView("difference"),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer.open && keys[event.key] && !event.target.matches("input, select")) {
    keys[event.key]();
    remember();
    event.preventDefault();
  } else if (event.key === "/" && !document.querySelector("dialog[open]") && !event.target.matches("input, select")) {
    search.focus();
    event.preventDefault();
  }
}

function open(event) {
  const picture = event.target.closest("figure")?.querySelector("img");
  if (!picture) return;
  const card = picture.closest("article");
  show(card, pictures(card).indexOf(picture));
  remember();
}

function filter() {
  choose();
  remember();
}

function on(target, event, ...actions) {
  target.addEventListener(event, (given) => actions.forEach((action) => action(given)));
}

on(document.querySelector("header form"), "input", filter);
on(document.querySelector("header form"), "submit", (event) => event.preventDefault());
on(byId("clear"), "click", clearFilters, filter);
on(byId("copy"), "click", copySelection);
on(document.querySelector("main"), "click", open);
on(byId("previous"), "click", () => go(-1), remember);
on(byId("next"), "click", () => go(1), remember);
on(byId("views"), "click", ({ target }) => target.dataset.view && setView(target.dataset.view), remember);
on(byId("before"), "input", compare);
on(slider, "input", wipe);
on(viewer, "close", remember);
on(document, "keydown", press);
on(window, "hashchange", recall);
recall();
