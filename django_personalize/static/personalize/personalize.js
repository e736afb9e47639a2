// Tells the shop what its visitor sees and does, from their yes on and no earlier. What is sent, and when: docs/script.md
const SECOND = 1000;
const EVERY = 5 * SECOND; // what waits is sent
const ENOUGH = 20; // events that do not wait for it
const MOST = 50; // in one batch
const MOST_FACTS = 200; // items and slots, in one batch
const KEPT = 200; // while the server is away; the oldest go first
const LARGEST = 60_000; // bytes: browsers carry 64 kB on leaving
const SLOTS = "[data-pz-decision] [data-pz-slot]";
const OF_EVENT = ["currency", "search_term", "results", "promotion_id", "reason", "engagement_time_msec", "item_list_id",
  "decision", "slots"];
const OF_ITEM = ["item_id", "item_variant", "quantity", "price", "item_list_id", "index"];
const OF_LAYER = ["view_item", "add_to_wishlist", "add_to_cart", "remove_from_cart", "view_cart", "begin_checkout", "search",
  "view_promotion", "select_promotion"];

const script = document.querySelector("script[data-pz-endpoint]");
const endpoint = script.dataset.pzEndpoint;
const captured = script.dataset.pzCaptured.split(" "); // by the server itself
const path = location.pathname;
const query = location.search;

// The server sets this cookie with the visitor's own, which no script can read, and takes both back together.
const allowed = () => document.cookie.split("; ").includes("pz_yes=1");
const visible = () => document.visibilityState === "visible";
const pick = (from, names) =>
  Object.fromEntries(names.filter((name) => from?.[name] != null).map((name) => [name, from[name]]));

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only where the page came over https
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}

// --- Sending: an id is made once, so that whatever is told twice is stored once.

let waiting = [];
let flying = null;
let failures = 0;
let notBefore = 0;

function track(name, params = {}, moving = true) {
  if (!allowed()) return;
  let event;
  try {
    const told = pick(params, OF_EVENT);
    if (params.items) told.items = Array.from(params.items).slice(0, 25).map((each) => pick(each, OF_ITEM));
    event = JSON.parse(JSON.stringify({ id: uuid(), name, at: Date.now(), params: told }));
  } catch {
    return; // what is no JSON would hold up all that waits behind it
  }
  if (moving && name === "view_item") attendTo(event.params.items?.[0]);
  if (captured.includes(name)) return;
  waiting.push(event);
  waiting = waiting.slice(-KEPT);
  if (waiting.length >= ENOUGH) send();
}

const factsOf = (events) =>
  events.reduce((sum, { params: { items, slots } }) => sum + ((items ?? slots)?.length ?? 1), 0);

function pack() {
  if (!allowed()) waiting = [];
  const now = Date.now();
  for (let count = Math.min(waiting.length, MOST); count; count >>= 1) {
    const events = waiting.slice(0, count).map(({ at, ...event }) => ({ ...event, ago: Math.max(0, now - at) }));
    const body = new Blob([JSON.stringify({ events })], { type: "application/json" });
    const fits = body.size <= LARGEST && (count === 1 || factsOf(events) <= MOST_FACTS);
    if (fits) return { events: waiting.splice(0, count), body };
  }
  waiting.shift(); // too large even alone
}

async function send(leaving = false) {
  if (flying || (!leaving && Date.now() < notBefore)) return;
  const packed = pack();
  if (!packed) return;
  flying = packed;
  let again = true;
  let pause = 0;
  try {
    const answer = await fetch(endpoint, { method: "POST", body: packed.body, keepalive: true });
    again = answer.status === 429 || answer.status >= 500;
    pause = Number(answer.headers.get("Retry-After")) * SECOND || 0;
  } catch {} // no network
  if (flying === packed) flying = null;
  else again = false; // the page was left meanwhile, and told it on leaving
  failures = again ? failures + 1 : 0;
  if (again) {
    waiting.unshift(...packed.events);
    notBefore = Date.now() + Math.max(pause, EVERY * 2 ** Math.min(failures - 1, 6) * (0.5 + Math.random() / 2));
  } else if (waiting.length >= ENOUGH || !visible()) send();
}

function leave() {
  if (flying) waiting.unshift(...flying.events); // not every browser lets it arrive
  flying = null;
  while (waiting.length) {
    const packed = pack();
    if (packed && !navigator.sendBeacon?.(endpoint, packed.body)) {
      waiting.unshift(...packed.events); // the page may be shown again
      return;
    }
  }
}

// --- Seeing: a slot is seen once, when half of it, or half a window of it, was visible for one second.

const seen = new Set();
const timers = new WeakMap();
const nameOf = (slot) => `${slot.closest("[data-pz-decision]")?.dataset.pzDecision} ${slot.dataset.pzSlot}`;

function ofPromotion(slot) {
  const [decision, number] = nameOf(slot).split(" ");
  return { promotion_id: slot.dataset.pzPromotion, decision, slots: [Number(number)] };
}

