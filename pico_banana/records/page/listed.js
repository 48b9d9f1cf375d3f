// The rows of a page that holds all its cards: filtered and sorted where they stand.
const rows = {
  all: [...document.querySelectorAll("article")],

  onScreen() {
    return [...document.querySelectorAll("article:not([hidden])")];
  },

  async neighbour(card, step) {
    const cards = this.onScreen();
    return cards[cards.indexOf(card) + step];
  },

  async first() {
    return this.onScreen()[0];
  },

  async find(id) {
    return this.all.find((card) => card.dataset.id === id);
  },

  reveal(card) {
    card.scrollIntoView({ block: "nearest" });
  },

  async choose(wanted) {
    for (const card of this.all) card.hidden = !matches(card, wanted);
    document.querySelector("main").append(...sorted(this.all, wanted.sort ?? ""));
    return { count: this.onScreen().length, total: this.all.length };
  },

  async selection() {
    const ids = this.onScreen().map((card) => card.dataset.id);
    return { selection: JSON.stringify({ subset: document.querySelector("main").dataset.subset, ids }) };
  },
};

function matches(card, wanted) {
  return Object.entries(wanted).every(([name, value]) => {
    const score = name.includes(":") && name.slice(name.indexOf(":") + 1);
    if (score) return scoresOf(card, score).some((each) => isWithin(each, score, wanted));
    if (name === "search") return hasWords(card, value);
    return name === "sort" || card.dataset[name].split(" ").includes(value);
  });
}

function hasWords(card, search) {
  const text = card.textContent.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function isWithin(value, score, wanted) {
  const [least, most] = [wanted[`least:${score}`] ?? -Infinity, wanted[`most:${score}`] ?? Infinity];
  return Number(least) <= value && value <= Number(most);
}

function scoresOf(card, name) {
  return JSON.parse(card.dataset.scores ?? "{}")[name] ?? [];
}

// By a score, "-" for the largest first; rows without one come last.
function sorted(cards, by) {
  if (!by) return cards;
  const falling = by.startsWith("-");
  const [name, edge] = falling ? [by.slice(1), Math.max] : [by, Math.min];
  const key = (card) => {
    const values = scoresOf(card, name);
    return values.length ? edge(...values) * (falling ? -1 : 1) : Infinity;
  };
  return [...cards].sort((one, other) => key(one) - key(other) || 0);
}

