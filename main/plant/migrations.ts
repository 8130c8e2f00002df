// The plant's tables, in PostgreSQL. What a station may not do the database refuses itself: gaps, forks, doubles and changed rows by keys and
// checks, rows of another station by row-level rights. This program is one of those who may be wrong.
//
// The chain's formula is that of docs/ledger-format.md. to_json writes a text as JSON.stringify does: both escape the quote, the backslash
// and what is below a blank, with the same short forms, and nothing else (PostgreSQL escape_json, ECMA-262 QuoteJSONString; a lone
// surrogate, which only the latter escapes, is no text to PostgreSQL).

import { freeingPlaces } from './freeing-places.ts';
import { stationGroup, viewerGroup } from './groups.ts';
import { unsettledLeases } from './unsettled-leases.ts';
import { witnessing } from './witness-tables.ts';

/** Channel on which the number of a conflict is told as it is written. */
export const conflictChannel = 'fuseline_conflict';

const tables = `
CREATE TABLE plant.stations (
  name        text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  role        text NOT NULL UNIQUE,
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  seen_at     timestamptz,                 -- it last said something
  newest      bigint NOT NULL DEFAULT 0    -- newest row of its own book, as it said then
);

CREATE FUNCTION plant.row_hash("row" bigint, at text, kind text, run text, body text, prev bytea) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT sha256(convert_to('fuseline ledger row v1' || chr(10) || '{"at":' || to_json(at) || ',"body":' || body || ',"kind":' || to_json(kind)
    || ',"prev":"' || encode(prev, 'hex') || '","row":' || "row" || ',"run":' || coalesce(to_json(run)::text, 'null') || '}', 'UTF8'))
$$;

CREATE TABLE plant.rows (
  station text   NOT NULL REFERENCES plant.stations,
  "row"   bigint NOT NULL,
  at      text   NOT NULL,
  kind    text   NOT NULL,
  run     text,
  body    text   NOT NULL,                 -- canonical JSON, as it was hashed
  prev    bytea  NOT NULL,
  hash    bytea  NOT NULL,
  before  bigint GENERATED ALWAYS AS (CASE WHEN "row" > 1 THEN "row" - 1 END) STORED,
  PRIMARY KEY (station, "row"),
  UNIQUE (station, "row", hash),
  CONSTRAINT rows_follow FOREIGN KEY (station, before, prev) REFERENCES plant.rows (station, "row", hash),
  CONSTRAINT rows_begin CHECK (CASE WHEN "row" > 1 THEN true
    ELSE "row" = 1 AND kind = 'genesis' AND prev = decode(repeat('00', 32), 'hex') AND (body::json ->> 'station') IS NOT DISTINCT FROM station END),
  CONSTRAINT rows_hash CHECK (hash = plant.row_hash("row", at, kind, run, body, prev))
);
CREATE INDEX rows_heads ON plant.rows (station, "row") WHERE kind = 'checkpoint';

-- What may exist once in the whole plant, and which sealed row took it first.
CREATE TABLE plant.claims (
  field   text   NOT NULL,
  value   text   NOT NULL,
  mac     text   NOT NULL,
  station text   NOT NULL,
  "row"   bigint NOT NULL,
  PRIMARY KEY (field, value),
  FOREIGN KEY (station, "row") REFERENCES plant.rows (station, "row")
);

-- Signed heads, in the order in which they came.
CREATE TABLE plant.heads (
  station    text   NOT NULL,
  "row"      bigint NOT NULL,              -- of the checkpoint
  size       bigint NOT NULL,
  root       text   NOT NULL,              -- base64, as in the note
  public_key text   NOT NULL,
  PRIMARY KEY (station, "row"),
  FOREIGN KEY (station, "row") REFERENCES plant.rows (station, "row")
);

-- What needs people. A row stays; somebody settles it.
CREATE TABLE plant.conflicts (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  kind       text   NOT NULL CHECK (kind IN ('claim', 'head', 'fork', 'unreadable')),
  station    text   NOT NULL REFERENCES plant.stations,
  "row"      bigint NOT NULL,
  field      text   NOT NULL DEFAULT '',
  value      text   NOT NULL DEFAULT '',
  holder     text   REFERENCES plant.stations,
  holder_row bigint,
  settled_at timestamptz,
  settled_by text,
  reason     text,
  UNIQUE (kind, station, "row", field, value)
);
CREATE INDEX conflicts_open ON plant.conflicts (id) WHERE settled_at IS NULL;
`;

