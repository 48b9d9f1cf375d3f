-- The ledger of a regeneration. What was asked and answered only ever grows; the rest can be made again from it.
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Every configuration the ledger has been run with, in order.
CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY, digest TEXT NOT NULL, json TEXT NOT NULL, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS photos (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, locator TEXT NOT NULL, known INTEGER NOT NULL,
  objects TEXT NOT NULL, tags TEXT NOT NULL
);

-- What was seen in a photo before the plan was made: one row a photo and whoever looked, see work/inventory.py.
CREATE TABLE IF NOT EXISTS inventories (
  url TEXT NOT NULL, maker INTEGER NOT NULL, call INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  objects TEXT NOT NULL, suits TEXT NOT NULL, PRIMARY KEY (url, maker)
) WITHOUT ROWID;

-- The plan: one row an item; edit_types is a JSON list, one slug a turn.
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, photo INTEGER NOT NULL REFERENCES photos(id), edit_types TEXT NOT NULL, seed INTEGER NOT NULL
);

-- What a judge of edits that are there already is asked about: one row an item.
CREATE TABLE IF NOT EXISTS published (
  item INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, edited TEXT NOT NULL, instruction TEXT NOT NULL
);

-- Where in its session a published edit stands, one row a turn; `before` is the address of the picture it was made from,
-- empty where the release lacks it. What said the type of the turn, and how sure it was, goes into its scores.
CREATE TABLE IF NOT EXISTS published_turns (
  item INTEGER PRIMARY KEY, session TEXT NOT NULL, turn INTEGER NOT NULL, before TEXT NOT NULL, history TEXT NOT NULL,
  type_source TEXT NOT NULL, type_confidence REAL NOT NULL
);
-- What is asked about texts that are there already: one row an item, equal questions once; and which rows and turns ask it.
CREATE TABLE IF NOT EXISTS questions (item INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS asked (name TEXT PRIMARY KEY, item INTEGER NOT NULL) WITHOUT ROWID;
-- A text made anew belongs to the call that wrote it (0: a rule) and to the call that judged it (0: nobody, it broke a rule).
CREATE TABLE IF NOT EXISTS tellings (
  id INTEGER PRIMARY KEY, item INTEGER NOT NULL, attempt INTEGER NOT NULL, call INTEGER NOT NULL, judged_by INTEGER NOT NULL,
  second_by INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL, level INTEGER,
  second_level INTEGER, UNIQUE (item, attempt, call, judged_by, second_by)
);

-- Who answered. `who` is the hash of kind, backend, model and parameters; `id` that of the same with the prompt's version.
-- Neither knows where the model is served, nor how long a reply may be. `sample` is the first call's text: the others
-- are compressed against it.
CREATE TABLE IF NOT EXISTS makers (
  id INTEGER PRIMARY KEY, who INTEGER NOT NULL, kind TEXT NOT NULL, backend TEXT NOT NULL, model TEXT NOT NULL,
  parameters TEXT NOT NULL, prompt TEXT NOT NULL, sample BLOB NOT NULL
);

-- Written before a call starts, taken away with the call's row: what is left was in flight when a process died.
CREATE TABLE IF NOT EXISTS opened (
  id INTEGER PRIMARY KEY, key BLOB NOT NULL, stage TEXT NOT NULL, item INTEGER NOT NULL, most_usd REAL NOT NULL, at REAL NOT NULL
);

-- One row a call that ended, paid or not. The key is the hash of everything that was asked; packed holds what was
-- asked, the text and the raw reply, see packing.py.
CREATE TABLE IF NOT EXISTS calls (
  opened INTEGER PRIMARY KEY, key BLOB NOT NULL, stage TEXT NOT NULL,
  item INTEGER NOT NULL, turn INTEGER NOT NULL, attempt INTEGER NOT NULL,
  maker INTEGER NOT NULL REFERENCES makers(id), most_output INTEGER NOT NULL, answered_by TEXT NOT NULL,
  transport TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, picture TEXT,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, pictures INTEGER NOT NULL, usage TEXT NOT NULL,
  usd REAL NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL, packed BLOB NOT NULL
);
-- The same request is answered once: a second answer cannot even be stored.
CREATE UNIQUE INDEX IF NOT EXISTS answered ON calls (key) WHERE outcome != 'unavailable';

-- An instruction belongs to the call that wrote it. `base` is the edit call it stands on, 0 for the photo itself.
CREATE TABLE IF NOT EXISTS instructions (
  item INTEGER NOT NULL, turn INTEGER NOT NULL, base INTEGER NOT NULL, call INTEGER NOT NULL, shortener INTEGER NOT NULL,
  writer INTEGER NOT NULL, text TEXT NOT NULL, short TEXT NOT NULL, recipe TEXT NOT NULL, outcome TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (item, turn, base, call, shortener)
) WITHOUT ROWID;

-- An attempt belongs to its edit call; `written` is the call that wrote its instruction. What the checks found is that of
-- the last time they ran.
CREATE TABLE IF NOT EXISTS attempts (
  item INTEGER NOT NULL, turn INTEGER NOT NULL, written INTEGER NOT NULL, attempt INTEGER NOT NULL, call INTEGER NOT NULL,
  editor INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, edited TEXT, media_type TEXT NOT NULL,
  checks INTEGER NOT NULL, input_width INTEGER, input_height INTEGER, edited_width INTEGER, edited_height INTEGER,
  changed REAL, findings TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (item, turn, written, attempt, call)
) WITHOUT ROWID;

-- A verdict belongs to the picture (item, turn, edit call), the judge, its prompt and parameters, and the call that gave
-- it: as many a picture as were ever asked for. Scores and reasons are JSON; accept or reject is derived.
CREATE TABLE IF NOT EXISTS verdicts (
  item INTEGER NOT NULL, turn INTEGER NOT NULL, call INTEGER NOT NULL, judged_by INTEGER NOT NULL,
  judge INTEGER NOT NULL, maker INTEGER NOT NULL, role TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  scores TEXT NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY (item, turn, call, judged_by)
) WITHOUT ROWID;

-- Items that have nothing left to ask under a configuration, by its digest: derived once, so that a run need not again.
CREATE TABLE IF NOT EXISTS finished (item INTEGER NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (item, digest)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS failures (
  id INTEGER PRIMARY KEY, item INTEGER NOT NULL, stage TEXT NOT NULL, error TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS failures_by_item ON failures (item);

-- Sums, kept by triggers in the transaction of the row itself, so that a status reads a dozen rows of a million.
CREATE TABLE IF NOT EXISTS call_sums (
  stage TEXT NOT NULL, outcome TEXT NOT NULL, calls INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, pictures INTEGER NOT NULL, usd REAL NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (stage, outcome)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (
  name TEXT NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (name, value)
) WITHOUT ROWID;

-- How often the rows of a span of items changed, see `results/counting.py`; and what was counted of it, when it had changed so often.
CREATE TABLE IF NOT EXISTS touched (span INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counted (
  span INTEGER NOT NULL, digest TEXT NOT NULL, times INTEGER NOT NULL, part TEXT NOT NULL, PRIMARY KEY (span, digest)
) WITHOUT ROWID;

-- Who said it answered, by stage: calls that were answered.
CREATE TABLE IF NOT EXISTS answering (
  maker INTEGER NOT NULL, stage TEXT NOT NULL, answered_by TEXT NOT NULL, calls INTEGER NOT NULL,
  PRIMARY KEY (maker, stage, answered_by)
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS call_ended AFTER INSERT ON calls BEGIN
  DELETE FROM opened WHERE id = NEW.opened;
  INSERT INTO call_sums VALUES (
    NEW.stage, NEW.outcome, 1, NEW.input_tokens, NEW.output_tokens, NEW.pictures, NEW.usd, NEW.seconds
  ) ON CONFLICT (stage, outcome) DO UPDATE SET
    calls = calls + 1, input_tokens = input_tokens + NEW.input_tokens,
    output_tokens = output_tokens + NEW.output_tokens, pictures = pictures + NEW.pictures,
    usd = usd + NEW.usd, seconds = seconds + NEW.seconds;
END;
CREATE TRIGGER IF NOT EXISTS call_answered AFTER INSERT ON calls WHEN NEW.outcome != 'unavailable' BEGIN
  INSERT INTO answering VALUES (NEW.maker, NEW.stage, NEW.answered_by, 1)
    ON CONFLICT (maker, stage, answered_by) DO UPDATE SET calls = calls + 1;
END;
CREATE TRIGGER IF NOT EXISTS attempt_added AFTER INSERT ON attempts BEGIN
  INSERT INTO counts VALUES ('attempts', NEW.outcome, 1) ON CONFLICT (name, value) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS attempt_checked_again AFTER UPDATE OF outcome ON attempts BEGIN
  UPDATE counts SET count = count - 1 WHERE name = 'attempts' AND value = OLD.outcome;
  INSERT INTO counts VALUES ('attempts', NEW.outcome, 1) ON CONFLICT (name, value) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS verdict_added AFTER INSERT ON verdicts BEGIN
  INSERT INTO counts VALUES ('verdicts', NEW.outcome, 1) ON CONFLICT (name, value) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS item_finished AFTER INSERT ON finished BEGIN
  INSERT INTO counts VALUES ('finished', NEW.digest, 1) ON CONFLICT (name, value) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS item_open_again AFTER DELETE ON finished BEGIN
  UPDATE counts SET count = count - 1 WHERE name = 'finished' AND value = OLD.digest;
END;
CREATE TRIGGER IF NOT EXISTS item_planned AFTER INSERT ON items BEGIN
  INSERT INTO touched VALUES ((NEW.id - 1) / 2000, 1) ON CONFLICT (span) DO UPDATE SET times = times + 1;
END;
CREATE TRIGGER IF NOT EXISTS instruction_touched AFTER INSERT ON instructions BEGIN
  INSERT INTO touched VALUES ((NEW.item - 1) / 2000, 1) ON CONFLICT (span) DO UPDATE SET times = times + 1;
END;
CREATE TRIGGER IF NOT EXISTS attempt_touched AFTER INSERT ON attempts BEGIN
  INSERT INTO touched VALUES ((NEW.item - 1) / 2000, 1) ON CONFLICT (span) DO UPDATE SET times = times + 1;
END;
CREATE TRIGGER IF NOT EXISTS attempt_touched_again AFTER UPDATE ON attempts BEGIN
  INSERT INTO touched VALUES ((NEW.item - 1) / 2000, 1) ON CONFLICT (span) DO UPDATE SET times = times + 1;
END;
CREATE TRIGGER IF NOT EXISTS verdict_touched AFTER INSERT ON verdicts BEGIN
  INSERT INTO touched VALUES ((NEW.item - 1) / 2000, 1) ON CONFLICT (span) DO UPDATE SET times = times + 1;
END;

-- Batches, by our name for them, which the service is told too. `job` is its name, empty until it is known; `state` is
-- "written" (the requests are on the disk, and may be at the service), "sent", "fetched" (the answers are on the disk) or
-- "failed" (nothing will come). Only `job` and `state` ever change.
CREATE TABLE IF NOT EXISTS batches (
  id TEXT PRIMARY KEY, stage_table TEXT NOT NULL, picture INTEGER NOT NULL, output_bytes INTEGER NOT NULL,
  job TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
-- Which requests are in a batch, and under which number each was opened.
CREATE TABLE IF NOT EXISTS batched (
  batch TEXT NOT NULL REFERENCES batches(id), key BLOB NOT NULL, opened INTEGER NOT NULL, PRIMARY KEY (key, batch)
) WITHOUT ROWID;
