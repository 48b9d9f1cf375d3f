// A window onto very many rows: a card is in the page only while it is in sight, or nearly. The server says which rows
// there are (a list of numbers), then gives the cards of those that are looked at.
const frame = document.querySelector("main");
const sheet = byId("sheet");
const TALLEST = 8_000_000; // pixels: the tallest element is 17 million in Firefox, 33 million in Chromium
const GAP = 16;
const NARROWEST = 480; // pixels of a card, where there is room
const TALLEST_PICTURE = 190; // pixels
const WORDS = 200; // pixels of all that stands below the pictures
const BATCH = 24;
const KEPT = 400; // cards that are remembered

const cards = new Map(); // row's number -> its card
const inPage = new Map(); // place in the list -> what stands there: a card, or a blank one
let list = new Int32Array(0);
let grid = { room: 0, screen: 0, columns: 1, line: 1, tall: 1 };
let shift = 0; // pixels of the list above the sheet's top: a list taller than a sheet can be slides along it
let was = 0; // where the frame is scrolled to: asked for again it would be laid out in the middle of a frame
let filling = false;
let asked = 0;

history.replaceState(null, "", location.pathname + location.hash); // the token stays out of links

async function ask(path, options) {
  try {
    const answer = await fetch(path, options);
    if (!answer.ok) throw new Error(await answer.text());
    byId("trouble").hidden = true;
    return answer;
  } catch (error) {
    const gone = error instanceof TypeError; // nobody answered
    byId("trouble").textContent = gone ? "The server has ended; start `pico-banana browse` again." : error.message;
    byId("trouble").hidden = false;
    return null;
  }
}

const rows = {
  async neighbour(card, step) {
    const at = list.indexOf(Number(card.dataset.number)) + step;
    if (at < 0 || at >= list.length) return null;
    await load([...list.slice(at, at + 4)]);
    return cards.get(list[at]);
  },

  async first() {
    const at = Math.ceil(top() / grid.line) * grid.columns;
    await load([...list.slice(at, at + 1)]);
    return cards.get(list[at]);
  },

  async find(id) {
    const answer = await ask(`number?${new URLSearchParams({ id })}`);
    const at = answer ? list.indexOf(await answer.json()) : -1;
    if (at < 0) return null;
    scrollTo(at);
    await load([list[at]]);
    return cards.get(list[at]);
  },

  reveal(card) {
    const at = list.indexOf(Number(card.dataset.number));
    const y = Math.floor(at / grid.columns) * grid.line;
    if (at >= 0 && (y < top() || y + grid.line > top() + grid.screen)) scrollTo(at);
  },

  async choose(wanted) {
    const mine = ++asked;
    frame.setAttribute("aria-busy", "true");
    const answer = await ask(`list?${new URLSearchParams(wanted)}`);
    const numbers = answer && new Int32Array(await answer.arrayBuffer());
    if (mine !== asked) return null; // the form has changed since
    frame.removeAttribute("aria-busy");
    if (!numbers) return null;
    list = numbers;
    empty();
    lay();
    scrollTo(0);
    return { count: list.length, total: Number(frame.dataset.total) };
  },

  async selection(wanted) {
    const answer = await ask(`selection?${new URLSearchParams(wanted)}`);
    return answer ? answer.json() : {};
  },
};

function top() {
  return was + shift;
}

function empty() {
  for (const element of inPage.values()) element.remove();
  inPage.clear();
}

// How many cards stand side by side, and how tall all lines are together.
function lay() {
  const [room, screen] = [frame.clientWidth - 2 * GAP, frame.clientHeight];
  const columns = Math.max(1, Math.floor((room + GAP) / (NARROWEST + GAP)));
  const width = Math.floor((room - (columns - 1) * GAP) / columns);
  const most = Number(frame.dataset.most);
  const across = Math.max(1, Math.min(Math.floor((width - 18) / 148), most));
  const picture = Math.min(TALLEST_PICTURE, Math.floor((width - 18) / across) - 8);
  const figure = picture + Number(frame.dataset.caption);
  const down = Math.ceil(most / across);
  const height = down * figure + WORDS;
  sheet.style.setProperty("--across", across);
  const sizes = { width, height, picture, figure, pictures: down * figure };
  for (const [name, pixels] of Object.entries(sizes)) sheet.style.setProperty(`--${name}`, `${pixels}px`);
  const tall = Math.ceil(list.length / columns) * (height + GAP) + GAP;
  grid = { room, screen, columns, width, line: height + GAP, tall };
  sheet.style.height = `${Math.min(grid.tall, TALLEST)}px`;
}