const acts = `
-- The station that is connected. Of session_user: a function with its owner's rights is asked by the station's role all the same.
CREATE FUNCTION plant.me() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT name FROM plant.stations WHERE role = session_user
$$;

CREATE FUNCTION plant.tell_conflict(kind text, station text, "row" bigint, field text, value text, holder text, holder_row bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE told bigint;
BEGIN
  INSERT INTO plant.conflicts (kind, station, "row", field, value, holder, holder_row)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id INTO told;
  IF told IS NOT NULL THEN PERFORM pg_notify('${conflictChannel}', told::text); END IF;
END $$;

-- A body as JSON whose texts PostgreSQL can hold: escapes of what no text of it may be (a null character, half of a pair) give way to U+FFFD.
CREATE FUNCTION plant.readable(body text) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN strpos(body, '\\u') = 0 THEN body
    ELSE regexp_replace(body, '\\\\u(0000|d[89ab][0-9a-f]{2}|d[cdef][0-9a-f]{2})', chr(65533), 'g') END::jsonb
$$;

-- What a sealed record claims (main/ledger/sqlite/claims.ts): digests of secure boot keys are the product's, not the device's.
CREATE FUNCTION plant.claims_of(sealed jsonb) RETURNS TABLE (field text, value text) LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT field, value FROM (
    VALUES ('mac', sealed #>> '{chip,mac}'), ('serial', sealed ->> 'serial'), ('public-key', sealed #>> '{identity,publicKey}'),
      ('certificate', sealed #>> '{identity,certificateSerial}')
    UNION ALL
    SELECT 'fingerprint', key ->> 'fingerprint' FROM jsonb_path_query(sealed, 'lax $.keys[*]') AS key
      WHERE key ->> 'role' NOT LIKE 'secure-boot-digest-%'
  ) AS claimed (field, value) WHERE value IS NOT NULL
$$;

-- In the transaction of the row: its claims are taken, or a conflict is written. A conflict keeps no row out: it happened.
CREATE FUNCTION plant.take_claims() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  sealed jsonb;
  own text;
  claimed record;
  held plant.claims;
BEGIN
  sealed := plant.readable(NEW.body) -> 'record';
  own := sealed #>> '{chip,mac}';
  IF own IS NULL THEN RAISE EXCEPTION 'no sealed record'; END IF;
  FOR claimed IN SELECT * FROM plant.claims_of(sealed) ORDER BY field, value LOOP
    INSERT INTO plant.claims VALUES (claimed.field, claimed.value, own, NEW.station, NEW."row") ON CONFLICT DO NOTHING;
    CONTINUE WHEN FOUND;
    SELECT * INTO held FROM plant.claims AS c WHERE c.field = claimed.field AND c.value = claimed.value;
    IF held.station <> NEW.station OR held.mac <> own THEN
      PERFORM plant.tell_conflict('claim', NEW.station, NEW."row", claimed.field, claimed.value, held.station, held."row");
    END IF;
  END LOOP;
  RETURN NULL;
EXCEPTION WHEN raise_exception OR data_exception THEN
  PERFORM plant.tell_conflict('unreadable', NEW.station, NEW."row", '', '', NULL, NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER rows_claims AFTER INSERT ON plant.rows FOR EACH ROW WHEN (NEW.kind = 'sealed') EXECUTE FUNCTION plant.take_claims();

-- A signed head is kept. One of another book, of another key or over fewer rows than the newest before it is an alarm. Signature and root
-- are for 'plant verify': PostgreSQL knows no ECDSA.
CREATE FUNCTION plant.take_head() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  said jsonb;
  line text[];
  newest plant.heads;
  origin text;
  wrong text;
BEGIN
  said := plant.readable(NEW.body);
  line := string_to_array(said ->> 'note', chr(10));
  IF line[2] IS NULL OR line[2] !~ '^[0-9]{1,15}$' OR line[3] IS NULL OR said ->> 'publicKey' IS NULL THEN
    RAISE EXCEPTION 'no head';
  END IF;
  SELECT 'fuseline/' || NEW.station || '/' || (plant.readable(body) ->> 'ledger') INTO origin
    FROM plant.rows WHERE station = NEW.station AND "row" = 1;
  SELECT * INTO newest FROM plant.heads WHERE station = NEW.station ORDER BY "row" DESC LIMIT 1;
  wrong := CASE
    WHEN line[1] IS DISTINCT FROM origin THEN 'origin'
    WHEN line[2]::bigint >= NEW."row" THEN 'size'
    WHEN newest.size > line[2]::bigint THEN 'size'
    WHEN newest.size = line[2]::bigint AND newest.root <> line[3] THEN 'root'
    WHEN newest.public_key <> said ->> 'publicKey' THEN 'key'
  END;
  INSERT INTO plant.heads VALUES (NEW.station, NEW."row", line[2]::bigint, line[3], said ->> 'publicKey') ON CONFLICT DO NOTHING;
  IF wrong IS NOT NULL THEN
    PERFORM plant.tell_conflict('head', NEW.station, NEW."row", wrong, '', NEW.station, newest."row");
  END IF;
  RETURN NULL;
EXCEPTION WHEN raise_exception OR data_exception THEN
  PERFORM plant.tell_conflict('unreadable', NEW.station, NEW."row", '', '', NULL, NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER rows_heads AFTER INSERT ON plant.rows FOR EACH ROW WHEN (NEW.kind = 'checkpoint') EXECUTE FUNCTION plant.take_head();

CREATE FUNCTION plant.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'rows of the plant are never changed or taken out' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON plant.rows FOR EACH STATEMENT EXECUTE FUNCTION plant.append_only();
CREATE TRIGGER claims_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON plant.claims FOR EACH STATEMENT EXECUTE FUNCTION plant.append_only();
CREATE TRIGGER heads_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON plant.heads FOR EACH STATEMENT EXECUTE FUNCTION plant.append_only();

-- The connected station is there, and its own book ends at this row.
CREATE FUNCTION plant.seen(newest bigint) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE plant.stations SET seen_at = now(), newest = $1 WHERE name = plant.me()
$$;

-- The connected station's own book has another row there, or ends before it.
CREATE FUNCTION plant.tell_fork("row" bigint, hash text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT plant.tell_conflict('fork', plant.me(), $1, 'hash', $2, plant.me(), $1) WHERE plant.me() IS NOT NULL
$$;
`;

