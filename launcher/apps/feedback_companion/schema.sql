-- No column can hold a grade, level, score or rank, and there is no table for a student's history.
CREATE TABLE IF NOT EXISTS activity (
  id INTEGER PRIMARY KEY,
  lang TEXT NOT NULL,
  title TEXT NOT NULL,
  goal TEXT NOT NULL,
  criteria TEXT NOT NULL,
  wording TEXT NOT NULL DEFAULT '',  -- For which kind of school the wording is.
  use TEXT NOT NULL DEFAULT 'sprint_review'
);
CREATE TABLE IF NOT EXISTS choice (  -- Which notice a student has seen, and what they chose.
  student_id TEXT PRIMARY KEY,
  notice TEXT NOT NULL,
  with_ai INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS submission (
  id TEXT PRIMARY KEY,
  activity_id INTEGER NOT NULL REFERENCES activity (id),
  student_id TEXT NOT NULL UNIQUE,
  nickname TEXT NOT NULL,
  lang TEXT NOT NULL,
  text TEXT NOT NULL,
  own_question TEXT NOT NULL,
  with_ai INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'review', 'released')),
  revision INTEGER NOT NULL DEFAULT 0,
  received_at REAL NOT NULL,
  own_aim TEXT NOT NULL DEFAULT '',
  auto INTEGER NOT NULL DEFAULT 0,  -- Told that nobody looks first.
  reviewed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS answer (
  submission_id TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
  criterion_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('comment', 'none', 'dropped')),
  reason TEXT NOT NULL DEFAULT '',
  retried INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (submission_id, criterion_id)
);
CREATE TABLE IF NOT EXISTS comment (
  id TEXT PRIMARY KEY,
  submission_id TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
  criterion_id TEXT NOT NULL,
  sentence_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  observation TEXT NOT NULL,
  effect TEXT NOT NULL,
  next_step TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('ai', 'teacher', 'reworded')),
  state TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'rejected')),
  edited INTEGER NOT NULL DEFAULT 0,
  model TEXT NOT NULL DEFAULT '',
  prompt_version TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS note (  -- A teacher's rough note that waits for its wording.
  id TEXT PRIMARY KEY,
  submission_id TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
  sentence_id TEXT NOT NULL,
  text TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT ''  -- Why the model's wording was dropped.
);
CREATE TABLE IF NOT EXISTS reaction (
  comment_id TEXT PRIMARY KEY REFERENCES comment (id) ON DELETE CASCADE,
  decision TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'do', 'do_not')),
  because TEXT NOT NULL DEFAULT '',
  rating TEXT NOT NULL DEFAULT '' CHECK (rating IN ('', 'useful', 'wrong', 'unclear'))
);
CREATE TABLE IF NOT EXISTS own_work (
  submission_id TEXT PRIMARY KEY REFERENCES submission (id) ON DELETE CASCADE,
  version_2 TEXT NOT NULL DEFAULT '',
  reflection TEXT NOT NULL DEFAULT '',
  client_said TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
  at REAL NOT NULL,
  event TEXT NOT NULL,
  detail TEXT NOT NULL,
  model TEXT NOT NULL DEFAULT '',
  prompt_version TEXT NOT NULL DEFAULT ''
);
