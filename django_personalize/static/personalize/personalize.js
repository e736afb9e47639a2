// Reports which slots were seen: half visible for one second, each once. Does nothing on a page without a recorded
// decision, which is every page of a visitor who did not say yes.
const SECOND = 1000;
const script = document.querySelector("script[data-pz-endpoint]");
const waiting = new Map();
const timers = new Map();

function send() {
  for (const [decision, slots] of waiting) {
    const body = JSON.stringify({ decision, slots: [...slots] });
    const sent = navigator.sendBeacon?.(script.dataset.pzEndpoint, new Blob([body], { type: "application/json" }));
    if (sent) waiting.delete(decision);
  }
}

function seen(node, observer) {
  observer.unobserve(node);
  const decision = node.closest("[data-pz-decision]").dataset.pzDecision;
  if (!waiting.has(decision)) waiting.set(decision, new Set());
  waiting.get(decision).add(Number(node.dataset.pzSlot));
}

if (script && "IntersectionObserver" in window) {
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(timers.get(target));
      if (isIntersecting) timers.set(target, setTimeout(seen, SECOND, target, observer));
    }
  }, { threshold: 0.5 });
  for (const node of document.querySelectorAll("[data-pz-decision] [data-pz-slot]")) observer.observe(node);
  setInterval(send, 5 * SECOND);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
}