/** Functions may be called by everybody unless somebody says otherwise. */
const rights = `
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plant FROM PUBLIC;
GRANT USAGE ON SCHEMA plant TO ${stationGroup};
GRANT EXECUTE ON FUNCTION plant.me(), plant.row_hash(bigint, text, text, text, text, bytea), plant.seen(bigint), plant.tell_fork(bigint, text)
  TO ${stationGroup};
GRANT SELECT, INSERT ON plant.rows TO ${stationGroup};
GRANT SELECT ON plant.conflicts TO ${stationGroup};
ALTER TABLE plant.rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.conflicts ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.stations ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY rows_read ON plant.rows FOR SELECT TO ${stationGroup} USING (station = (SELECT plant.me()));
CREATE POLICY rows_write ON plant.rows FOR INSERT TO ${stationGroup} WITH CHECK (station = (SELECT plant.me()));
CREATE POLICY conflicts_read ON plant.conflicts FOR SELECT TO ${stationGroup} USING ((SELECT plant.me()) IN (station, holder));
`;

/**
 * Places of signed orders (docs/work-orders.md). Places that are somebody's are a row of plant.held, and no two rows overlap: an exclusion
 * constraint says so, over one line of numbers on which each order has its own stretch of 2^32. A station takes a lease, and gives places
 * back, by rows of its ledger: whatever database this is, it learns the leases of a station again from these.
 */
