import type { Attributes } from '#core/api/access.ts';
import { FlowSchema, PriorityLevelConfiguration } from '#core/api/schema/flowcontrol-v1.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { divide, handSizeOf, levelsOf, schemasOf, type SortedSchema } from './flow-config.ts';
import { PriorityLevel, SeatPool, type Seat, type WhenGone } from './priority-level.ts';
import { deal } from './shuffle-shard.ts';

export interface FlowControlOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** How many requests are served at a time, over all levels. */
  readonly seats: number;
  /** How long a request may wait for its turn. */
  readonly waitLimitMs: number;
}

/** Flows that are remembered of a schema: the users of a cluster come back all the time. */
const rememberedFlows = 1024;

/** Takes whom no other schema means. */
const catchAll = 'catch-all';

interface Level {
  readonly uid: string;
  readonly queues: number;
  readonly handSize: number;
  /** Undefined: its requests are always served at once. */
  readonly seats: PriorityLevel | undefined;
}

interface Schema extends SortedSchema {
  readonly level: Level;
  /** The hands of its flows. */
  readonly hands: Map<string, readonly number[]>;
}

/** Where a request belongs. */
export interface Flow {
  readonly schemaUid: string;
  readonly levelUid: string;
  /** Its requests never wait. */
  readonly exempt: boolean;
  /** @throws {StatusError} TooManyRequests, or rejects with it */
  enter(whenGone?: WhenGone): Seat | Promise<Seat>;
}

const free: Seat = { leave: () => undefined };

/**
 * Priority and fairness (KEP-1040): FlowSchemas sort requests into flows and these into priority levels, which have seats of their own.
 * So nobody's flood keeps others from being served, least of all those who keep the cluster alive.
 */
export class FlowControl {
  private readonly options: FlowControlOptions;
  private readonly pool: SeatPool;
  private readonly levels = new Map<string, PriorityLevel>();
  private schemas: readonly Schema[] | undefined;

  constructor(options: FlowControlOptions) {
    this.options = options;
    this.pool = new SeatPool(options.clock, options.waitLimitMs);
    const forget = (): void => {
      this.schemas = undefined;
    };
    for (const kind of [FlowSchema, PriorityLevelConfiguration]) options.objects.cache(kind).subscribe(forget);
  }

  flowOf(attributes: Attributes): Flow {
    const schemas = (this.schemas ??= this.read());
    const found = schemas.find(({ matches }) => matches(attributes)) ?? schemas.find(({ name }) => name === catchAll);
    return found ? new SchemaFlow(found, attributes) : unlimited;
  }

  /** Seats that are taken, and requests that wait, by level. */
  report(): readonly { readonly name: string; readonly seats: number; readonly running: number; readonly waiting: number }[] {
    return [...this.levels.values()].map(({ name, limits: { seats }, running, waiting }) => ({ name, seats, running, waiting }));
  }

  private read(): readonly Schema[] {
    const { objects, seats } = this.options;
    const configured = levelsOf(objects);
    const limits = divide(configured, seats);
    const levels = new Map(configured.map(({ name, uid, spec }): [string, Level] => {
      const own = limits.get(name);
      return [name, { uid, queues: own?.queuing?.queues ?? 1, handSize: handSizeOf(spec), seats: own && this.levelOf(name) }];
    }));
    for (const [name, level] of this.levels) {
      const own = limits.get(name);
      if (own) level.configure(own);
      else this.retire(name, level);
    }
    return schemasOf(objects, levels).flatMap((schema): Schema[] => {
      const level = levels.get(schema.spec.priorityLevelConfiguration.name);
      return level ? [{ ...schema, level, hands: new Map() }] : [];
    });
  }

  private levelOf(name: string): PriorityLevel {
    let level = this.levels.get(name);
    if (level === undefined) {
      level = new PriorityLevel(name, this.pool);
      this.levels.set(name, level);
    }
    return level;
  }

  /** Nobody comes any more; those who are there keep their seats. */
  private retire(name: string, level: PriorityLevel): void {
    if (level.running > 0 || level.waiting > 0) return;
    this.levels.delete(name);
    this.pool.levels.delete(level);
  }
}

const unlimited: Flow = { schemaUid: '', levelUid: '', exempt: true, enter: () => free };

class SchemaFlow implements Flow {
  private readonly schema: Schema;
  private readonly attributes: Attributes;

  constructor(schema: Schema, attributes: Attributes) {
    this.schema = schema;
    this.attributes = attributes;
  }

  get schemaUid(): string {
    return this.schema.uid;
  }

  get levelUid(): string {
    return this.schema.level.uid;
  }

  get exempt(): boolean {
    return this.schema.level.seats === undefined;
  }

  enter(whenGone?: WhenGone): Seat | Promise<Seat> {
    return this.schema.level.seats?.enter(this.hand(), whenGone) ?? free;
  }

  private hand(): readonly number[] {
    const { name, level: { handSize, queues }, hands, distinguisher } = this.schema;
    if (handSize === 0) return [];
    const key = distinguisher(this.attributes);
    let hand = hands.get(key);
    if (hand === undefined) {
      hand = deal(name, key, queues, handSize);
      if (hands.size >= rememberedFlows) hands.clear();
      hands.set(key, hand);
    }
    return hand;
  }
}
