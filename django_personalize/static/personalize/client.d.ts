// What the API answers, field by field; a test compares it with the API's own document.

export type Purpose = "analytics" | "personalization" | "offers" | "email" | "assistant";

export interface Slot {
  slot: number;
  key: string;
  title: string;
  url: string;
  image: string;
  price: string | null;
  list_price: string | null;
  currency: string;
  reason: string;
}

export interface Promotion {
  slot: number;
  id: string;
  look: string;
  title: string;
  text: string;
  button: string;
  link: string;
  image: string;
}

export interface Row {
  title: string;
  url: string;
  slots: Slot[];
  promotions: Promotion[];
}

export interface Placement {
  slug: string;
  title: string;
  decision: string | null;
  rows: Row[];
}

export interface Consent {
  answers: Record<string, "granted" | "denied" | "unknown">;
  permitted: string[];
  texts: Record<string, string>;
  ask: boolean;
  csrf: string;
}

export interface Switches {
  paused: boolean;
  objected: boolean;
}

export interface Dealing {
  item: string;
  title: string;
  url: string;
  kinds: string[];
  last: string;
}

export interface Why {
  title: string;
  url: string;
  reason: string;
  at: string;
}

export interface Segment {
  slug: string;
  name: string;
  told: string;
}

export interface MyData {
  paused: boolean;
  objected: boolean;
  kept: boolean;
  since: string | null;
  kept_for_days: Record<string, number>;
  categories: string[];
  brands: string[];
  segments: Segment[];
  reasons: Why[];
  history: Dealing[];
}

export interface Reason {
  slot: number;
  item: string;
  title: string;
  url: string;
  code: string;
  anchor: string;
  reason: string;
}

export interface Decision {
  decision: string;
  placement: string;
  decided_at: string;
  slots: Reason[];
}

export interface Events {
  stored: number;
  refused: Record<string, number>;
  token?: string | null;
}

/** What a page wants of one placement; `items` are the keys of what the page is about. */
export interface Wanted {
  slug: string;
  items?: (string | number)[];
  n?: number;
}

export interface Client {
  placements(wanted: Wanted[]): Promise<Placement[]>;
  /** Resolves to what was stored; to nothing where the page's script tells it, or where all of it is stored. */
  track(name: string, params?: object): Promise<Events | null | void>;
  why(decision: string): Promise<Decision>;
  consent: {
    get(): Promise<Consent>;
    set(answers: Partial<Record<Purpose, boolean>>): Promise<Consent>;
  };
  myData: {
    get(): Promise<MyData>;
    pause(): Promise<Switches>;
    resume(): Promise<Switches>;
    object(): Promise<Switches>;
    allow(): Promise<Switches>;
    remove(key: string): Promise<null>;
    export(): Promise<Record<string, unknown>>;
    erase(password?: string): Promise<null>;
  };
}

export class Refused extends Error {
  constructor(status: number, told: { found?: string; wanted?: string; do?: string }, retryAfter: number);
  status: number;
  found: string;
  wanted: string;
  do: string;
  /** Seconds after which the same may be sent again; 0 where that would change nothing. */
  retryAfter: number;
}

/** `base` is the address of the API with its slash, beside the script's unless given; `token` a visitor's. */
export function connect(options?: { base?: string; token?: string }): Client;

export const placements: Client["placements"];
export const track: Client["track"];
export const why: Client["why"];
export const consent: Client["consent"];
export const myData: Client["myData"];
