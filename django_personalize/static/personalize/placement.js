// Rows that a page from a cache has left for later, buttons for rows of cards that are wider than their place, and a menu
// for what a shopper does not want to be shown.
const ROWS = "[data-pz-on]";
const SLOTS = "[data-pz-decision] [data-pz-slot]";
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const done = new WeakSet();

function button(label, sign, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "pz-scroll", textContent: sign });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}

function carry(row) {
  const along = getComputedStyle(row).direction === "rtl" ? -1 : 1;
  const go = (way) => () =>
    row.scrollBy({ left: way * along * row.clientWidth * 0.9, behavior: calm.matches ? "auto" : "smooth" });
  const [back, on] = [button(row.dataset.pzBack, "‹", go(-1)), button(row.dataset.pzOn, "›", go(1))];
  const bar = Object.assign(document.createElement("div"), { className: "pz-scrolls" });
  bar.append(back, on);
  row.before(bar);
  const update = () => {
    const most = row.scrollWidth - row.clientWidth;
    bar.hidden = most < 2;
    back.setAttribute("aria-disabled", Math.abs(row.scrollLeft) < 2); // not disabled, which would lose the focus
    on.setAttribute("aria-disabled", Math.abs(row.scrollLeft) > most - 2);
  };
  row.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(row);
  update();
}

function offer(slot) {
  const placement = slot.closest("[data-pz-decision]");
  const parts = placement.querySelector("template[data-pz-menu]")?.content.cloneNode(true);
  if (!parts) return;
  const [menu, gone] = parts.children;
  const open = menu.querySelector("summary");
  const name = slot.querySelector("a")?.textContent.trim().replace(/\s+/g, " ");
  if (name) open.setAttribute("aria-label", `${open.getAttribute("aria-label")} ${name}`);
  const close = () => (menu.open = false);
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    close();
    open.focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && close());
  menu.addEventListener("click", ({ target }) => {
    const reason = target.closest?.("[data-pz-dismiss]")?.dataset.pzDismiss;
    if (!reason) return;
    const decision = placement.dataset.pzDecision;
    personalize.track("dismiss", { decision, slots: [Number(slot.dataset.pzSlot)], reason });
    personalize.send(); // the next page is to know it
    slot.replaceChildren(gone);
    gone.focus();
  });
  slot.append(menu);
}

function adorn(root) {
  for (const [selector, work] of [[ROWS, carry], [SLOTS, offer]]) {
    for (const each of [root, ...root.querySelectorAll(selector)]) {
      if (!each.matches?.(selector) || done.has(each)) continue;
      done.add(each);
      work(each);
    }
  }
}

// Until a row is filled, and where that fails, the page shows what everybody gets.

const address = document.querySelector("script[data-pz-placements]")?.dataset.pzPlacements;

async function fill() {
  const rows = [...document.querySelectorAll("[data-pz-defer]")];
  if (!rows.length || !address || !personalize.allowed()) return;
  const wanted = rows.map((row) => row.dataset.pzDefer);
  for (const row of rows) row.removeAttribute("data-pz-defer"); // asked for once
  const filled = await ask(JSON.stringify({ rows: wanted }));
  filled?.querySelectorAll("[data-pz-filled]").forEach((row, place) => {
    if (row.childElementCount) rows[place]?.replaceChildren(...row.childNodes);
  });
}

function ask(body) { // read by the browser itself, so that no policy against text in pages is in its way
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "document";
    request.setRequestHeader("Content-Type", "application/json");
    request.onload = () => resolve(request.status === 200 ? request.response : null);
    request.onerror = () => resolve(null);
    request.send(body);
  });
}

fill();
adorn(document);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === 1) adorn(node);
}).observe(document, { childList: true, subtree: true });
