// The form above the rows: what it asks for, how many rows that finds, and the Selection that they are.
const form = document.querySelector("header form");
const search = byId("search");
const controls = [...(form?.elements ?? [])].filter(({ name }) => name);

function wanted() {
  const given = controls.map(({ name, value }) => [name, value.trim()]);
  return Object.fromEntries(given.filter(([, value]) => value));
}

function putBack(facts) {
  for (const each of controls) {
    each.value = facts.get(each.name) ?? "";
    if (each.selectedIndex < 0) each.value = ""; // a choice that this page does not have
  }
}

async function choose() {
  if (!form) return;
  const found = await rows.choose(wanted());
  if (!found) return;
  byId("shown").textContent = `${found.count.toLocaleString()} of ${found.total.toLocaleString()}`;
  byId("none").hidden = found.count > 0 || found.total === 0;
}

function clearFilters() {
  putBack(new Map());
}

function unfold() {
  const open = form.classList.toggle("unfolded");
  byId("unfold").setAttribute("aria-expanded", open);
}

async function copySelection() {
  const found = await rows.selection(wanted());
  for (const area of byId("selection").querySelectorAll("textarea")) {
    area.value = found[area.name] ?? "";
    area.parentElement.hidden = !area.value;
  }
  byId("selection").showModal();
  const [first] = byId("selection").querySelectorAll("label:not([hidden]) textarea");
  if (!first) return; // neither a Selection nor a condition says what is on screen
  first.select();
  await navigator.clipboard?.writeText(first.value).catch(() => {}); // refused to pages of files: the text is selected
}

on(form, "input", choose, remember);
on(form, "submit", (event) => event.preventDefault());
on(byId("clear"), "click", clearFilters, choose, remember);
on(byId("unfold"), "click", unfold);
on(byId("copy"), "click", copySelection);