const leases = `
CREATE TABLE plant.orders (
  name   text PRIMARY KEY,
  number int  NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
  digest bytea NOT NULL UNIQUE,
  boards int  NOT NULL CHECK (boards BETWEEN 1 AND 999999999),
  file   bytea NOT NULL,
  CHECK (digest = sha256(file)),
  UNIQUE (number, boards)
);
CREATE TABLE plant.leases (
  digest   bytea PRIMARY KEY,
  number   int  NOT NULL REFERENCES plant.orders (number),
  station  text NOT NULL REFERENCES plant.stations,
  first    int  NOT NULL,
  boards   int  NOT NULL,
  file     bytea NOT NULL,
  given_at timestamptz NOT NULL DEFAULT now(),
  returned bigint,                          -- row of the station in which it gave back what it had not used
  CHECK (digest = sha256(file))
);
CREATE INDEX leases_of ON plant.leases (station) WHERE returned IS NULL;
-- Whose places are: of a share (lease is null) or of a lease.
CREATE TABLE plant.held (
  number  int  NOT NULL,
  boards  int  NOT NULL,                    -- of the order
  station text NOT NULL,                    -- as the order names it
  lease   bytea REFERENCES plant.leases,
  first   int  NOT NULL,
  last    int  NOT NULL,
  places  int8range NOT NULL GENERATED ALWAYS AS (int8range((number::bigint << 32) + first, (number::bigint << 32) + last, '[]')) STORED,
  CHECK (first BETWEEN 1 AND last),
  CONSTRAINT held_inside CHECK (last <= boards),
  FOREIGN KEY (number, boards) REFERENCES plant.orders (number, boards),
  CONSTRAINT held_once EXCLUDE USING gist (places WITH &&)
);
ALTER TABLE plant.conflicts DROP CONSTRAINT conflicts_kind_check;
ALTER TABLE plant.conflicts ADD CONSTRAINT conflicts_kind_check CHECK (kind IN ('claim', 'head', 'fork', 'unreadable', 'lease'));

-- A lease that a station has taken: known, or learned from its row. What somebody else has is a conflict.
CREATE FUNCTION plant.learn_lease(of text, "row" bigint, name text, detail jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  ordered plant.orders;
  told bytea := decode(detail ->> 'file', 'base64');
  first int := (detail ->> 'first')::int;
  many int := (detail ->> 'boards')::int;
BEGIN
  IF EXISTS (SELECT FROM plant.leases AS l WHERE l.digest = sha256(told) AND l.station = of AND l.first = (detail ->> 'first')::int AND l.boards = many) THEN
    RETURN;
  END IF;
  SELECT * INTO ordered FROM plant.orders AS o WHERE o.name = learn_lease.name AND encode(o.digest, 'hex') = detail ->> 'order';
  IF NOT FOUND THEN
    PERFORM plant.tell_conflict('lease', of, "row", name, detail ->> 'lease', NULL, NULL);
    RETURN;
  END IF;
  INSERT INTO plant.leases (digest, number, station, first, boards, file) VALUES (sha256(told), ordered.number, of, first, many, told);
  INSERT INTO plant.held (number, boards, station, lease, first, last) VALUES (ordered.number, ordered.boards, of, sha256(told), first, first + many - 1);
EXCEPTION WHEN exclusion_violation OR check_violation OR unique_violation THEN
  PERFORM plant.tell_conflict('lease', of, "row", name, detail ->> 'lease', NULL, NULL);
END $$;

-- Places that a station gives back are nobody's; only it gives back what it has.
${freeingPlaces('free_places')}

CREATE FUNCTION plant.hear_lease() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE said jsonb := plant.readable(NEW.body);
BEGIN
  IF said ->> 'what' = 'lease-taken' THEN
    PERFORM plant.learn_lease(NEW.station, NEW."row", said ->> 'about', said -> 'detail');
  ELSIF said ->> 'what' = 'lease-returned' THEN
    PERFORM plant.free_places(NEW.station, NEW."row", said ->> 'about', said -> 'detail');
  END IF;
  RETURN NULL;
EXCEPTION WHEN data_exception OR not_null_violation THEN
  PERFORM plant.tell_conflict('unreadable', NEW.station, NEW."row", '', '', NULL, NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER rows_leases AFTER INSERT ON plant.rows FOR EACH ROW
  WHEN (NEW.kind = 'act' AND strpos(NEW.body, '"what":"lease-') > 0) EXECUTE FUNCTION plant.hear_lease();

REVOKE ALL ON FUNCTION plant.learn_lease(text, bigint, text, jsonb), plant.free_places(text, bigint, text, jsonb), plant.hear_lease() FROM PUBLIC;
GRANT SELECT ON plant.leases TO ${stationGroup};
ALTER TABLE plant.leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE plant.held ENABLE ROW LEVEL SECURITY;
CREATE POLICY leases_read ON plant.leases FOR SELECT TO ${stationGroup} USING (station = (SELECT plant.me()));
`;

/**
 * What became of each board, by run, for those who look at all stations at once: learned from the rows as they come, and no more than that.
 * `plant verify` reads the rows alone.
 */
