// Cards: which of them are on screen, and the Selection that they are.
const byId = (id) => document.getElementById(id);
const cards = [...document.querySelectorAll("article")];
const search = byId("search");
const filters = ["category", "kind", "flag", "turns"].map(byId).filter(Boolean);

function matches(card) {
  const text = card.textContent.toLowerCase();
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => text.includes(word))
    && filters.every(({ id, value }) => !value || card.dataset[id].split(" ").includes(value));
}

function onScreen() {
  return cards.filter((card) => !card.hidden);
}

function choose() {
  for (const card of cards) card.hidden = !matches(card);
  const count = onScreen().length;
  byId("shown").textContent = `${count.toLocaleString()} of ${cards.length.toLocaleString()}`;
  byId("none").hidden = count > 0 || cards.length === 0;
}

function clearFilters() {
  for (const each of [search, ...filters]) each.value = "";
}

function selection() {
  const ids = onScreen().map((card) => card.dataset.id);
  return JSON.stringify({ subset: document.querySelector("main").dataset.subset, ids });
}

async function copySelection() {
  const text = byId("selection").querySelector("textarea");
  text.value = selection();
  byId("selection").showModal();
  text.select();
  await navigator.clipboard?.writeText(text.value).catch(() => {}); // refused to pages of files: the text is selected
}

