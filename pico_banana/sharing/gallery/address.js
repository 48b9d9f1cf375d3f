// Deep links: filters, row, picture and view stand behind the # of the address.
function remember() {
  const facts = new URLSearchParams();
  for (const { id, value } of [search, ...filters]) if (value) facts.set(id, value);
  if (viewer.open) {
    facts.set("row", seen.card.dataset.id);
    facts.set("picture", seen.picture);
    facts.set("view", seen.view);
  }
  try {
    history.replaceState(null, "", `#${facts}`);
  } catch {
    // A page inside a notebook has no address of its own.
  }
}

function recall() {
  const facts = new URLSearchParams(location.hash.slice(1));
  for (const each of [search, ...filters]) each.value = facts.get(each.id) ?? "";
  for (const each of filters) if (each.selectedIndex < 0) each.value = ""; // a choice that this page does not have
  choose();
  const view = facts.get("view");
  setView(byId("views").querySelector(`[data-view="${CSS.escape(view ?? "")}"]`) ? view : "slider");
  const card = cards.find((each) => each.dataset.id === facts.get("row"));
  const picture = Number(facts.get("picture") ?? 1);
  if (card && pictures(card)[picture]) show(card, picture);
}

