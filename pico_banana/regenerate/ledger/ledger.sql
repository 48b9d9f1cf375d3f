-- The ledger of a regeneration. Every table only ever grows; nothing is updated or deleted, but a plan that was cut off.
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Every configuration the ledger has been run with, in order.
CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY, digest TEXT NOT NULL, json TEXT NOT NULL, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS photos (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, locator TEXT NOT NULL, known INTEGER NOT NULL,
  objects TEXT NOT NULL, tags TEXT NOT NULL
);

-- The plan: one row an item; edit_types is a JSON list, one slug a turn.
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, photo INTEGER NOT NULL REFERENCES photos(id), edit_types TEXT NOT NULL, seed INTEGER NOT NULL
);

-- What a judge of edits that are there already is asked about: one row an item, of one turn.
CREATE TABLE IF NOT EXISTS published (
  item INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, edited TEXT NOT NULL, instruction TEXT NOT NULL
);

-- Written before a call starts: what was in flight when a process died is opened and has no row in calls.
CREATE TABLE IF NOT EXISTS opened (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, stage TEXT NOT NULL, item INTEGER NOT NULL, most_usd REAL NOT NULL, at REAL NOT NULL
);

-- One row a call that ended, paid or not. The key is the hash of everything that was asked.
CREATE TABLE IF NOT EXISTS calls (
  opened INTEGER PRIMARY KEY REFERENCES opened(id), key TEXT NOT NULL, stage TEXT NOT NULL,
  item INTEGER NOT NULL, turn INTEGER NOT NULL, attempt INTEGER NOT NULL,
  backend TEXT NOT NULL, model TEXT NOT NULL, answered_by TEXT NOT NULL, prompt TEXT NOT NULL,
  parameters TEXT NOT NULL, inputs TEXT NOT NULL, transport TEXT NOT NULL,
  outcome TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL, picture TEXT, raw TEXT NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, pictures INTEGER NOT NULL,
  usd REAL NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL
);
-- The same request is answered once: a second answer cannot even be stored.
CREATE UNIQUE INDEX IF NOT EXISTS answered ON calls (key) WHERE outcome != 'unavailable';

CREATE TABLE IF NOT EXISTS instructions (
  item INTEGER NOT NULL, turn INTEGER NOT NULL, input_sha TEXT NOT NULL, edit_type TEXT NOT NULL,
  text TEXT NOT NULL, short TEXT NOT NULL, recipe TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (item, turn, input_sha)
) WITHOUT ROWID;

-- One row an attempt: what was made of one edit call. Scores are the judges' own; accept or reject is derived.
CREATE TABLE IF NOT EXISTS attempts (
  item INTEGER NOT NULL, turn INTEGER NOT NULL, attempt INTEGER NOT NULL, input_sha TEXT NOT NULL,
  edit_type TEXT NOT NULL, call_key TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  edited_sha TEXT, media_type TEXT NOT NULL,
  input_width INTEGER, input_height INTEGER, edited_width INTEGER, edited_height INTEGER, changed REAL,
  findings TEXT NOT NULL DEFAULT '{}',
  compliance REAL, seamlessness REAL, preservation REAL, quality REAL, drift REAL,
  compliance2 REAL, seamlessness2 REAL, preservation2 REAL, quality2 REAL, drift2 REAL,
  reasons TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (item, turn, input_sha, attempt)
) WITHOUT ROWID;

-- An item is finished under the configuration it was finished with; under another one it is walked again, from saved replies.
CREATE TABLE IF NOT EXISTS finished (item INTEGER NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (item, digest)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS failures (
  id INTEGER PRIMARY KEY, item INTEGER NOT NULL, stage TEXT NOT NULL, error TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS failures_by_item ON failures (item);