const overview = `
CREATE TABLE plant.runs (
  station text NOT NULL REFERENCES plant.stations,
  run     text NOT NULL,
  "row"   bigint NOT NULL,                  -- newest row that said something of it
  mac     text,
  serial  text,
  at      timestamptz,                      -- it ended, by the station's clock
  outcome text,                             -- null: it has not ended
  fault   text,                             -- code of the fault that ended it
  PRIMARY KEY (station, run)
);
CREATE INDEX runs_at ON plant.runs (at) INCLUDE (station, outcome, fault);
CREATE INDEX runs_mac ON plant.runs (mac text_pattern_ops);
CREATE INDEX runs_serial ON plant.runs (serial text_pattern_ops);
CREATE INDEX claims_value ON plant.claims (value text_pattern_ops);
CREATE INDEX claims_macs ON plant.claims (station) WHERE field = 'mac';

CREATE FUNCTION plant.note_run(of text, "row" bigint, at text, kind text, run text, body text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE said jsonb;
BEGIN
  said := plant.readable(body);
  INSERT INTO plant.runs AS r (station, run, "row", mac, serial, at, outcome, fault) VALUES (of, run, note_run."row",
    CASE kind WHEN 'run-bound' THEN said ->> 'mac' WHEN 'sealed' THEN said #>> '{record,chip,mac}' END,
    CASE kind WHEN 'run-bound' THEN said ->> 'serial' WHEN 'sealed' THEN said #>> '{record,serial}' END,
    CASE WHEN kind <> 'run-bound' THEN note_run.at::timestamptz END,
    CASE kind WHEN 'run-ended' THEN said ->> 'outcome' WHEN 'sealed' THEN 'passed' END,
    CASE kind WHEN 'run-ended' THEN said #>> '{fault,code}' END)
  ON CONFLICT ON CONSTRAINT runs_pkey DO UPDATE SET "row" = excluded."row", mac = coalesce(excluded.mac, r.mac),
    serial = coalesce(excluded.serial, r.serial), at = coalesce(excluded.at, r.at), outcome = coalesce(excluded.outcome, r.outcome),
    fault = coalesce(excluded.fault, r.fault);
EXCEPTION WHEN data_exception THEN
  PERFORM plant.tell_conflict('unreadable', of, note_run."row", '', '', NULL, NULL);
END $$;
CREATE FUNCTION plant.hear_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM plant.note_run(NEW.station, NEW."row", NEW.at, NEW.kind, NEW.run, NEW.body);
  RETURN NULL;
END $$;
CREATE TRIGGER rows_runs AFTER INSERT ON plant.rows FOR EACH ROW
  WHEN (NEW.run IS NOT NULL AND NEW.kind IN ('run-bound', 'run-ended', 'sealed')) EXECUTE FUNCTION plant.hear_run();
DO $$ BEGIN
  PERFORM plant.note_run(station, "row", at, kind, run, body) FROM (SELECT * FROM plant.rows
    WHERE run IS NOT NULL AND kind IN ('run-bound', 'run-ended', 'sealed') ORDER BY station, "row") AS r;
END $$;

REVOKE ALL ON FUNCTION plant.note_run(text, bigint, text, text, text, text), plant.hear_run() FROM PUBLIC;
ALTER TABLE plant.runs ENABLE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA plant TO ${viewerGroup};
GRANT SELECT ON plant.version, plant.runs, plant.claims, plant.conflicts, plant.held TO ${viewerGroup};
GRANT SELECT (station, "row", hash) ON plant.rows TO ${viewerGroup};
GRANT SELECT (name, newest, seen_at) ON plant.stations TO ${viewerGroup};
GRANT SELECT (name, number, boards) ON plant.orders TO ${viewerGroup};
DO $$ DECLARE named text; BEGIN
  FOREACH named IN ARRAY ARRAY['runs', 'claims', 'conflicts', 'held', 'rows', 'stations', 'orders'] LOOP
    EXECUTE format('CREATE POLICY %I ON plant.%I FOR SELECT TO ${viewerGroup} USING (true)', named || '_viewed', named);
  END LOOP;
END $$;
`;

/** migrations[n] takes a database of version n to n + 1, in one transaction with the change of `plant.version`. None is ever changed. */
export const migrations: readonly string[] = [tables + acts + rights, leases, overview, unsettledLeases, witnessing];
