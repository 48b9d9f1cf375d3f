// Choosing cards by text and edit type, and laying an edit over its source with a slider.
const cards = [...document.querySelectorAll("article")];
const [search, kind, shown] = ["search", "kind", "shown"].map((id) => document.getElementById(id));

function choose() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const card of cards) {
    const text = card.textContent.toLowerCase();
    const types = card.dataset.kinds.split(" ");
    card.hidden = !(words.every((word) => text.includes(word)) && (!kind.value || types.includes(kind.value)));
    count += !card.hidden;
  }
  shown.textContent = `${count.toLocaleString()} of ${cards.length.toLocaleString()}`;
}

const dialog = document.querySelector("dialog");
const [under, over] = dialog.querySelectorAll("img");
const slider = dialog.querySelector("input");

function compare(event) {
  const picture = event.target.closest("figure")?.querySelector("img");
  if (!picture) return;
  const before = picture.closest(".pictures").querySelectorAll("img")[Number(picture.dataset.before)];
  [under.src, over.src] = [before.src, picture.src];
  dialog.querySelector("p").textContent = picture.alt;
  wipe();
  dialog.showModal();
}

function wipe() {
  dialog.querySelector(".wipe").style.setProperty("--at", `${slider.value}%`);
}

document.querySelector("form").addEventListener("input", choose);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
document.querySelector("main").addEventListener("click", compare);
slider.addEventListener("input", wipe);
choose();