// Pixels that the frame, and the list in it, can be scrolled.
function ways() {
  return [Math.min(grid.tall, TALLEST), grid.tall].map((pixels) => Math.max(pixels - grid.screen, 1));
}

// Puts the frame where `y` pixels of the list lie above it, at the same share of the sheet as of the list.
function slideTo(y) {
  const [short, long] = ways();
  frame.scrollTop = grid.tall <= TALLEST ? y : Math.round((y / long) * short);
  was = frame.scrollTop;
  shift = grid.tall <= TALLEST ? 0 : Math.round(Math.min(y, long) - was);
  for (const [at, element] of inPage) place(element, at);
  drawCards();
}

function scrollTo(at) {
  slideTo(Math.floor(at / grid.columns) * grid.line);
}

// A short way is gone pixel by pixel. A long one is a pull at the bar, which goes the same share of the whole list.
function scrolled() {
  const way = Math.abs(frame.scrollTop - was);
  was = frame.scrollTop;
  const [short, long] = ways();
  if (grid.tall > TALLEST && way > 3 * grid.screen) slideTo((was / short) * long);
  else if (grid.tall > TALLEST && (was <= 0 || was >= short)) slideTo(top()); // the sheet ends here, the list does not
  else drawCards();
}

// At rest the bar is put where the list is.
function rested() {
  if (grid.tall > TALLEST) slideTo(top());
}

function place(element, at) {
  element.style.top = `${Math.floor(at / grid.columns) * grid.line + GAP - shift}px`;
  element.style.left = `${GAP + (at % grid.columns) * (grid.width + GAP)}px`;
  element.ariaSetSize = list.length;
  element.ariaPosInSet = at + 1;
}

function drawCards() {
  const { screen } = grid;
  const first = Math.max(0, Math.floor((top() - screen) / grid.line)) * grid.columns;
  const end = Math.min(list.length, Math.ceil((top() + 2 * screen) / grid.line) * grid.columns);
  if (first === grid.first && end === grid.end) return; // nothing came into reach, as in most frames of a scroll
  Object.assign(grid, { first, end });
  for (const [at, element] of inPage) {
    if ((at >= first && at < end) || element.contains(document.activeElement)) continue;
    element.remove();
    inPage.delete(at);
  }
  for (let at = end - 1; at >= first; at--) {
    if (!inPage.has(at)) put(cards.get(list[at]) ?? blank(), at); // last first, so that each finds the next one
  }
  fill();
}

function put(element, at) {
  place(element, at);
  sheet.insertBefore(element, inPage.get(at + 1) ?? null);
  inPage.set(at, element);
}

function blank() {
  const element = document.createElement("article");
  element.className = "blank";
  element.textContent = "…";
  return element;
}

// Asks for the cards in sight that are not here, those nearest to the middle first, one answer at a time.
async function fill() {
  if (filling) return;
  const middle = (top() + grid.screen / 2) / grid.line * grid.columns;
  const missing = [...inPage].filter(([, { className }]) => className === "blank").map(([at]) => at);
  if (!missing.length) return;
  missing.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  filling = true;
  const came = await load(missing.slice(0, BATCH).map((at) => list[at]));
  filling = false;
  if (came) fill();
}

async function load(numbers) {
  const missing = numbers.filter((number) => !cards.has(number));
  if (missing.length) {
    const answer = await ask(`rows?of=${missing}`);
    if (!answer) return false;
    const read = document.createElement("template");
    read.innerHTML = await answer.text();
    for (const card of [...read.content.children]) {
      const number = Number(card.dataset.number);
      if (cards.has(number)) continue; // asked for twice; the first may stand in the page already
      cards.set(number, document.adoptNode(card)); // a template's elements have no address that `src` starts from
    }
  }
  for (const [at, element] of inPage) {
    const card = element.className === "blank" && cards.get(list[at]);
    if (!card) continue;
    place(card, at);
    element.replaceWith(card);
    inPage.set(at, card);
  }
  forget();
  return true;
}

// Those that came first and are not in the page.
function forget() {
  for (const [number, card] of cards) {
    if (cards.size <= KEPT) return;
    if (!card.isConnected && card !== seen.card) cards.delete(number);
  }
}

let resting = 0;
on(frame, "scroll", scrolled, () => {
  clearTimeout(resting);
  resting = setTimeout(rested, 200);
});
// Of the window, or of the header, which leaves less of it.
new ResizeObserver(() => {
  if (grid.room === frame.clientWidth - 2 * GAP && grid.screen === frame.clientHeight) return;
  const at = Math.round(top() / grid.line) * grid.columns;
  lay();
  scrollTo(at);
}).observe(frame);
