// @ts-check
// Asks the API: rows, answers, reasons, and what is kept of whoever asks. Types: client.d.ts. How to use it: docs/api.md

/** What the API refused, in its own words: what was found, what was wanted, what to do. */
export class Refused extends Error {
  /** @param {number} status @param {{ found?: string, wanted?: string, do?: string }} told @param {number} retryAfter */
  constructor(status, told, retryAfter) {
    super(`${status}: ${told.found}. Wanted: ${told.wanted}. ${told.do}`);
    this.name = "Refused";
    this.status = status;
    this.found = told.found ?? "";
    this.wanted = told.wanted ?? "";
    this.do = told.do ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Beside the address to which the page's script tells its events, where there is one. */
function beside() {
  const script = /** @type {HTMLElement | null} */ (document.querySelector("script[data-pz-endpoint]"));
  return new URL("api/v1/", new URL(script?.dataset.pzEndpoint ?? "/personalize/events/", location.href).href.replace(/events\/$/, ""));
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only where the page came over https
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}

/**
 * Return the functions below for one address: by the cookies of the page's own shop, or, with `token`, for the one
 * visitor whose token it is.
 * @type {typeof import("./client.d.ts").connect}
 */
export function connect({ base, token = "" } = {}) {
  let csrf = "";

  /** @param {string} method @param {string | URL} path @param {unknown} [body] @returns {Promise<any>} */
  async function call(method, path, body, again = true) {
    const changes = !token && !["GET", "POST"].includes(method);
    if (changes && !csrf) csrf = (await call("GET", "consent/")).csrf;
    const answer = await fetch(new URL(path, base ? new URL(base, location.href) : beside()), {
      method,
      credentials: token ? "omit" : "same-origin",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(changes ? { "X-CSRFToken": csrf } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const json = answer.headers.get("Content-Type")?.startsWith("application/json");
    const told = json ? await answer.json() : { found: await answer.text() };
    if (answer.ok) return answer.status === 204 ? null : told;
    if (changes && again && answer.status === 403 && told.found?.includes("CSRF")) {
      csrf = ""; // a log-in has changed it
      return call(method, path, body, false);
    }
    throw new Refused(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);
  }

  /** @param {string} name @param {object} params */
  async function track(name, params = {}) {
    const script = /** @type {any} */ (window).personalize;
    // Where the page has the script, it tells: all in one batch, again after an error, and when the page is left.
    if (!token && script?.track) return void script.track(name, params);
    return call("POST", token ? "events/" : "../../events/", { events: [{ id: uuid(), name, ago: 0, params }] });
  }

  return {
    placements: async (wanted) => (await call("POST", "placements/", { placements: wanted })).placements,
    track,
    why: (decision) => call("GET", `why/${encodeURIComponent(decision)}/`),
    consent: {
      get: () => call("GET", "consent/"),
      set: (answers) => call("PUT", "consent/", answers),
    },
    myData: {
      get: () => call("GET", "my-data/"),
      pause: () => call("PATCH", "my-data/", { paused: true }),
      resume: () => call("PATCH", "my-data/", { paused: false }),
      object: () => call("PATCH", "my-data/", { objected: true }),
      allow: () => call("PATCH", "my-data/", { objected: false }),
      remove: (key) => call("DELETE", `my-data/history/${encodeURIComponent(key)}/`),
      export: () => call("GET", "my-data/export/"),
      erase: (password = "") => call("DELETE", "my-data/", password ? { password } : undefined),
    },
  };
}

/** For the shop's own pages. */
export const { placements, track, why, consent, myData } = connect();
