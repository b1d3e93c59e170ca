import type { History, Operation, Page, Segment, Seen, Term, Truth, Watched } from './history.ts';
import { Timeline, type Window } from './timeline.ts';

/**
 * Holds what clients were told against what etcd says happened. Each answer must be that of some moment between its request and its
 * end, where moments are revisions: none before one that anybody had seen by then, none at or after a write that began later. That is
 * linearizability, and it is cheap to check because the order of writes is known.
 *
 * @returns what is wrong, in sentences
 */
export function check({ operations, segments, truth, terms, compactions }: History): string[] {
  const timeline = new Timeline(truth, operations, segments, compactions);
  return [
    ...operations.flatMap((operation) => wrongIn(operation, timeline).map((wrong) => `${describe(operation)}: ${wrong}`)),
    ...wrongOrigins(truth, operations), ...twiceDeleted(operations), ...segments.flatMap((segment) => wrongWatch(segment, truth)), ...overlaps(terms),
  ];
}

const describe = ({ client, server, verb, key, outcome, reason, base, revision, value, page, begun, ended }: Operation): string =>
  `${client} at server ${server}, ${verb} ${key} ${outcome} ${JSON.stringify({ reason, base, revision, value, page })} from ${begun.toFixed(0)} to ${ended.toFixed(0)} ms`;

function wrongIn(operation: Operation, timeline: Timeline): string[] {
  if (operation.outcome === 'unknown') return [];
  const window = timeline.windowOf(operation);
  if (operation.outcome === 'refused') return wrongRefusal(operation, timeline, window);
  switch (operation.verb) {
    case 'get': return timeline.somewhere(operation.key, window, (state) => state?.revision === operation.revision && state?.value === operation.value)
      ? [] : [`no state between ${window.low} and ${window.high} is that`];
    case 'list': return wrongList(operation, timeline, window);
    case 'delete': return wrongDeletion(operation, timeline, window);
    case 'create':
    case 'update': return wrongWrite(operation, timeline, window);
  }
}

/** A refusal speaks of the state, too. */
function wrongRefusal({ key, reason, base, verb, page, ended }: Operation, timeline: Timeline, window: Window): string[] {
  if (reason === 'Expired') return timeline.isGone(page?.at ?? Infinity, ended) ? [] : ['history was not compacted that far'];
  const holds: Record<string, (state: Seen | undefined) => boolean> = {
    NotFound: (state) => state === undefined,
    AlreadyExists: (state) => state !== undefined,
    Conflict: (state) => state?.revision !== base,
  };
  const test = holds[reason ?? ''];
  if (test === undefined) return [];
  // Without a condition there is nothing to be in conflict with, except ten other writers in a row.
  if (reason === 'Conflict' && base === undefined) return [`${verb} without a condition was refused`];
  return timeline.somewhere(key, window, test) ? [] : [`at no time between ${window.low} and ${window.high} was that so`];
}

function wrongList(operation: Operation, timeline: Timeline, window: Window): string[] {
  const { items, revision = 0, page } = operation;
  const wrong = wrongVersion(operation, window);
  const state = timeline.stateAt(revision);
  const shown = items ?? new Map<string, Seen>();
  for (const key of new Set([...state.keys(), ...shown.keys()])) {
    const [is, says] = [isOn(page, key) ? state.get(key) : undefined, shown.get(key)];
    if (is?.revision !== says?.revision || is?.value !== says?.value) wrong.push(`at ${revision} ${key} is ${JSON.stringify(is)}, the list says ${JSON.stringify(says)}`);
  }
  return wrong;
}

function wrongVersion({ revision = 0, page }: Operation, { low, high }: Window): string[] {
  if (page?.at !== undefined) return revision === page.at ? [] : [`asked for was ${page.at}`];
  if (revision < low) return [`${revision} is before ${low}, which was seen already`];
  return revision > high ? [`${revision} is in the future of ${high}`] : [];
}

const isOn = (page: Page | undefined, key: string): boolean => key > (page?.after ?? '') && (page?.upTo === undefined || key <= page.upTo);