const observer = window.IntersectionObserver && new IntersectionObserver((entries) => {
  for (const { target, isIntersecting, intersectionRatio, intersectionRect, rootBounds } of entries) {
    if (isIntersecting && (intersectionRatio >= 0.5 || intersectionRect.height >= rootBounds?.height / 2)) {
      if (!timers.has(target)) timers.set(target, setTimeout(see, SECOND, target));
    } else forget(target);
  }
}, { threshold: Array.from({ length: 26 }, (_, n) => n / 50) });

function forget(slot) {
  clearTimeout(timers.get(slot));
  timers.delete(slot);
}

function see(slot) {
  forget(slot);
  observer.unobserve(slot);
  if (!visible()) return observer.observe(slot); // another tab was before it
  seen.add(nameOf(slot));
  const [decision, number] = nameOf(slot).split(" ");
  if (slot.dataset.pzPromotion) return track("view_promotion", ofPromotion(slot));
  const open = waiting.find(({ name, params }) => name === "view_item_list" && params.decision === decision);
  if (open) open.params.slots.push(Number(number));
  else track("view_item_list", { decision, slots: [Number(number)] });
}

function observe(root = document) {
  for (const slot of [root, ...root.querySelectorAll(SLOTS)]) {
    if (slot.matches?.(SLOTS) && !seen.has(nameOf(slot))) observer?.observe(slot);
  }
}

const inserted = new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === 1) observe(node);
});

// --- Choosing: a link in a slot, by mouse, finger or key, here or in a new tab.

function choose({ target, button, detail }) {
  if (button > 1 || detail > 1) return; // neither the menu nor the second half of a double click
  const slot = target.closest?.("a[href]")?.closest(SLOTS);
  if (!slot) return;
  const [decision, number] = nameOf(slot).split(" ");
  if (slot.dataset.pzPromotion) track("select_promotion", ofPromotion(slot));
  else track("select_item", { decision, slots: [Number(number)] });
}

// --- Attending: the time for which the page was both visible and in focus, told in parts, each once.

let item;
let since = 0;
let attended = 0;

function attend(here = true) {
  const now = performance.now();
  if (since) attended += Math.min(now - since, 2 * EVERY); // a machine that slept was not read
  since = here && visible() && document.hasFocus() && allowed() ? now : 0;
}

function engage() {
  if (attended < SECOND) return;
  const engagement_time_msec = Math.round(attended);
  attended = 0;
  track("user_engagement", { engagement_time_msec, items: item && [item] });
}

function attendTo(next) {
  attend();
  engage();
  attended = 0;
  item = next && pick(next, ["item_id", "item_variant"]);
}

// --- What this page is about, as the server wrote it into the page or the shop's data layer says it.

const told = (name) => (document.querySelector(`template[data-pz-${name}]`) ?? script).dataset;
const named = () => location.pathname === path && told("item").pzItem;
const searched = () => location.pathname + location.search === path + query && told("search").pzSearch;

function view() {
  if (named()) track("view_item", { items: [{ item_id: told("item").pzItem, item_variant: told("item").pzVariant }] });
}

function search() {
  const { pzSearch: search_term, pzResults: results } = told("search");
  if (search_term) track("search", { search_term, results });
}

function read(entry) {
  try {
    const gtag = entry[0] === "event"; // its own form: the arguments of gtag("event", name, params)
    const name = gtag ? entry[1] : entry.event;
    const params = gtag ? entry[2] : { ...entry, ...entry.ecommerce };
    if (!OF_LAYER.includes(name) || (name === "search" && searched())) return;
    const item = named();
    const same = [item, told("item").pzVariant].includes(String(params?.items?.[0]?.item_id));
    if (!(name === "view_item" && item && same)) track(name, params, !item); // a quick view leaves the page's item
  } catch {} // an entry of another form
}

function listen() {
  const layer = (window.dataLayer ??= []);
  const push = layer.push;
  layer.push = function (...entries) {
    const length = push.apply(this, entries);
    entries.forEach(read);
    return length;
  };
  layer.forEach(read);
}

// --- Beginning, which waits for a yes and for somebody to look.

let begun = false;
let again = false; // it had begun when the page was left

function tick() {
  attend();
  if (!begun && allowed() && visible()) {
    begun = true;
    view();
    search();
    observe();
    inserted.observe(document, { childList: true, subtree: true });
  }
  send();
}

for (const kind of ["click", "auxclick"]) document.addEventListener(kind, choose, true);
for (const kind of ["focus", "blur"]) addEventListener(kind, () => attend());
document.addEventListener("visibilitychange", () => {
  attend();
  if (visible()) return tick();
  engage();
  send(true);
});
addEventListener("pagehide", () => {
  again = begun;
  attend(false);
  engage();
  leave();
});
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  attended = 0;
  if (again) view(); // else it begins now
  tick();
});
window.personalize = { track, observe, send, allowed };
tick();
setInterval(tick, EVERY);
if ("pzDatalayer" in script.dataset) listen();
