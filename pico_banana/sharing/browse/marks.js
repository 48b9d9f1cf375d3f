// Marks: keep, drop, a score or a note for a row, on the server's disk before the page shows them.
const noting = byId("noting");
const MOST_ROWS = 64; // of one request, as the server has it
const REFRESH = 2500; // milliseconds between looks at what other windows marked

async function mark(card, set) {
  if (!card) return;
  const headers = { "Content-Type": "application/json", "X-Token": frame.dataset.token };
  const body = JSON.stringify({ row: Number(card.dataset.number), ...set });
  const answer = await ask("mark", { method: "POST", headers, body, keepalive: true }); // also from a closing window
  if (answer) showMark(card.dataset.id, await answer.json());
}

function toggle(card, name, value) {
  if (!card) return;
  const off = card.dataset[name] === String(value);
  return mark(card, { [name]: off ? null : value });
}

function showMark(id, said) {
  for (const card of cards.values()) {
    if (card.dataset.id !== id || Object.entries(said).every(([name, value]) => card.dataset[name] === value)) continue;
    Object.assign(card.dataset, said);
    showIn(card.querySelector(".marks"), said);
  }
  if (viewer.open && seen.card.dataset.id === id) showIn(byId("marking").firstElementChild, said);
}

function showIn(group, said) {
  for (const button of group.querySelectorAll("[data-value]")) {
    button.setAttribute("aria-pressed", said[button.dataset.set] === button.dataset.value);
  }
  group.querySelector(".said").textContent = said.note;
}

function note(card) {
  if (!card) return;
  noting.card = card;
  noting.querySelector("input").value = card.dataset.note;
  noting.showModal();
}

function clicked(event) {
  const button = event.target.closest("[data-set]");
  if (!button) return;
  const card = viewer.open ? seen.card : button.closest("article");
  const { set, value } = button.dataset;
  if (set === "note") note(card);
  else toggle(card, set, set === "score" ? Number(value) : value);
}

// What other windows said meanwhile of the rows in sight.
async function refresh() {
  const numbers = [...inPage.keys()].map((at) => list[at]).filter((number) => cards.has(number));
  if (!document.hidden && numbers.length && byId("trouble").hidden) {
    for (let at = 0; at < numbers.length; at += MOST_ROWS) {
      const answer = await ask(`marks?of=${numbers.slice(at, at + MOST_ROWS)}`);
      if (answer) for (const [id, said] of Object.entries(await answer.json())) showMark(id, said);
    }
  }
  setTimeout(refresh, REFRESH);
}

Object.assign(onRow, {
  y: (card) => toggle(card, "mark", "keep"),
  x: (card) => toggle(card, "mark", "drop"),
  n: (card) => note(card),
});
for (const score of [1, 2, 3, 4, 5]) onRow[score] = (card) => toggle(card, "score", score);

byId("more-keys").textContent = "; y keep, x drop, 1 to 5 score, n note";
on(viewer, "shown", () => byId("marking").replaceChildren(seen.card.querySelector(".marks").cloneNode(true)));
on(document, "click", clicked);
on(noting, "close", () => {
  if (noting.returnValue === "save") mark(noting.card, { note: noting.querySelector("input").value });
});
refresh();