function wrongWrite({ verb, key, value, base, revision = 0 }: Operation, timeline: Timeline, { low }: Window): string[] {
  const written = timeline.eventAt(key, revision);
  if (written?.value !== value) return [`the acknowledged write is lost: at ${revision} there is ${JSON.stringify(written?.value)}`];
  const before = timeline.before(key, revision);
  const wrong: string[] = [];
  if (revision <= low) wrong.push(`${revision} is not after ${low}, which was seen already`);
  if ((verb === 'create') !== (before === undefined)) wrong.push(before === undefined ? 'it was not there' : 'it was there');
  if (base !== undefined && before?.revision !== base) wrong.push(`it replaced ${before?.revision}, not ${base}`);
  return wrong;
}

function wrongDeletion({ key, uid, base }: Operation, timeline: Timeline, window: Window): string[] {
  const deletion = timeline.deletionOf(key, uid ?? '');
  if (deletion === undefined) return [`the acknowledged deletion of ${uid} is lost`];
  const before = timeline.before(key, deletion.revision);
  return [
    ...(deletion.revision <= window.low || deletion.revision > window.high ? [`it happened at ${deletion.revision}, not between ${window.low} and ${window.high}`] : []),
    ...(base !== undefined && before?.revision !== base ? [`it removed ${before?.revision}, not ${base}`] : []),
  ];
}

/** Every value in the history was asked for, is there once, and by nobody who was told that it is not. */
function wrongOrigins(truth: readonly Truth[], operations: readonly Operation[]): string[] {
  const wrong: string[] = [];
  const writers = new Map(operations.filter(({ verb, value }) => verb !== 'get' && value !== undefined).map((operation) => [operation.value, operation]));
  const found = new Map<string, number>();
  for (const { key, value, revision } of truth) {
    if (value === undefined) continue;
    const writer = writers.get(value);
    if (writer === undefined) wrong.push(`nobody wrote ${value}, which is at ${revision} of ${key}`);
    else if (writer.outcome === 'refused') wrong.push(`${describe(writer)}: it happened all the same, at ${revision}`);
    const other = found.get(value);
    if (other !== undefined) wrong.push(`${value} was written twice, at ${other} and at ${revision}`);
    found.set(value, revision);
  }
  return wrong;
}

function twiceDeleted(operations: readonly Operation[]): string[] {
  const uids = operations.filter(({ verb, outcome }) => verb === 'delete' && outcome === 'done').map(({ uid }) => uid);
  return uids.filter((uid, index) => uids.indexOf(uid) !== index).map((uid) => `the deletion of ${uid} was acknowledged twice`);
}

/** A watcher has seen everything after its beginning, up to the last that it has heard of, in order and once. */
function wrongWatch({ watcher, from, events }: Segment, truth: readonly Truth[]): string[] {
  const last = events.at(-1)?.revision ?? from;
  const expected = truth.filter(({ revision }) => revision > from && revision <= last);
  let reached = from;
  let next = 0;
  for (const event of events) {
    const comes = expected[next];
    const isNew = event.type === 'BOOKMARK' ? event.revision >= reached : event.revision > reached;
    const fits = event.type === 'BOOKMARK' ? comes === undefined || comes.revision > event.revision : isSame(event, comes);
    if (!isNew || !fits) return [`${watcher} (from ${from}): got ${event.type} ${event.key} at ${event.revision} after ${reached}, where ${JSON.stringify(comes)} comes next`];
    reached = event.revision;
    if (event.type !== 'BOOKMARK') next++;
  }
  return next < expected.length ? [`${watcher} (from ${from}): missed ${JSON.stringify(expected[next])}`] : [];
}

const isSame = ({ type, key, revision, value }: Watched, is: Truth | undefined): boolean =>
  is?.key === key && is.revision === revision && (is.value === undefined ? type === 'DELETED' : type !== 'DELETED' && is.value === value);

function overlaps(terms: readonly Term[]): string[] {
  const sorted = terms.toSorted((a, b) => a.from - b.from);
  return sorted.flatMap((term, index) => sorted.slice(index + 1).filter((later) => later.from < term.to && later.server !== term.server)
    .map((later) => `server ${later.server} ran the controllers while server ${term.server} did, for ${Math.min(term.to, later.to) - later.from} ms`));
}
