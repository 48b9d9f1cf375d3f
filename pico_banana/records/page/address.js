// Deep links: filters, row, picture and view stand behind the # of the address.
function remember() {
  const facts = new URLSearchParams(wanted());
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

async function recall() {
  const facts = new URLSearchParams(location.hash.slice(1));
  putBack(facts);
  await choose();
  const view = facts.get("view") ?? "";
  setView(byId("views").querySelector(`[data-view="${CSS.escape(view)}"]`) ? view : "slider");
  const card = facts.has("row") && (await rows.find(facts.get("row")));
  const picture = Number(facts.get("picture") ?? 1);
  if (card && figures(card)[picture]) show(card, picture);
}

on(window, "hashchange", recall);

