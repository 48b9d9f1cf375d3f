// Finding elements and listening to them, for all other parts of a page.
const byId = (id) => document.getElementById(id);
const onRow = {}; // key to what it does to the row in view; filled by parts that have something to do

function on(target, event, ...actions) {
  target?.addEventListener(event, (given) => actions.forEach((action) => action(given)));
}

